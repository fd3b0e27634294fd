"""The command palette's entries, made from the table of keys."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.app import SystemCommand

from cifar_tui.tui.keys import SCOPES

NOT_OFFERED = {
    ("app", "command_palette"),
    ("launch", "leave_form"),
    ("form", "next_field"),
    ("form", "previous_field"),
    ("form", "undo"),
}
"""What makes no sense once the palette is closed, and the undo that Launch offers already."""


def commands(run: Callable[[str, str], None], scopes: tuple[str, ...]) -> Iterator[SystemCommand]:
    """Yield a command for each key of `scopes`; `run` is given the scope and the action."""
    for name in scopes:
        scope = SCOPES[name]
        for key in scope.keys:
            if (name, key.action) not in NOT_OFFERED:
                title = key.label if name == "app" else f"{scope.title}: {key.label}"
                # Not in brackets: the palette takes them for markup.
                yield SystemCommand(f"{title} ({key.shown})", key.help, partial(run, name, key.action))
