"""How well each class, or superclass, is recognised, as a table that can be sorted."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events, on
from textual.widgets import DataTable

from cifar_tui.analysis.classes import SORTS, ClassScore, sorted_scores
from cifar_tui.runs.columns import percent
from cifar_tui.text import printable
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.bright_table import BrightTable

if TYPE_CHECKING:
    from cifar_tui.analysis.inspection import Level

_BAR = 10
"""Cells of a recall of 100 %."""
_NAME_WIDTH = 32
_LEAST_TAKEN, _MOST_TAKEN = 12, 38
"""Cells of the last column; with less room it goes, and before it the bar."""
_COLUMNS = {"name": "Class", "recall": "Recall", "precision": "Precision", "f1": "F1", "support": "Images"}
_LEAST_WIDTH = len("100.00")
_BAR_KEY, _TAKEN_KEY = "bar", "taken"


class ClassTable(BrightTable):
    """A row for each class; the cursor stays on its class whatever the order."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id, classes=classes)
        self._level: Level | None = None
        self._sort = "recall"
        self._is_best_first = False
        self._rows: list[ClassScore] = []
        self._drawn_width = 0

    @property
    def chosen(self) -> ClassScore | None:
        """The class that the cursor is on."""
        return self._rows[self.cursor_row] if 0 <= self.cursor_row < len(self._rows) else None

    @property
    def order(self) -> tuple[str, bool]:
        """What gives the order, a key of `analysis.classes.SORTS`, and whether the highest stands first."""
        return self._sort, self._is_best_first

    def show(self, level: "Level") -> None:
        """Show the classes of a level."""
        if level is not self._level:
            self._level = level
            self._fill(None)

    def sort_next(self, step: int) -> None:
        """Sort by the next or the previous column."""
        keys = list(_COLUMNS)
        self._sort_by(keys[(keys.index(self._sort) + step) % len(keys)])

    def turn_round(self) -> None:
        """Turn the order round."""
        self._is_best_first = not self._is_best_first
        self._fill(self.chosen)

    def lines(self) -> list[list[str]]:
        """Return the table as text: headings, then rows."""
        headings = [*_COLUMNS.values(), "Mostly taken for", "Images taken"]
        return [headings, *([*self._texts(score), *self._taken(score)] for score in self._rows)]

    def on_resize(self, event: events.Resize) -> None:
        """Fit the last column."""
        if event.size.width != self._drawn_width:
            self._fill(self.chosen)

    @on(DataTable.HeaderSelected)
    def _header_selected(self, message: DataTable.HeaderSelected) -> None:
        key = str(message.column_key.value)
        if key == self._sort:
            self.turn_round()
        elif key in SORTS:
            self._sort_by(key)

    def _sort_by(self, key: str) -> None:
        self._sort, self._is_best_first = key, False
        self._fill(self.chosen)

    def _fill(self, before: ClassScore | None) -> None:
        level = self._level
        if level is None or not self.size.width:
            return
        self._drawn_width = self.size.width
        self._rows = sorted_scores(level.scores, self._sort, reverse=self._is_best_first)
        names = [Text(printable(score.name)) for score in self._rows]
        for name in names:
            name.truncate(_NAME_WIDTH, overflow="ellipsis")
        widths = {key: max(len(title) + 2, _LEAST_WIDTH) for key, title in _COLUMNS.items()}
        widths["name"] = max(widths["name"], *(name.cell_len for name in names))
        padding = 2 * self.cell_padding
        rest = self.size.width - self.styles.scrollbar_size_vertical - sum(width + padding for width in widths.values())
        with_bar = rest - _BAR - 2 * padding >= _LEAST_TAKEN
        taken_width = min(rest - (_BAR + padding) * with_bar - padding, _MOST_TAKEN)
        with_taken = taken_width >= _LEAST_TAKEN
        self.clear(columns=True)
        for key, title in _COLUMNS.items():
            self.add_column(self._heading(key, title), key=key, width=widths[key])
            if key == "recall" and with_bar:
                self.add_column("", key=_BAR_KEY, width=_BAR)
        if with_taken:
            self.add_column("Mostly taken for", key=_TAKEN_KEY, width=taken_width)
        for name, score in zip(names, self._rows, strict=True):
            _, *numbers = (Text(text, justify="right") for text in self._texts(score))
            numbers[0].stylize("bold")
            if with_bar:
                numbers.insert(1, _bar(score.recall))
            if with_taken:
                other, images = self._taken(score)
                taken = Text(f"{images:>3}  {printable(other)}" if other else "", style="dim")
                taken.truncate(taken_width, overflow="ellipsis")
                numbers.append(taken)
            self.add_row(name, *numbers)
        places = {score.index: place for place, score in enumerate(self._rows)}
        self.move_cursor(row=places.get(before.index, 0) if before is not None else 0)

    def _heading(self, key: str, title: str) -> Text:
        text = Text(title, justify="left" if key == "name" else "right")
        if key == self._sort:
            text.append(" ↓" if self._is_best_first else " ↑")
            text.stylize("bold underline")
        return text

    def _texts(self, score: ClassScore) -> list[str]:
        shares = (score.recall, score.precision, score.f1)
        return [score.name, *(percent(share) for share in shares), str(score.support)]

    def _taken(self, score: ClassScore) -> tuple[str, str]:
        pair = self._level.taken_for(score.index) if self._level is not None else None
        return (pair.predicted_name, str(pair.count)) if pair else ("", "")


def _bar(share: float) -> Text:
    full, empty = symbols().gauge
    filled = round(share * _BAR)
    return Text.assemble((full * filled, "green"), (empty * (_BAR - filled), "dim"))
