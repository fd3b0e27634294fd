"""The table for other programs."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cifar_tui.runs.columns import COLUMNS, find_column
from cifar_tui.runs.export import as_csv, as_json, as_markdown
from cifar_tui.runs.table import Row


def _row(**values: Any) -> Row:
    fixed: dict[str, Any] = {"key": "k", "name": "n", "model": "MLP", "part": 1, "dataset": "d", "status": "finished"}
    return Row(**fixed | values)


def _cells(row: Row) -> dict[str, str]:
    header, cells = csv.reader(io.StringIO(as_csv([row])))
    return dict(zip(header, cells, strict=True))


@pytest.mark.parametrize("start", "=+-@")
def test_csv_holds_no_formulas(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    cells = _cells(_row(name=evil, note=f"  {evil}", tags=(evil,), dataset=evil))
    assert [cells[title] for title in ("Name", "Note", "Tags", "Data")] == [f"'{evil}"] * 4


def test_numbers_stay_numbers() -> None:
    cells = _cells(_row(test_accuracy=0.5, report_difference=-0.031, seed=3))
    assert (float(cells["Test %"]), float(cells["Δ report"]), int(cells["Seed"])) == (50.0, -3.1, 3)


def test_a_note_of_several_lines_is_one_line_everywhere() -> None:
    row = _row(note="one\ntwo | three")
    assert _cells(row)["Note"] == "one two | three"
    assert len(as_markdown([row]).splitlines()) == 3
    assert "one two \\| three" in as_markdown([row])
    (values,) = json.loads(as_json([row]))
    assert values["note"] == "one\ntwo | three"


def test_only_the_columns_that_were_asked_for() -> None:
    columns = [column for column in COLUMNS if column in (find_column("name"), find_column("test"))]
    row = _row(test_accuracy=0.25)
    assert as_csv([row], columns) == "Name,Test %\nn,25.00\n"
    assert as_markdown([row], columns) == "| Name | Test % |\n| --- | ---: |\n| n | 25.00 |\n"


def test_json_holds_all_values() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    row = _row(test_accuracy=0.25, date=moment, tags=("a", "b"), test_deviation=0.01, members=("x", "y"))
    (values,) = json.loads(as_json([row]))
    assert values["date"] == "2026-01-02T00:00:00+00:00"
    assert (values["test_accuracy"], values["test_deviation"]) == (0.25, 0.01)
    assert (values["tags"], values["members"]) == (["a", "b"], ["x", "y"])
