"""The Leaderboard tab: every run and the report's rows in one sortable table."""

import contextlib
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Input

from cifar_tui.presets import PresetLibrary
from cifar_tui.runs.columns import COLUMNS, Column, find_column, ordered
from cifar_tui.runs.filter import Filter, FilterError, parse_filter
from cifar_tui.runs.index import Snapshot
from cifar_tui.runs.table import Row, ranked, report_rows
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.status import status_mark, status_text

_MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}
_NAME_WIDTH = 28
_WIDE = 140
_ONLY_WHEN_WIDE = ("model", "device")


class LeaderboardPane(Vertical):
    """A row for each run, found again by its key whatever the order."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("leaderboard")

    class Opened(Message):
        """A person wants to see a run."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class ContinueWanted(Message):
        """A person wants a run to go on that ended before its end."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    def __init__(self, library: PresetLibrary) -> None:
        super().__init__()
        self._report = report_rows(library.presets)
        self._runs: tuple[Row, ...] | None = None
        """None until the folders were read for the first time."""
        self._problems: tuple[str, ...] = ()
        self._column: Column = next(column for column in COLUMNS if column.key == "test")
        self._reversed = False
        self._with_report = True
        self._filter = Filter()
        self._columns: tuple[Column, ...] = ()
        self._layout: list[tuple[Text, int]] = []
        """The heading of each column, and its width in cells."""
        self._shown: list[Row] = []

    def compose(self) -> ComposeResult:
        """Lay out filter and table."""
        yield Input(placeholder="Filter: words that a row must hold", compact=True, id="filter")
        yield DataTable(cursor_type="row", zebra_stripes=True, fixed_columns=2, id="table")

    def on_mount(self) -> None:
        """Hide the filter until it is asked for."""
        self.query_one("#filter", Input).display = False

    def on_resize(self, event: events.Resize) -> None:
        """Leave out what a narrow terminal can do without."""
        columns = tuple(c for c in COLUMNS if event.size.width >= _WIDE or c.key not in _ONLY_WHEN_WIDE)
        if columns != self._columns:
            self._columns = columns
            self._draw()

    def show(self, snapshot: Snapshot) -> None:
        """Draw what the run folders say now."""
        if (snapshot.rows, snapshot.problems) != (self._runs, self._problems):
            self._runs, self._problems = snapshot.rows, snapshot.problems
            self._draw()

    def action_sort(self, step: int) -> None:
        """Sort by the next or the previous column."""
        self._sort_by(self._columns[(self._place_of_column() + step) % len(self._columns)])

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reversed = not self._reversed
        self._draw()

    def action_toggle_report(self) -> None:
        """Show or hide what the report measured."""
        self._with_report = not self._with_report
        self._draw()

    def action_filter(self) -> None:
        """Type words that a row must hold."""
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    def action_clear_filter(self) -> None:
        """Show all rows again."""
        line = self.query_one("#filter", Input)
        line.value = ""
        line.display = False
        self.query_one("#table").focus()

    def action_open(self) -> None:
        """See the marked run on Live."""
        table = self.query_one("#table", DataTable)
        if 0 <= table.cursor_row < len(self._shown):
            self._open(self._shown[table.cursor_row])

    def action_continue(self) -> None:
        """Queue the marked run to go on: from its checkpoint, or, when it is finished, for more epochs."""
        table = self.query_one("#table", DataTable)
        if 0 <= table.cursor_row < len(self._shown) and not self._shown[table.cursor_row].is_report:
            self.post_message(self.ContinueWanted(self._shown[table.cursor_row].key))

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_open()

    @on(DataTable.HeaderSelected)
    def _header_selected(self, message: DataTable.HeaderSelected) -> None:
        column = find_column(str(message.column_key.value))
        if column == self._column:
            self.action_reverse()
        elif column is not None:
            self._sort_by(column)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, message: Input.Changed) -> None:
        with contextlib.suppress(FilterError):  # a term that is half typed leaves the rows as they are
            self._filter = parse_filter(message.value)
            self._draw()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#table").focus()

    def _place_of_column(self) -> int:
        return self._columns.index(self._column) if self._column in self._columns else 0

    def _sort_by(self, column: Column) -> None:
        self._column, self._reversed = column, False
        self._draw()

    def _open(self, row: Row) -> None:
        if row.is_report:
            self.app.notify("The report measured this row; it has no run here.")
        else:
            self.post_message(self.Opened(row.key))

    def _draw(self) -> None:
        if self._runs is None:
            return
        rows = ranked([*self._runs, *(self._report if self._with_report else [])])
        rows = ordered(filter(self._filter.matches, rows), self._column, reverse=self._reversed)
        table = self.query_one("#table", DataTable)
        cells = {row.key: [_cell(column, row) for column in self._columns] for row in rows}
        headings = [self._heading(column) for column in self._columns]
        # Given widths, not the table's own: it draws a new heading before it has measured the rows below.
        widths = [max(text.cell_len for text in texts) for texts in zip(headings, *cells.values(), strict=True)]
        layout = list(zip(headings, widths, strict=True))
        if layout == self._layout and [row.key for row in rows] == [row.key for row in self._shown]:
            for before, row in zip(self._shown, rows, strict=True):
                if before != row:
                    for column, cell in zip(self._columns, cells[row.key], strict=True):
                        table.update_cell(row.key, column.key, cell)
        else:
            self._rebuild(table, layout, cells)
        self._layout, self._shown = layout, rows
        self._write_caption(table)

    def _rebuild(self, table: DataTable[Text], layout: list[tuple[Text, int]], cells: dict[str, list[Text]]) -> None:
        """Lay the table anew; the cursor stays on its run, the scroll where it was."""
        marked = self._shown[table.cursor_row].key if 0 <= table.cursor_row < len(self._shown) else None
        scroll_x = table.scroll_x
        table.clear(columns=layout != self._layout)
        if not table.columns:
            for column, (heading, width) in zip(self._columns, layout, strict=True):
                table.add_column(heading, key=column.key, width=width)
        for key, row_cells in cells.items():
            table.add_row(*row_cells, key=key)
        table.move_cursor(row=list(cells).index(marked) if marked in cells else 0)
        table.scroll_x = scroll_x

    def _heading(self, column: Column) -> Text:
        text = Text(column.title, justify="right" if column.is_number else "left")
        if column == self._column:
            text.append(" ↓" if column.best_first != self._reversed else " ↑")
            text.stylize("bold underline")
        return text

    def _write_caption(self, table: DataTable[Text]) -> None:
        runs = sum(not row.is_report for row in self._shown)
        title = f"{runs} {'run' if runs == 1 else 'runs'}"
        if self._with_report:
            title += f" · {len(self._shown) - runs} rows of the report"
        table.border_title = title
        table.border_subtitle = (
            f"{len(self._problems)} folders cannot be read" if self._problems else f"sorted by {self._column.title}"
        )


def _cell(column: Column, row: Row) -> Text:
    if column.key == "status":
        return status_text(row.status)
    text = Text(column.text(row), justify="right" if column.is_number else "left")
    if column.key == "rank" and row.rank in _MEDALS:
        text = Text(_MEDALS[row.rank], justify="right")
    if column.key == "name":
        text.truncate(_NAME_WIDTH, overflow="ellipsis")
        text = Text.assemble(status_mark(row.status), " ", text)
    if row.is_report:
        text.stylize("dim italic")
    elif column.key == "test":
        text.stylize("bold")
    return text
