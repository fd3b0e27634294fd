"""The help: made from the key bindings that are in force where it was asked for."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class HelpScreen(ModalScreen[None]):
    """Lists keys and what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close", key_display="esc")]

    def __init__(self, title: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay out the table of keys."""
        table = Table.grid(padding=(0, 2))
        for key, description in self._keys:
            table.add_row(Text(key, style="bold"), Text(description))
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc closes"
            yield Static(table)
