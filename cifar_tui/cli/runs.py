"""`cifar-tui runs`: the results table as text, JSON, CSV or Markdown."""

from collections.abc import Sequence
from enum import StrEnum

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from cifar_tui.cli.console import USAGE, fail, make_console, warn
from cifar_tui.cli.stores import open_store
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets, measured_runs
from cifar_tui.runs.columns import COLUMNS, Column, find_column, ordered
from cifar_tui.runs.export import as_csv, as_json, as_markdown
from cifar_tui.runs.filter import Filter, FilterError, parse_filter
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.references import measured_rows, references_of, report_rows
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import Row, ranked, rows_of, unreadable_row
from cifar_tui.text import printable

_FIRST_TO_GO = (
    "note",
    "seed",
    "device",
    "date",
    "data",
    "part",
    "sweep",
    "tags",
    "time",
    "acc/param",
    "epochs",
    "model",
    "f1",
    "report",
    "params",
    "status",
    "val",
)
"""Columns that a narrow terminal does without, the least important first."""

_GAP = 2
_NARROWEST_NAME = 16


class Format(StrEnum):
    """How the table is printed."""

    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    TABLE = "table"


def show_runs(
    paths: Paths,
    form: Format,
    *,
    sort: str,
    reverse: bool,
    text: str,
    with_given: bool,
    by_group: bool,
    columns: str | None = None,
) -> None:
    """Print the results of all runs that the filter `text` matches.

    A folder that cannot be read has a row that tells why, and costs a warning.

    Args:
        paths: where the runs are kept.
        form: how the table is printed.
        sort: the key of the column to sort by.
        reverse: turn the order round.
        text: a filter (see `runs.filter`), applied to the rows as they are shown.
        with_given: with the rows that the report and this project measured.
        by_group: one row for runs that differ in their seed alone.
        columns: the keys of the columns to print, divided by commas, each once; JSON has all values always.
    """
    column = _column(sort, "--sort")
    chosen = None if columns is None else list(dict.fromkeys(_column(key, "--columns") for key in columns.split(",")))
    wanted = _parsed(text)
    store = open_store(paths)
    scan = store.scan()
    for problem in scan.problems:
        warn(problem)
    presets = load_presets(paths).presets
    rows = rows_of(store, scan.runs, references_of(presets))
    if by_group:
        rows = grouped(rows)
    if with_given:
        rows += [*report_rows(presets), *measured_rows(RunStore(measured_runs()), presets)]
    rows += [unreadable_row(run_id, error) for run_id, error in scan.unreadable.items()]
    rows = ordered(filter(wanted.matches, ranked(rows)), column, reverse=reverse)
    match form:
        case Format.JSON:
            print(as_json(rows), end="")
        case Format.CSV:
            print(as_csv(rows, chosen or COLUMNS), end="")
        case Format.MARKDOWN:
            print(as_markdown(rows, chosen or COLUMNS), end="")
        case Format.TABLE:
            _print_table(rows, chosen)


def _column(key: str, option: str) -> Column:
    column = find_column(key.strip().lower())
    if column is None:
        fail(f"There is no column {key!r}; {option} takes {', '.join(column.key for column in COLUMNS)}.", USAGE)
    return column


def _parsed(text: str) -> Filter:
    try:
        return parse_filter(text)
    except FilterError as error:
        fail(str(error), USAGE)


def _cells(row: Row, columns: Sequence[Column]) -> list[str]:
    return [printable(column.text(row)) for column in columns]


def _print_table(rows: Sequence[Row], chosen: Sequence[Column] | None) -> None:
    """Print `chosen` columns, or as many of all as there is room for."""
    if not rows:
        print("There is nothing to show: no run yet, or none that matches.")
        return
    console = make_console()
    columns = chosen or COLUMNS
    widths = {
        column.key: max(cell_len(column.title), *(cell_len(cell) for cell in cells)) + _GAP
        for column, cells in zip(columns, zip(*(_cells(row, columns) for row in rows), strict=True), strict=True)
    }
    room = console.width
    for key in _FIRST_TO_GO if chosen is None else ():
        others = sum(width for name, width in widths.items() if name != "name")
        if others + min(widths["name"], _NARROWEST_NAME) <= room:
            break
        del widths[key]
    if "name" in widths:
        widths["name"] = max(min(widths["name"], room - sum(widths.values()) + widths["name"]), _GAP + 1)
    shown = [column for column in columns if column.key in widths]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", width=sum(widths.values()))
    for column in shown:
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            width=widths[column.key] - _GAP,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in _cells(row, shown)), style="dim" if row.is_given else None)
    console.print(table)
