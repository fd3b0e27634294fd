"""The Leaderboard tab: every run and the report's rows in one sortable table, and what is done with them."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from cifar_tui.presets import PresetLibrary
from cifar_tui.runs.columns import COLUMNS, Column, find_column, ordered
from cifar_tui.runs.filter import Filter, FilterError, parse_filter
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.index import Snapshot
from cifar_tui.runs.references import report_rows
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import Row, ranked
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.screens.columns import ColumnsScreen
from cifar_tui.tui.screens.run_edits import RunEdits
from cifar_tui.tui.state import ViewState
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.run_table import RunTable

_WIDE = 140
_BY_TEST_ACCURACY = next(column for column in COLUMNS if column.key == "test")
_ONLY_WHEN_WIDE = ("model", "device", "seed")
_ONLY_WHEN_FILLED = ("sweep", "tags", "note", "report")


class LeaderboardPane(RunEdits):
    """A row for each run, found again by its key whatever the order."""

    DEFAULT_CSS = """
    LeaderboardPane #filter-note.-wrong { color: $text-error; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("leaderboard")

    class RunMessage(Message):
        """Something is wanted of one run."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class Opened(RunMessage):
        """A person wants to see all of a run."""

    class FollowWanted(RunMessage):
        """A person wants to see a run on Live."""

    class InspectWanted(RunMessage):
        """A person wants to see what a finished run gets right and wrong."""

    class SweepWanted(Message):
        """A person wants to see the grid of the sweep that a run belongs to."""

        def __init__(self, sweep: str) -> None:
            super().__init__()
            self.sweep = sweep

    class ContinueWanted(RunMessage):
        """A person wants a run to go on that ended before its end, or to be trained on."""

    class AgainWanted(RunMessage):
        """A person wants a run's settings in the form."""

    class CompareWanted(Message):
        """A person wants to see runs beside one another."""

        def __init__(self, run_ids: Sequence[str]) -> None:
            super().__init__()
            self.run_ids = run_ids

    class MarksChanged(Message):
        """A run was marked, or is no longer."""

    class ViewChanged(Message):
        """A way of showing was changed, which the next start should find."""

        def __init__(self, **changes: object) -> None:
            super().__init__()
            self.changes = changes

    def __init__(self, library: PresetLibrary, store: RunStore, state: ViewState, marked: list[str]) -> None:
        super().__init__(store, marked)
        self._report = report_rows(library.presets)
        self._measured: Sequence[Row] = ()
        self._ranked: list[Row] = []
        self._column = find_column(state.sort) or _BY_TEST_ACCURACY
        self._reversed = state.is_reversed
        self._with_given = state.with_given
        self._is_grouped = state.is_grouped
        self._filter_text = state.filter
        self._filter = Filter()
        self._good_filter = Filter()
        """The last one that found something: its rows stay while another is typed that cannot be understood (yet)."""
        self._is_understood = True
        self._applied_filter = ""
        self._hidden = set(state.hidden_columns)
        order = {key: place for place, key in enumerate(state.column_order)}
        self._order = sorted(COLUMNS, key=lambda column: order.get(column.key, len(order)))
        self._columns: tuple[Column, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out filter and table."""
        with Vertical(id="filter-bar"):
            yield Input(
                self._filter_text, placeholder='words, part:4 test>35 tag:final status:finished -"a b"',
                compact=True, id="filter",
            )  # fmt: skip
            yield Static(id="filter-note")
        yield RunTable(id="table")

    def on_mount(self) -> None:
        """Hide the filter until it is asked for, unless one is in force."""
        self.query_one("#filter-bar").display = bool(self._filter_text)
        self._parse_filter()

    def on_resize(self, event: events.Resize) -> None:
        """Leave out what a narrow terminal can do without."""
        self._choose_columns(event.size.width)

    def show(self, snapshot: Snapshot, measured: Sequence[Row]) -> None:
        """Draw what the run folders say now.

        Args:
            snapshot: the runs here.
            measured: the rows that this project measured.
        """
        if (snapshot.rows, measured) != (self._runs, self._measured):
            self._runs, self._measured = snapshot.rows, measured
            known = {row.key for row in snapshot.rows}
            self._marked[:] = [key for key in self._marked if key in known]
            self._rank()

    def action_sort(self, step: int) -> None:
        """Sort by the next or the previous column."""
        columns = self._table.columns_shown or self._columns
        place = columns.index(self._column) if self._column in columns else 0
        self._sort_by(columns[(place + step) % len(columns)])

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reversed = not self._reversed
        self.post_message(self.ViewChanged(is_reversed=self._reversed))
        self._draw()

    def action_toggle_given(self) -> None:
        """Show or hide what the report measured."""
        self._with_given = not self._with_given
        self.post_message(self.ViewChanged(with_given=self._with_given))
        self._rank()

    def action_group(self) -> None:
        """Show runs that differ in their seed alone as one row, or each by itself."""
        self._is_grouped = not self._is_grouped
        self.post_message(self.ViewChanged(is_grouped=self._is_grouped))
        self._rank()

    @work(exclusive=True, group="columns")
    async def action_columns(self) -> None:
        """Choose which columns are shown, and their order."""
        answer = await self.app.push_screen_wait(ColumnsScreen(self._order, tuple(self._hidden), self._absent()))
        if answer is not None:
            keys, hidden = answer
            self._order = sorted(COLUMNS, key=lambda column: keys.index(column.key))
            self._hidden = set(hidden)
            self.post_message(self.ViewChanged(column_order=keys, hidden_columns=hidden))
            self._choose_columns(self.size.width)

    def _absent(self) -> dict[str, str]:
        """Why columns are not seen, each by its key."""
        reasons = {column.key: "no room; → scrolls to it" for column in self._table.columns_shown}
        for column in self._table.columns_in_sight:
            del reasons[column.key]
        reasons |= {key: "no room" for key in _ONLY_WHEN_WIDE if self.size.width < _WIDE}
        filling = (column for column in self._order if column.key in _ONLY_WHEN_FILLED)
        return reasons | {column.key: "empty" for column in filling if not self._fills(column)}

    def action_filter(self) -> None:
        """Type what a row must hold."""
        self.query_one("#filter-bar").display = True
        self.query_one("#filter").focus()

    def action_clear(self) -> None:
        """Show all rows again; then forget the marks."""
        line = self.query_one("#filter", Input)
        if not line.value and self._marked and self._table.has_focus:
            self._marked.clear()
            self._marks_changed()
        line.value = ""
        self.query_one("#filter-bar").display = False
        self._table.focus()

    def action_mark(self) -> None:
        """Mark the chosen run, or all of a group, or take their marks away; go to the next row."""
        row = self._table.chosen
        if row is None:
            return
        if row.is_given:
            self.app.notify("Rows of the report and of this project cannot be marked.")
        elif row.is_unreadable:
            self._say_why_unreadable(row)
        keys = _runs_of(row)
        new = [key for key in keys if key not in self._marked]
        self._marked[:] = [*self._marked, *new] if new else [key for key in self._marked if key not in keys]
        self._marks_changed()
        self._table.action_cursor_down()

    def action_open(self) -> None:
        """See all of the chosen run."""
        self._wish(self.Opened)

    def action_follow(self) -> None:
        """See the chosen run on Live."""
        self._wish(self.FollowWanted)

    def action_inspect(self) -> None:
        """See what the chosen run gets right and wrong."""
        self._wish(self.InspectWanted)

    def action_sweep(self) -> None:
        """See the grid of the sweep that the chosen run belongs to."""
        row = self._table.chosen
        if row is None or row.sweep is None:
            self.app.notify("This run belongs to no sweep; several values in a field of the form make one.")
        else:
            self.post_message(self.SweepWanted(row.sweep))

    def filter_by(self, text: str) -> None:
        """Show only the rows that match."""
        self.query_one("#filter-bar").display = True
        self.query_one("#filter", Input).value = text
        self._table.focus()

    def action_continue(self) -> None:
        """Queue the chosen run to go on: from its checkpoint, or, when it is finished, for more epochs."""
        self._wish(self.ContinueWanted)

    def action_again(self) -> None:
        """Put the chosen run's settings into the form."""
        self._wish(self.AgainWanted)

    def action_compare(self) -> None:
        """See the marked runs beside one another; with one mark, the marked and the chosen one."""
        chosen = self._table.chosen
        keys = list(self._marked)
        if chosen is not None and chosen.is_unreadable and len(keys) < 2:
            self._say_why_unreadable(chosen)
            return
        if chosen is not None and len(keys) < 2:
            keys += [key for key in _runs_of(chosen) if key not in keys]
        if len(keys) < 2:
            self.app.notify("Mark two runs or more with space; then v shows them beside one another.")
        else:
            self.post_message(self.CompareWanted(keys))

    def _wish(self, message: type[RunMessage]) -> None:
        if row := self._chosen_run(to_change=False):
            self.post_message(message(row.key))

    def _marks_changed(self) -> None:
        self.post_message(self.MarksChanged())
        self._draw()

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_open()

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        self._write_subtitle()

    @on(DataTable.HeaderSelected)
    def _header_selected(self, message: DataTable.HeaderSelected) -> None:
        column = find_column(str(message.column_key.value))
        if column == self._column:
            self.action_reverse()
        elif column is not None:
            self._sort_by(column)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, message: Input.Changed) -> None:
        self._filter_text = message.value
        self.call_after_refresh(self._apply_filter)

    @on(Input.Submitted, "#filter")
    def _filter_done(self, message: Input.Submitted) -> None:
        self.query_one("#filter-bar").display = bool(message.value)
        self._table.focus()

    def _apply_filter(self) -> None:
        if self._filter_text != self._applied_filter:  # of letters typed in a row, the last one
            self._parse_filter()
            self.post_message(self.ViewChanged(filter=self._filter_text if self._is_understood else ""))
            self._draw()

    def _parse_filter(self) -> None:
        self._applied_filter = self._filter_text
        problem = ""
        try:
            self._filter = parse_filter(self._filter_text)
        except FilterError as error:
            problem = str(error)
            # Not the one before: no row may hold the word `test`, and on the way to `test>35` that is no news.
            self._filter = self._good_filter
        self._is_understood = not problem
        note = self.query_one("#filter-note", Static)
        note.update(Text(problem))
        note.set_class(bool(problem), "-wrong")

    def _choose_columns(self, width: int) -> None:
        wanted = [column for column in self._order if column.key not in self._hidden]
        columns = tuple(column for column in wanted if width >= _WIDE or column.key not in _ONLY_WHEN_WIDE)
        columns = columns or tuple(column for column in COLUMNS if column.key == "name")
        if columns != self._columns:
            self._columns = columns
            self._draw()

    def _sort_by(self, column: Column) -> None:
        self._column, self._reversed = column, False
        self.post_message(self.ViewChanged(sort=column.key, is_reversed=False))
        self._draw()

    def _rank(self) -> None:
        if self._runs is not None:
            rows = grouped(self._runs) if self._is_grouped else self._runs
            self._ranked = ranked([*rows, *([*self._report, *self._measured] if self._with_given else [])])
            self._draw()

    def _draw(self) -> None:
        if self._runs is None or not self._columns:
            return
        columns = [column for column in self._columns if column.key not in _ONLY_WHEN_FILLED or self._fills(column)]
        columns = columns or list(self._columns)
        rows = ordered(filter(self._filter.matches, self._ranked), self._column, reverse=self._reversed)
        if rows:
            self._good_filter = self._filter
        is_best_first = self._column.best_first != self._reversed
        table = self._table
        table.show_rows(rows, columns, sorted_by=(self._column.key, is_best_first), marked=self._marked)
        self._write_title(rows)
        self._write_subtitle()

    def _fills(self, column: Column) -> bool:
        return any(column.value(row) is not None for row in self._ranked)

    def _write_title(self, rows: Sequence[Row]) -> None:
        report, measured = sum(row.is_report for row in rows), sum(row.is_measured for row in rows)
        unreadable = sum(row.is_unreadable for row in rows)
        runs = len(rows) - report - measured - unreadable
        title = f"{runs} {'row' if self._is_grouped else 'run'}{'' if runs == 1 else 's'}"
        title += " · seeds grouped" if self._is_grouped else ""
        signs = symbols().status  # as before the names: the rows' own words are often out of sight
        title += f" · {signs['report']} {report} of the report" if report else ""
        title += f" · {signs['measured']} {measured} of this project" if measured else ""
        title += f" · {unreadable} unreadable" if unreadable else ""
        title += f" · {len(self._marked)} marked" if self._marked else ""
        self._table.border_title = title

    def _write_subtitle(self) -> None:
        table = self._table
        if not self._is_understood:
            table.border_subtitle = "the filter is not understood; esc shows all"
        elif not table.rows_shown:
            table.border_subtitle = "no row holds that; esc shows all" if self._filter_text else "no run yet; 1, then t"
        elif table.chosen is not None and table.chosen.is_unreadable:
            table.border_subtitle = Text(table.chosen.note)  # on a narrow terminal its column is out of sight
        else:
            table.border_subtitle = f"sorted by {self._column.title}"


def _runs_of(row: Row) -> tuple[str, ...]:
    """The runs behind a row: one, the members of a group, or none."""
    return () if row.is_given or row.is_unreadable else row.members or (row.key,)
