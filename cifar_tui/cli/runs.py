"""`cifar-tui runs`: the results table."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_tui.cli.context import WRONG_USAGE, Context, leave, plain, warn

if TYPE_CHECKING:
    from cifar_tui.runs.table import Column, Row

# What a narrow terminal can do without, first the least needed.
_EXPENDABLE = ("date", "device", "data", "time", "part", "model", "f1", "epochs", "acc/param", "params", "val")


def runs(
    context: typer.Context,
    sort: Annotated[str, typer.Option(metavar="COL", help="The column to sort by.")] = "test",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    words: Annotated[str, typer.Option("--filter", metavar="TEXT", help="Only rows that hold these words.")] = "",
    report: Annotated[bool, typer.Option(help="Show the report's rows too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Accuracies as fractions, times in seconds.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As shown, accuracies in percent.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As shown, accuracies in percent.")] = False,
) -> None:
    """Print the results table: every run, and what the report measured."""
    from cifar_tui.presets import load_presets
    from cifar_tui.runs.store import RunStore
    from cifar_tui.runs.table import COLUMNS, find_column, matching, ordered, ranked, report_rows, run_row

    if as_json + as_csv + as_markdown > 1:
        leave("Give one of --json, --csv and --markdown.", WRONG_USAGE)
    column = find_column(sort)
    if column is None:
        leave(f"There is no column {sort!r}; the columns are {', '.join(c.key for c in COLUMNS)}.", WRONG_USAGE)
    state: Context = context.obj
    store = RunStore(state.paths.runs)
    scan = store.scan()
    for problem in scan.problems:
        warn(problem)
    rows = [run_row(run, store) for run in scan.runs]
    if report:
        rows += report_rows(load_presets(state.paths).presets)
    rows = ordered(matching(ranked(rows), words), column, reverse=reverse)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2, default=str))
    elif as_csv:
        typer.echo(_csv(COLUMNS, rows), nl=False)
    elif as_markdown:
        typer.echo(_markdown(COLUMNS, rows))
    else:
        _print_table(COLUMNS, rows)


def _csv(columns: Sequence["Column"], rows: Sequence["Row"]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.title for column in columns)
    writer.writerows([plain(column.text(row)).strip() for column in columns] for row in rows)
    return text.getvalue()


def _markdown(columns: Sequence["Column"], rows: Sequence["Row"]) -> str:
    lines = [[column.title for column in columns], ["--:" if column.is_number else "---" for column in columns]]
    lines += [[plain(column.text(row)).strip().replace("|", "\\|") for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _print_table(columns: Sequence["Column"], rows: Sequence["Row"]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not rows:
        console.print("No runs yet: `cifar-tui train part1/mlp` makes one, and so does the app.")
        return
    cells = {column.key: [plain(column.text(row)) for row in rows] for column in columns}
    shown = _fitting(columns, cells, console.width)
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in shown:
        table.add_column(column.title, justify="right" if column.is_number else "left", no_wrap=True)
    for place in range(len(rows)):
        table.add_row(*(Text(cells[column.key][place]) for column in shown))
    console.print(table)


def _fitting(columns: Sequence["Column"], cells: dict[str, list[str]], width: int) -> list["Column"]:
    from rich.cells import cell_len

    widths = {c.key: 2 + max(cell_len(text) for text in [c.title, *cells[c.key]]) for c in columns}
    shown = [column.key for column in columns]
    for key in _EXPENDABLE:
        if sum(widths[shown_key] for shown_key in shown) <= width:
            break
        shown.remove(key)
    return [column for column in columns if column.key in shown]
