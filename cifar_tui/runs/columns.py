"""The columns of the results table: what each holds, and how a person reads it; sorted by value, never by label."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cifar_tui.runs.table import Row

_AGES = 1e11
"""In seconds: what is estimated from numbers without meaning can last as long as it likes."""

Value = str | int | float | datetime | None


@dataclass(frozen=True)
class Column:
    """A column: what it holds, and how a person reads it."""

    key: str
    title: str
    value: Callable[[Row], Value]
    text: Callable[[Row], str]
    is_number: bool = False
    best_first: bool = False
    """Sorted downwards at first: the larger, the better."""


def ordered(rows: Iterable[Row], column: Column, *, reverse: bool = False) -> list[Row]:
    """Sort by a column's values, best or smallest first (or last); what has no value stays at the end."""
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (unknown if column.value(row) is None else known).append(row)

    def sort_key(row: Row) -> Value:
        value = column.value(row)
        return value.lower() if isinstance(value, str) else value

    known.sort(key=sort_key, reverse=column.best_first != reverse)  # type: ignore[arg-type]
    return known + unknown


def find_column(key: str) -> Column | None:
    """Return the column called `key`; None where there is none."""
    return next((column for column in COLUMNS if column.key == key), None)


def percent(value: float | None) -> str:
    """Return a fraction as percent with two decimals, without the sign."""
    return "" if value is None else f"{value * 100:.2f}"


def points(value: float | None) -> str:
    """Return a difference of fractions as signed percentage points with one decimal: +24.1."""
    return "" if value is None else f"{value * 100:+.1f}"


def count(value: int | None) -> str:
    """Return a number of parameters as a person reads it: 346.6K, 1.73M."""
    if value is None:
        return ""
    return f"{value / 1e6:.2f}M" if value >= 1e6 else f"{value / 1e3:.1f}K" if value >= 1e3 else str(value)


def duration(seconds: float | None) -> str:
    """Return seconds as 8.4 s, 2:05 or 1:02:05."""
    if seconds is None:
        return ""
    if not seconds < _AGES:
        return "ages"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    return str(whole).removeprefix("0:").removeprefix("0")


def one_line(text: str) -> str:
    """Return a note without its line breaks."""
    return " ".join(text.split())


def _accuracy(
    key: str, title: str, value: Callable[[Row], float | None], deviation: Callable[[Row], float | None]
) -> Column:
    def text(row: Row) -> str:
        spread = deviation(row)
        return percent(value(row)) + ("" if spread is None else f" ± {percent(spread)} ({len(row.members)})")

    return Column(key, title, value, text, is_number=True, best_first=True)


def _difference_text(row: Row) -> str:
    return points(row.report_difference)


def _epochs_text(row: Row) -> str:
    if row.epochs is None:
        return "" if row.planned_epochs is None else f"0/{row.planned_epochs}"
    return str(row.epochs) if row.epochs == row.planned_epochs else f"{row.epochs}/{row.planned_epochs}"


def _efficiency_text(row: Row) -> str:
    if row.accuracy_per_million is None:
        return ""
    return f"{row.accuracy_per_million:.1f}{' ★' if row.is_most_efficient else '  '}"


def _date_text(row: Row) -> str:
    return "" if row.date is None else row.date.astimezone().strftime("%Y-%m-%d %H:%M")


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


COLUMNS: Sequence[Column] = (
    Column("rank", "#", lambda row: row.rank, lambda row: _whole(row.rank), True),
    Column("name", "Name", lambda row: row.name, lambda row: row.name),
    Column("model", "Model", lambda row: row.model or None, lambda row: row.model),
    Column("part", "Part", lambda row: row.part, lambda row: _whole(row.part), True),
    _accuracy("test", "Test %", lambda row: row.test_accuracy, lambda row: row.test_deviation),
    Column("report", "Δ report", lambda row: row.report_difference, _difference_text, True, True),
    _accuracy("val", "Val %", lambda row: row.val_accuracy, lambda row: row.val_deviation),
    _accuracy("f1", "F1 %", lambda row: row.macro_f1, lambda row: row.f1_deviation),
    Column("params", "Params", lambda row: row.parameters, lambda row: count(row.parameters), True),
    Column("acc/param", "%/M", lambda row: row.accuracy_per_million, _efficiency_text, True, True),
    Column("epochs", "Epochs", lambda row: row.epochs, _epochs_text, True, True),
    Column("time", "Time", lambda row: row.seconds, lambda row: duration(row.seconds), True),
    Column("seed", "Seed", lambda row: row.seed, lambda row: _whole(row.seed), True),
    Column("device", "Device", lambda row: row.device, lambda row: row.device or ""),
    Column("data", "Data", lambda row: row.dataset or None, lambda row: row.dataset),
    Column("status", "Status", lambda row: row.status, lambda row: row.status),
    Column("sweep", "Sweep", lambda row: row.sweep, lambda row: row.sweep or ""),
    Column("tags", "Tags", lambda row: " ".join(row.tags) or None, lambda row: " ".join(row.tags)),
    Column("note", "Note", lambda row: row.note or None, lambda row: one_line(row.note)),
    Column("date", "Date", lambda row: row.date, _date_text, best_first=True),
)
"""All columns, in the order of the table."""
