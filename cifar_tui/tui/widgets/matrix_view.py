"""The confusion matrix as a map of cells: how dark and which number, with a cursor that names the cell."""

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from cifar_tui.runs.columns import percent
from cifar_tui.text import printable
from cifar_tui.tui.plot import BLUE, ORANGE
from cifar_tui.tui.symbols import symbols

if TYPE_CHECKING:
    from cifar_tui.analysis.inspection import Level

_ABOVE = 2
"""Lines above the cells: what the cursor is on, and the numbers of the columns."""
_LEAST_LABEL, _MOST_LABEL = 17, 38
_SHADES = 12
_DARKEST = 0.8
"""How much of its colour a cell takes at most."""
_GAMMA = 0.75
"""Spreads the low shares apart: most of what is confused is a few percent."""
_LOUD, _QUIET = 0.2, 0.05
"""Shares that stand out where the terminal's own colours leave no shades."""


class MatrixView(Widget, can_focus=True):
    """A row for each true class, a column for each predicted one; numbers are percent of the true class's images."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Up", show=False),
        Binding("down", "move(1, 0)", "Down", show=False),
        Binding("left", "move(0, -1)", "Left", show=False),
        Binding("right", "move(0, 1)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._level: Level | None = None
        self._row = self._column = 0
        self._first_row = self._first_column = 0
        """What is shown at the top, and at the left."""
        self._most = 1.0
        """The largest share off the diagonal."""

    @property
    def cell(self) -> tuple[int, int]:
        """The true and the predicted class that the cursor is on."""
        return self._row, self._column

    def show(self, level: "Level") -> None:
        """Show the matrix of a level, the cursor on its first cell."""
        if level is not self._level:
            self._level = level
            off = [
                count / score.support
                for score in level.scores
                for place, count in enumerate(level.matrix[score.index])
                if count and place != score.index
            ]
            self._most = max(off, default=1.0)
            self._first_row = self._first_column = 0
            self.move_to(0, 0)

    def move_to(self, true: int, predicted: int) -> None:
        """Put the cursor on a cell, and scroll to it."""
        if self._level is not None:
            last = len(self._level.names) - 1
            self._row, self._column = min(max(true, 0), last), min(max(predicted, 0), last)
            self._scroll_to_cursor()
            self._write_subtitle(self._level)
            self.refresh()

    def lines(self) -> list[list[str]]:
        """Return the matrix as text: the predicted classes, then a row for each true one; counts of images."""
        if self._level is None:
            return []
        rows = zip(self._level.names, self._level.matrix, strict=True)
        return [["true, taken for", *self._level.names], *([name, *map(str, counts)] for name, counts in rows)]

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor by a cell."""
        self.move_to(self._row + down, self._column + right)

    def action_page(self, direction: int) -> None:
        """Move the cursor by as many rows as are shown."""
        self.move_to(self._row + direction * max(self._rows_shown, 1), self._column)

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first cell of all, or to the last."""
        last = len(self._level.names) if self._level is not None and end else 0
        self.move_to(last, last)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._scroll_to_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell that was clicked."""
        place = event.get_content_offset(self)
        if place is not None and place.y >= _ABOVE and place.x >= self._label_width:
            column = (place.x - self._label_width) // self._cell_width
            self.move_to(self._first_row + place.y - _ABOVE, self._first_column + column)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        event.stop()
        self.action_move(3, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        event.stop()
        self.action_move(-3, 0)

    def render_line(self, y: int) -> Strip:
        """Draw a line: only what is in sight is looked at, however large the matrix."""
        base, width, level = self.rich_style, self.size.width, self._level
        row = self._first_row + y - _ABOVE
        if level is None or row >= len(level.names):
            return Strip.blank(width, base)
        if y == 0:
            segments = [Segment(self._names(level), base + Style(bold=True))]
        elif y == 1:
            segments = self._numbers(base)
        else:
            segments = [self._label(level, row, base), *self._cells(level, row, base)]
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _label_width(self) -> int:
        level = self._level
        if level is None:
            return 0
        wanted = max(cell_len(printable(name)) for name in level.names) + self._cell_width + 1
        room = self.size.width - self._cell_width * len(level.names)
        return min(wanted, _MOST_LABEL, max(room, _LEAST_LABEL))

    @property
    def _cell_width(self) -> int:
        """A number of two digits and a blank; more only where the classes' own numbers are longer."""
        groups = len(self._level.names) if self._level is not None else 1
        return max(3, len(str(groups - 1)) + 1)

    @property
    def _rows_shown(self) -> int:
        return max(self.size.height - _ABOVE, 0)

    @property
    def _columns_shown(self) -> int:
        return max((self.size.width - self._label_width) // self._cell_width, 0)

    def _scroll_to_cursor(self) -> None:
        if self._level is None:
            return
        groups = len(self._level.names)
        self._first_row = _first(self._first_row, self._row, self._rows_shown, groups)
        self._first_column = _first(self._first_column, self._column, self._columns_shown, groups)

    def _names(self, level: "Level") -> str:
        """What the cell under the cursor counts, in the width that there is."""
        arrow = "→" if symbols().curve == "braille" else "->"
        room = max((self.size.width - len(f"true   {arrow} taken for ")) // 2, 6)
        true, predicted = (_cut(level.names[group], room) for group in self.cell)
        return f"true {true} {arrow} taken for {predicted}"

    def _write_subtitle(self, level: "Level") -> None:
        count, support = level.matrix[self._row][self._column], level.scores[self._row].support
        share = f", {percent(count / support)} %" if support else ""
        self.border_subtitle = f"{count} of {support} images{share}"

    def _numbers(self, base: Style) -> list[Segment]:
        segments = [Segment("true, by row".ljust(self._label_width)[: self._label_width], base + Style(dim=True))]
        groups = len(self._level.names) if self._level is not None else 0
        for column in range(self._first_column, min(self._first_column + self._columns_shown, groups)):
            style = Style(bold=True, reverse=True) if column == self._column else Style(dim=True)
            segments.append(Segment(str(column).rjust(self._cell_width), base + style))
        return segments

    def _label(self, level: "Level", row: int, base: Style) -> Segment:
        width = self._label_width
        number = str(row).rjust(self._cell_width - 1)
        text = set_cell_size(f"{number} {_cut(level.names[row], width - len(number) - 2)}", width)
        return Segment(text, base + (Style(bold=True, reverse=True) if row == self._row else Style()))

    def _cells(self, level: "Level", row: int, base: Style) -> list[Segment]:
        counts, support = level.matrix[row], level.scores[row].support
        last = min(self._first_column + self._columns_shown, len(counts))
        segments = []
        for column in range(self._first_column, last):
            share = counts[column] / support if support else 0.0
            text = f"{share * 100:.0f}" if counts[column] else ("·" if symbols().curve == "braille" else ".")
            style = base + self._shade(share, is_right=row == column)
            if (row, column) == self.cell:
                style += Style(reverse=not style.reverse, bold=True, underline=True)
            segments.append(Segment(text.rjust(self._cell_width), style))
        return segments

    def _shade(self, share: float, *, is_right: bool) -> Style:
        """How a cell looks: blue on the diagonal, where the model is right, else orange; the darker, the more."""
        if self.app.current_theme.ansi:
            return Style(bold=is_right or share >= _QUIET, dim=not is_right and share < _QUIET, reverse=share >= _LOUD)
        level = round((share if is_right else share / self._most) ** _GAMMA * _SHADES) / _SHADES
        if not level:
            return Style(dim=True)
        _, ground = self.background_colors
        ground = ground.blend(Color(*(BLUE if is_right else ORANGE)), level * _DARKEST)
        return Style(color=ground.get_contrast_text(1.0).rich_color, bgcolor=ground.rich_color, bold=is_right)


def _first(first: int, cursor: int, shown: int, groups: int) -> int:
    """Where a window of `shown` groups begins that holds the cursor, moved as little as may be from `first`."""
    first = min(max(first, cursor - shown + 1), cursor)
    return max(min(first, groups - shown), 0)


def _cut(name: str, width: int) -> str:
    text = Text(printable(name))
    text.truncate(max(width, 1), overflow="ellipsis")
    return text.plain
