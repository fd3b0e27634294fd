"""The results table as text that other programs read: CSV, Markdown, JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from cifar_tui.runs.columns import COLUMNS, Column
from cifar_tui.runs.table import Row
from cifar_tui.text import printable

_FORMULA_STARTS = ("=", "+", "-", "@")


def as_csv(rows: Sequence[Row], columns: Sequence[Column] = COLUMNS) -> str:
    """Return CSV with a line of headings, the numbers as the table shows them.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.title for column in columns)
    for row in rows:
        writer.writerow(_csv_cell(column, row) for column in columns)
    return text.getvalue()


def as_markdown(rows: Sequence[Row], columns: Sequence[Column] = COLUMNS) -> str:
    """Return a Markdown table."""
    lines = [[column.text(row) for column in columns] for row in rows]
    return markdown_table([column.title for column in columns], lines, [column.is_number for column in columns])


def markdown_table(titles: Sequence[str], lines: Iterable[Sequence[str]], is_number: Sequence[bool] = ()) -> str:
    """Return a Markdown table of any texts.

    Args:
        titles: of the columns.
        lines: the cells of each line.
        is_number: which columns stand to the right; without any, none.
    """
    rule = ["---:" if right else "---" for right in is_number or [False] * len(titles)]
    first, *others = ([_markdown_cell(cell) for cell in line] for line in (titles, *lines))
    return "".join(f"| {' | '.join(line)} |\n" for line in (first, rule, *others))


def as_json(rows: Sequence[Row]) -> str:
    """Return a JSON list of objects that hold all values of each row: accuracies as fractions, times in seconds."""
    return json.dumps([_object(row) for row in rows], indent=2) + "\n"


def _object(row: Row) -> dict[str, object]:
    return asdict(row) | {"date": row.date.isoformat() if row.date else None}


def _cell(column: Column, row: Row) -> str:
    return printable(column.text(row)).strip()


def _markdown_cell(text: str) -> str:
    return printable(text).strip().replace("\\", "\\\\").replace("|", "\\|")


def _csv_cell(column: Column, row: Row) -> str:
    cell = _cell(column, row)
    return f"'{cell}" if not column.is_number and cell.startswith(_FORMULA_STARTS) else cell
