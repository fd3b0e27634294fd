"""The line of keys at the bottom of a screen."""

from textual.content import Content
from textual.markup import escape
from textual.screen import Screen
from textual.widgets import Static


class KeyBar(Static):
    """Shows the keys that work where the focus is; a click on one presses it.

    One widget, where Textual's `Footer` makes one of each key anew at every move of the focus: that took longer than
    all else that a move does.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; text-wrap: nowrap; }
    KeyBar { link-style: none; link-style-hover: bold; link-color: $footer-foreground; link-background: 0%; }
    """

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self._write)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self.call_after_refresh(self._write)

    def _write(self) -> None:
        if not self.is_attached:
            return  # the screen was left before it was drawn
        parts: dict[str, str] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.action not in parts:
                shown = escape(self.app.get_key_display(binding))
                label = f"[$footer-key-foreground bold]{shown}[/] {escape(binding.description)}"
                parts[binding.action] = f"[@click=app.simulate_key('{binding.key}')] {label} [/]"
        text = Content.from_markup(" ".join(parts.values()))
        if text != self.content:
            self.update(text, layout=False)
