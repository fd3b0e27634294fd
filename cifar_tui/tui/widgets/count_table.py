"""The superclasses and classes of a data set, with how many images each split has of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events

from cifar_tui.text import printable
from cifar_tui.tui.widgets.bright_table import BrightTable

if TYPE_CHECKING:
    from cifar_tui.data.counts import GroupCount

_TITLES = ("Class", "Train", "Val", "Test")
_LEAST_NAME = 10
_INDENT = 2
_GAP = 1
"""Left of each number: the cells' own gaps, on both sides of each, would take the room of the names."""


class CountTable(BrightTable):
    """A row for each group; a class is indented below its superclass."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", cell_padding=0, id=id)
        self._groups: Sequence[GroupCount] = ()
        self._drawn_width = 0

    @property
    def chosen(self) -> "GroupCount | None":
        """The group that the cursor is on."""
        return self._groups[self.cursor_row] if 0 <= self.cursor_row < len(self._groups) else None

    def show(self, groups: "Sequence[GroupCount]") -> None:
        """Show other groups; the cursor stays on one of the same name, else it is on the first single class."""
        before = self.chosen
        self._groups = groups
        names = [(group.name, group.depth) for group in groups]
        row = names.index((before.name, before.depth)) if before and (before.name, before.depth) in names else None
        if row is None:
            row = next((place for place, group in enumerate(groups) if len(group.classes) == 1), 0)
        self._fill(row)

    def on_resize(self, event: events.Resize) -> None:
        """Give the names the room that there is."""
        if event.size.width not in (0, self._drawn_width):
            self._fill(self.cursor_row)

    def _fill(self, row: int) -> None:
        width = self.size.width
        self._drawn_width = width
        rows = [[str(count) for count in (group.train, group.val, group.test)] for group in self._groups]
        numbers = [max(map(len, column)) + _GAP for column in zip(_TITLES[1:], *rows, strict=True)]
        name_width = max(width - self.styles.scrollbar_size_vertical - sum(numbers), _LEAST_NAME)
        with self.prevent(self.RowHighlighted):
            self.clear(columns=True)
            for title, column_width in zip(_TITLES, [name_width, *numbers], strict=True):
                self.add_column(Text(title, justify="left" if title == _TITLES[0] else "right"), width=column_width)
            for group, counts in zip(self._groups, rows, strict=True):
                name = Text(" " * _INDENT * group.depth + printable(group.name))
                name.truncate(name_width, overflow="ellipsis")
                if len(group.classes) > 1:
                    name.stylize("bold")
                self.add_row(name, *(Text(count, justify="right") for count in counts))
        self.show_cursor = bool(self._groups)
        self.move_cursor(row=row, animate=False)
