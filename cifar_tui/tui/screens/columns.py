"""Which columns the leaderboard shows, and in which order."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from cifar_tui.runs.columns import Column

_TITLE_WIDTH = 12
_BUTTON = 3
"""Segments that a line begins with."""


class _Chooser(SelectionList[str]):
    """Says in letters what is shown: its own boxes have an X each, and tell by their colour alone."""

    def render_line(self, y: int) -> Strip:
        """Draw a line with its box."""
        strip = super().render_line(y)
        place = self.scroll_offset.y + y
        if place >= self.option_count:
            return strip
        box = "[x]" if self.get_option_at_index(place).value in self.selected else "[ ]"
        rest = list(strip)[_BUTTON:]
        return Strip([Segment(box, rest[0].style), *rest])


class ColumnsScreen(ModalScreen[tuple[tuple[str, ...], tuple[str, ...]] | None]):
    """Answers with the keys of all columns in their order, and of the hidden ones; None when nothing was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,C", "done", "Done"),
        Binding("K,shift+up", "move(-1)", "Up"),
        Binding("J,shift+down", "move(1)", "Down"),
    ]

    def __init__(self, columns: Sequence[Column], hidden: Sequence[str], absent: Mapping[str, str]) -> None:
        """Ask.

        Args:
            columns: all of them, in their order.
            hidden: the keys of those that are not wanted.
            absent: by its key, why a column is not seen though it may be wanted.
        """
        super().__init__()
        self._columns = list(columns)
        self._hidden = set(hidden)
        self._absent = absent
        self._before = self._answer()

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Columns"
            dialog.border_subtitle = "space shows or hides · K J move · esc is done"
            yield _Chooser(*self._selections(), compact=True)

    def action_move(self, step: int) -> None:
        """Move the marked column."""
        chooser = self._chooser
        place = chooser.highlighted
        if place is None or not 0 <= place + step < len(self._columns):
            return
        self._remember_hidden()
        self._columns[place], self._columns[place + step] = self._columns[place + step], self._columns[place]
        chooser.clear_options()
        chooser.add_options(self._selections())
        chooser.highlighted = place + step

    def action_done(self) -> None:
        """Answer."""
        self._remember_hidden()
        answer = self._answer()
        self.dismiss(answer if answer != self._before else None)

    @property
    def _chooser(self) -> _Chooser:
        return self.query_one(_Chooser)

    def _answer(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        keys = [column.key for column in self._columns]
        return tuple(keys), tuple(key for key in keys if key in self._hidden)

    def _remember_hidden(self) -> None:
        shown = set(self._chooser.selected)
        self._hidden = {column.key for column in self._columns if column.key not in shown}

    def _selections(self) -> list[Selection[str]]:
        return [Selection(self._prompt(column), column.key, column.key not in self._hidden) for column in self._columns]

    def _prompt(self, column: Column) -> Text:
        reason = self._absent.get(column.key)
        return Text.assemble(column.title.ljust(_TITLE_WIDTH), (reason, "italic")) if reason else Text(column.title)
