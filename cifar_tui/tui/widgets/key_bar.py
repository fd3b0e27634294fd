"""The line of keys at the bottom of a screen."""

import re
from functools import cache
from typing import Protocol, runtime_checkable

from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.markup import escape
from textual.screen import Screen
from textual.widgets import Static

_NEVER_TYPED = re.compile(r"ctrl\+.|f\d+")
_ALWAYS = ("quit", "help")
"""At the right edge, however narrow the terminal."""


@runtime_checkable
class Offering(Protocol):
    """Whose keys are not all of use all the time; whoever presses one is told."""

    def offers(self, action: str) -> bool:
        """Whether the key of `action` is named now."""


class KeyBar(Static):
    """Shows the keys that work where the focus is; a click on one presses it.

    One widget, where Textual's `Footer` makes one of each key anew at every move of the focus: that took longer than
    all else that a move does.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; text-wrap: nowrap; }
    KeyBar { link-style: none; link-style-hover: bold; link-color: $footer-foreground; link-background: 0%; }
    """

    _is_due = False
    """Whether the keys are written anew after the next frame."""

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self._write)

    def on_resize(self) -> None:
        """Fit the line."""
        self._write()

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen and not self._is_due:
            self._is_due = True
            self.call_after_refresh(self._write)

    def _write(self) -> None:
        self._is_due = False
        if not self.is_attached:
            return  # the screen was left before it was drawn
        parts: dict[str, Content] = {}
        active_bindings = self.screen.active_bindings.values()
        bindings = [active.binding for active in active_bindings if _is_offered(active.node, active.binding.action)]
        for binding in sorted(bindings, key=lambda binding: bool(_NEVER_TYPED.fullmatch(binding.key))):
            if binding.show and binding.action not in parts and not self._is_typed(binding):
                parts[binding.action] = _label(binding.key, self._shown(binding), binding.description)
        last = Content().join([parts.pop(action) for action in _ALWAYS if action in parts])
        room = self.size.width - last.cell_length
        first = Content()
        for part in parts.values():
            if first.cell_length + part.cell_length > room:
                break
            first += part
        text = first + " " * (room - first.cell_length) + last
        if text != self.content:
            self.update(text, layout=False)

    def _shown(self, binding: Binding) -> str:
        # An action's keys share what is shown for the first of them.
        return binding.key if _NEVER_TYPED.fullmatch(binding.key) else self.app.get_key_display(binding)

    def _is_typed(self, binding: Binding) -> bool:
        """Whether the key writes where the focus is, in place of what it does elsewhere."""
        shown, focused = self._shown(binding), self.screen.focused
        return len(shown) == 1 and focused is not None and focused.check_consume_key(binding.key, shown)


def _is_offered(owner: DOMNode, action: str) -> bool:
    return not isinstance(owner, Offering) or owner.offers(action)


@cache
def _label(key: str, shown: str, description: str) -> Content:
    label = f"[$footer-key-foreground bold]{escape(shown)}[/] {escape(description)}"
    return Content.from_markup(f"[@click=app.simulate_key('{key}')] {label} [/] ")
