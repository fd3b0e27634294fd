"""The help: the keys of some scopes, from the table of all keys."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cifar_tui.tui.keys import SCOPES

_MOVING = (
    ("↑ ↓ ← →", "Move; page up, page down, home and end too."),
    ("tab shift+tab", "Move the focus to the next control, and back."),
    ("enter", "Open or press what has the focus."),
    ("mouse", "Everything can be clicked, and scrolled with the wheel."),
)


class HelpScreen(ModalScreen[None]):
    """Lists keys and what they do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,f1", "dismiss", "Close")]

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__()
        self._scopes = scopes

    def compose(self) -> ComposeResult:
        """Lay out the table of keys."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        for name in self._scopes:
            scope = SCOPES[name]
            table.add_row(Text(scope.title, style="bold underline"), "")
            for key in scope.keys:
                table.add_row(Text(key.shown, style="bold"), Text(key.help))
            table.add_row("", "")
        table.add_row(Text("Moving about", style="bold underline"), "")
        for shown, help_text in _MOVING:
            table.add_row(Text(shown, style="bold"), Text(help_text))
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = f"Keys on {SCOPES[self._scopes[0]].title}"
            dialog.border_subtitle = "esc closes"
            yield Static(table)
