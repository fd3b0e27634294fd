"""`cifar-tui runs`: the results table as text, JSON, CSV or Markdown."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from cifar_tui.cli.console import USAGE, fail, make_console, printable, warn
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import COLUMNS, Column, Row, find_column, matching, ordered, ranked, report_rows, run_row

_FIRST_TO_GO = (
    "device",
    "date",
    "data",
    "part",
    "time",
    "acc/param",
    "epochs",
    "model",
    "f1",
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


def show_runs(paths: Paths, form: Format, *, sort: str, reverse: bool, text: str, with_report: bool) -> None:
    """Print the results of all runs that hold the words of `text`; a warning for each folder that cannot be read."""
    column = find_column(sort.lower())
    if column is None:
        fail(f"There is no column {sort!r}; --sort takes {', '.join(column.key for column in COLUMNS)}.", USAGE)
    store = RunStore(paths.runs)
    scan = store.scan()
    for problem in scan.problems:
        warn(problem)
    rows = [run_row(run, store) for run in scan.runs]
    if with_report:
        rows += report_rows(load_presets(paths).presets)
    rows = ordered(matching(ranked(rows), text), column, reverse=reverse)
    match form:
        case Format.JSON:
            print(json.dumps([_as_json(row) for row in rows], indent=2))
        case Format.CSV:
            _print_csv(rows)
        case Format.MARKDOWN:
            _print_markdown(rows)
        case Format.TABLE:
            _print_table(rows)


def _as_json(row: Row) -> dict[str, object]:
    return asdict(row) | {"date": row.date.isoformat() if row.date else None}


def _cells(row: Row, columns: Sequence[Column] = COLUMNS) -> list[str]:
    return [printable(column.text(row)) for column in columns]


def _print_csv(rows: Sequence[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(column.title for column in COLUMNS)
    for row in rows:
        writer.writerow(cell.strip() for cell in _cells(row))


def _print_markdown(rows: Sequence[Row]) -> None:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    print(line([column.title for column in COLUMNS]))
    print(line(["---:" if column.is_number else "---" for column in COLUMNS]))
    for row in rows:
        print(line([cell.strip().replace("\\", "\\\\").replace("|", "\\|") for cell in _cells(row)]))


def _print_table(rows: Sequence[Row]) -> None:
    if not rows:
        print("There is nothing to show: no run yet, or none that matches.")
        return
    console = make_console()
    widths = {
        column.key: max(cell_len(column.title), *(cell_len(cell) for cell in cells)) + _GAP
        for column, cells in zip(COLUMNS, zip(*(_cells(row) for row in rows), strict=True), strict=True)
    }
    room = console.width
    for key in _FIRST_TO_GO:
        others = sum(width for name, width in widths.items() if name != "name")
        if others + min(widths["name"], _NARROWEST_NAME) <= room:
            break
        del widths[key]
    widths["name"] = max(min(widths["name"], room - sum(widths.values()) + widths["name"]), _GAP + 1)
    shown = [column for column in COLUMNS if column.key in widths]
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
        table.add_row(*(Text(cell) for cell in _cells(row, shown)), style="dim" if row.is_report else None)
    console.print(table)
