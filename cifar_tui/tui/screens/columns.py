"""Which columns the leaderboard shows, and in which order."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from cifar_tui.runs.columns import Column


class ColumnsScreen(ModalScreen[tuple[tuple[str, ...], tuple[str, ...]] | None]):
    """Answers with the keys of all columns in their order, and of the hidden ones; None when nothing was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,C", "done", "Done"),
        Binding("K,shift+up", "move(-1)", "Up"),
        Binding("J,shift+down", "move(1)", "Down"),
    ]

    def __init__(self, columns: Sequence[Column], hidden: Sequence[str]) -> None:
        super().__init__()
        self._columns = list(columns)
        self._hidden = set(hidden)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Columns"
            dialog.border_subtitle = "space shows or hides · K J move · esc is done"
            yield SelectionList[str](*self._selections(), compact=True)

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
        keys = [column.key for column in self._columns]
        self.dismiss((tuple(keys), tuple(key for key in keys if key in self._hidden)))

    @property
    def _chooser(self) -> SelectionList[str]:
        return self.query_one(SelectionList)

    def _remember_hidden(self) -> None:
        shown = set(self._chooser.selected)
        self._hidden = {column.key for column in self._columns if column.key not in shown}

    def _selections(self) -> list[Selection[str]]:
        return [Selection(column.title, column.key, column.key not in self._hidden) for column in self._columns]
