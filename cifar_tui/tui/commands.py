"""The command palette's entries, made from the table of keys."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.app import SystemCommand

from cifar_tui.tui.keys import SCOPES

_NOT_ACTIONS = ("leave_form", "command_palette")
"""What makes no sense once the palette is closed."""


def commands(run: Callable[[str, str], None], scopes: tuple[str, ...]) -> Iterator[SystemCommand]:
    """Yield a command for each key of `scopes`; `run` is given the scope and the action."""
    for name in scopes:
        scope = SCOPES[name]
        for key in scope.keys:
            if key.action not in _NOT_ACTIONS:
                title = key.label if name == "app" else f"{scope.title}: {key.label}"
                yield SystemCommand(f"{title}  [{key.shown}]", key.help, partial(run, name, key.action))
