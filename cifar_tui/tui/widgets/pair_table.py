"""The pairs of classes that are confused most."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual import events

from cifar_tui.analysis.confusion import ConfusedPair
from cifar_tui.runs.columns import percent
from cifar_tui.text import printable
from cifar_tui.tui.widgets.bright_table import BrightTable

if TYPE_CHECKING:
    from cifar_tui.analysis.inspection import Level

MOST_PAIRS = 300
"""Rows; further down, a pair is an image or two."""
_TITLES = ("True", "Taken for", "Images", "% of true", "Back")
"""The last one: images that were taken the other way round."""
_NAME_WIDTH = 34
_LEAST_NAME = 10


class PairTable(BrightTable):
    """A row for each pair, those with most images first."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id, classes=classes)
        self._level: Level | None = None
        self._drawn_width = 0

    @property
    def chosen(self) -> ConfusedPair | None:
        """The pair that the cursor is on."""
        pairs = self._pairs
        return pairs[self.cursor_row] if 0 <= self.cursor_row < len(pairs) else None

    def show(self, level: "Level") -> None:
        """Show the pairs of a level."""
        if level is not self._level:
            self._level = level
            self._fill()

    def lines(self) -> list[list[str]]:
        """Return the table as text: headings, then rows."""
        return [list(_TITLES), *(_texts(pair) for pair in self._pairs)]

    def on_resize(self, event: events.Resize) -> None:
        """Give the names the room that there is."""
        if event.size.width != self._drawn_width:
            row = self.cursor_row
            self._fill()
            self.move_cursor(row=row)

    @property
    def _pairs(self) -> tuple[ConfusedPair, ...]:
        return self._level.pairs[:MOST_PAIRS] if self._level is not None else ()

    def _fill(self) -> None:
        width = self.size.width
        if self._level is None or not width:
            return
        self._drawn_width = width
        numbers = [len(title) for title in _TITLES[2:]]
        room = (width - self.styles.scrollbar_size_vertical - sum(numbers) - 2 * self.cell_padding * len(_TITLES)) // 2
        longest = max((cell_len(printable(name)) for name in self._level.names), default=0)
        names = max(min(_NAME_WIDTH, room, longest + 2), _LEAST_NAME)
        self.clear(columns=True)
        for title, column_width in zip(_TITLES, [names, names, *numbers], strict=True):
            is_name = title in _TITLES[:2]
            self.add_column(Text(title, justify="left" if is_name else "right"), width=column_width)
        for pair in self._pairs:
            first, second, *rest = _texts(pair)
            cells = [Text(printable(first)), Text(printable(second))]
            for cell in cells:
                cell.truncate(names, overflow="ellipsis")
            numbers_cells = [Text(text, justify="right") for text in rest]
            numbers_cells[0].stylize("bold")
            numbers_cells[2].stylize("dim")
            self.add_row(*cells, *numbers_cells)
        self.show_cursor = bool(self._pairs)


def _texts(pair: ConfusedPair) -> list[str]:
    return [pair.true_name, pair.predicted_name, str(pair.count), percent(pair.share), str(pair.back)]
