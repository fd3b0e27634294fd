"""The results as a table: any number of rows, of which as many are laid out as a person has scrolled to."""

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate

from rich.text import Text
from textual import events, on
from textual.geometry import Size
from textual.theme import Theme
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

from cifar_tui.runs.columns import Column
from cifar_tui.runs.table import Row
from cifar_tui.text import printable
from cifar_tui.tui.shorten import without_middle
from cifar_tui.tui.status import status_mark, status_text
from cifar_tui.tui.symbols import UNICODE, symbols
from cifar_tui.tui.widgets.bright_table import BrightTable

_CHUNK = 100
"""Rows that are laid out at once: a table of thousands would take seconds, at each change of its order."""
_MARGIN = 25
"""Rows below what is seen, and below the cursor, from which on more are laid out."""
_LEAST_NAME = 24
"""So narrow the names become, marks and all, before a column has to go out of sight."""
_NAME_WIDTH = 60
_NOTE_WIDTH = 30
_WORDS_WIDTH = 40
_REASON_WIDTH = 80
"""Of the sentence that stands in the note's place where a folder cannot be read."""


class RunTable(BrightTable):
    """Shows rows in a given order; the cursor stays on its row whatever changes, once a person has results."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, fixed_columns=2, id=id)
        self._everything: Sequence[Row] = ()
        """All of them."""
        self._columns_shown: Sequence[Column] = ()
        self._sorted_by: tuple[str, bool] = ("", False)
        self._marked: frozenset[str] = frozenset()
        self._drawn_size: Size | None = None
        self._drawn_theme: Theme | None = None
        self._laid_out: list[Row] = []
        self._cells: dict[str, list[Text]] = {}
        """What stands in the rows that are laid out, by their keys."""
        self._made: dict[str, tuple[tuple[Row, bool], list[Text]]] = {}
        """The same with whole names, and what each was made of: a row, and whether it is marked."""
        self._form: list[tuple[Text, int]] = []
        """The heading of each column, and its width in cells."""
        self._in_sight = 0

    def on_resize(self, event: events.Resize) -> None:
        """Draw the cells anew where the size is another one, not each time the tab is shown."""
        if event.size == self._drawn_size:
            event.prevent_default()
        elif self._columns_shown:
            self._lay_out(self._needed())
        self._drawn_size = event.size

    def notify_style_update(self) -> None:
        """Draw the cells anew where their colours are others; the focus has a place of its own in what is kept."""
        theme = self.app.current_theme
        if theme != self._drawn_theme:
            self._drawn_theme = theme
            super().notify_style_update()
        else:
            self._get_styles_to_render_cell.cache_clear()
            self.refresh()

    @property
    def chosen(self) -> Row | None:
        """The row that the cursor is on."""
        return self._laid_out[self.cursor_row] if 0 <= self.cursor_row < len(self._laid_out) else None

    @property
    def rows_shown(self) -> Sequence[Row]:
        """All rows, also those below what is laid out."""
        return self._everything

    @property
    def columns_shown(self) -> Sequence[Column]:
        """The columns, in their order."""
        return self._columns_shown

    @property
    def columns_in_sight(self) -> Sequence[Column]:
        """Those that are seen without scrolling."""
        return self._columns_shown[: self._in_sight]

    def show_rows(
        self, rows: Sequence[Row], columns: Sequence[Column], *, sorted_by: tuple[str, bool], marked: Collection[str]
    ) -> None:
        """Show `rows` in their order.

        Args:
            rows: what to show.
            columns: in which columns.
            sorted_by: the key of the column that gives the order, and whether its largest value stands first.
            marked: the keys of the rows that a person marked.
        """
        if columns != self._columns_shown:
            self._made.clear()
        self._everything, self._columns_shown, self._sorted_by = rows, columns, sorted_by
        self._marked = frozenset(marked)
        self._lay_out(self._needed())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Have rows below what a wheel or the scrollbar comes to."""
        super().watch_scroll_y(old_value, new_value)
        self.call_later(self._lay_out_more)  # not at once: a table that is cleared scrolls, too

    def action_scroll_bottom(self) -> None:
        """Move the cursor to the last row of all."""
        if len(self._laid_out) < len(self._everything):
            self._lay_out(len(self._everything), self.cursor_row)
        super().action_scroll_bottom()

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        """Leave the rows unmeasured, which takes most of the time: each is a line high, in columns of given widths."""
        super()._update_dimensions(())

    def _needed(self) -> int:
        """As many rows as were laid out, and more than are seen at once: who has scrolled far down stays there."""
        return -(-max(len(self._laid_out), self.size.height + _MARGIN) // _CHUNK) * _CHUNK

    def _lay_out(self, most: int, cursor: int | None = None) -> None:
        """Have as many rows, and the cursor on one of them: where it belongs, without one."""
        rows = list(self._everything[:most])
        self._made = {row.key: self._make(row) for row in rows}
        cells = {key: list(texts) for key, (_, texts) in self._made.items()}
        headings = [self._heading(column) for column in self._columns_shown]
        # Given widths, not the table's own: it draws a new heading before it has measured the rows below.
        widths = [max(text.cell_len for text in texts) for texts in zip(headings, *cells.values(), strict=True)]
        self._fit_names(rows, cells, widths)
        layout = list(zip(headings, widths, strict=True))
        cursor = self._place_of_cursor(rows) if cursor is None else cursor
        if self._goes_on(layout, cells):
            self._extend(layout, cells, cursor)
        else:
            self._rebuild(layout, cells, cursor)
        self._form, self._laid_out, self._cells = layout, rows, cells

    def _make(self, row: Row) -> tuple[tuple[Row, bool], list[Text]]:
        """Return the cells that the row had if nothing about it changed: an epoch changes one among thousands."""
        origin = row, self._is_marked(row)
        made = self._made.get(row.key)
        if made is not None and made[0] == origin:
            return made
        return origin, [self._cell(column, row) for column in self._columns_shown]

    def _goes_on(self, layout: list[tuple[Text, int]], cells: dict[str, list[Text]]) -> bool:
        """Whether the same rows stand in the same order under the same headings, or these and more below them."""
        if not self._cells or [*cells][: len(self._cells)] != [*self._cells]:
            return False
        # Other widths come into force with the new rows, whose number makes the table measure itself.
        return layout == self._form or (
            len(cells) > len(self._cells) and [text for text, _ in layout] == [text for text, _ in self._form]
        )

    def _fit_names(self, rows: Sequence[Row], cells: dict[str, list[Text]], widths: list[int]) -> None:
        """Give the names the width that the other columns leave them, so that no column is cut at the right edge."""
        place = next((place for place, column in enumerate(self._columns_shown) if column.key == "name"), None)
        room = self.size.width - self.scrollbar_size_vertical
        least = [min(width, _LEAST_NAME) if at == place else width for at, width in enumerate(widths)]
        ends = list(accumulate(width + 2 * self.cell_padding for width in least))
        self._in_sight = sum(end <= room for end in ends)
        if place is None or place >= self._in_sight:
            return
        rest = room - ends[self._in_sight - 1]
        width = least[place] + rest  # with columns out of sight all of it: the next one would be seen in part
        if self._in_sight == len(widths):
            width = min(widths[place], width)
        if width < widths[place]:
            for row in rows:
                cells[row.key][place] = self._cell(self._columns_shown[place], row, width)
        widths[place] = width

    def _place_of_cursor(self, rows: Sequence[Row]) -> int:
        """The row that it was on; a person's best run, where it stood on top of nothing but what others measured."""
        chosen = self.chosen
        is_at_start = chosen is None or (self.cursor_row == 0 and chosen.is_given)
        if is_at_start and not any(_is_result(row) for row in self._laid_out):
            return next((place for place, row in enumerate(rows) if _is_result(row)), 0)
        if chosen is None:
            return 0
        same = next((place for place, row in enumerate(rows) if row.key == chosen.key), None)
        # Of a run whose seeds are put together, the row of them all, and back from that to the first of them.
        akin = (place for place, row in enumerate(rows) if chosen.key in row.members or row.key in chosen.members)
        # Of one that is gone, its neighbour: the next key must not meet the best run, on top.
        return next(akin, max(0, min(self.cursor_row, len(rows) - 1))) if same is None else same

    def _extend(self, layout: list[tuple[Text, int]], cells: dict[str, list[Text]], cursor: int) -> None:
        for shown, (_, width) in zip(self.ordered_columns, layout, strict=True):
            shown.width = width
        for key, texts in cells.items():
            before = self._cells.get(key)
            if before is None:
                self.add_row(*texts, key=key)
            elif texts != before:
                for column, text, old in zip(self._columns_shown, texts, before, strict=True):
                    if text != old:
                        self.update_cell(key, column.key, text)
        if cursor != self.cursor_row:
            self.move_cursor(row=cursor)

    def _rebuild(self, layout: list[tuple[Text, int]], cells: dict[str, list[Text]], cursor: int) -> None:
        scroll_x = self.scroll_x
        self.clear(columns=layout != self._form)
        if not self.columns:
            for column, (heading, width) in zip(self._columns_shown, layout, strict=True):
                self.add_column(heading, key=column.key, width=width)
        for key, row_cells in cells.items():
            self.add_row(*row_cells, key=key)
        self.move_cursor(row=cursor)
        self.scroll_x = scroll_x

    @on(DataTable.RowHighlighted)
    def _lay_out_more(self) -> None:
        laid_out = len(self._laid_out)
        reached = max(self.cursor_row, round(self.scroll_y) + self.size.height)
        if laid_out < len(self._everything) and reached + _MARGIN >= laid_out:
            self._lay_out(laid_out + _CHUNK, self.cursor_row)

    def _heading(self, column: Column) -> Text:
        text = Text(column.title, justify="right" if column.is_number else "left")
        key, is_best_first = self._sorted_by
        if column.key == key:
            text.append(" ↓" if is_best_first else " ↑")
            text.stylize("bold underline")
        return text

    def _cell(self, column: Column, row: Row, width: int = _NAME_WIDTH) -> Text:
        if column.key == "status":
            return status_text(row.status)
        plain = printable(column.text(row)).replace(UNICODE.star, symbols().star)
        text = Text(plain, justify="right" if column.is_number else "left")
        match column.key:
            case "rank" if row.rank is not None and row.rank <= len(symbols().medals):
                text = Text(symbols().medals[row.rank - 1], justify="right")
            case "name":
                text = self._name_text(row, plain, width)
            case "model" | "device" | "data" | "tags":
                text.truncate(_WORDS_WIDTH, overflow="ellipsis")
            case "note":
                text.truncate(_REASON_WIDTH if row.is_unreadable else _NOTE_WIDTH, overflow="ellipsis")
        if row.is_given:
            text.stylize("dim italic")
        elif column.key == "test":
            text.stylize("bold")
        return text

    def _is_marked(self, row: Row) -> bool:
        return self._marked.issuperset(row.members or (row.key,))

    def _name_text(self, row: Row, name: str, width: int) -> Text:
        mark = Text(symbols().marked, style="bold yellow") if self._is_marked(row) else status_mark(row.status)
        star = Text(f" {symbols().star}", style="yellow") if row.starred else Text("")
        return Text.assemble(mark, " ", without_middle(name, width - mark.cell_len - 1 - star.cell_len), star)


def _is_result(row: Row) -> bool:
    """Whether it is a run of one's own that came to an accuracy."""
    return not row.is_given and row.rank is not None
