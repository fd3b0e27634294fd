"""The results table: every run, and the report's own rows beside them; sorted by value, never by label."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cifar_tui.config import Source
from cifar_tui.models.registry import MODELS
from cifar_tui.presets import Preset
from cifar_tui.runs.store import Run, RunStore

CIFAR100 = "CIFAR-100"
REPORT_STATUS = "report"
Value = str | int | float | datetime | None


@dataclass(frozen=True)
class Row:
    """One line of the table; accuracies are fractions, None is what is not known (yet)."""

    key: str
    """The run's id, or `report:` and a preset's key."""
    name: str
    model: str
    part: int | None
    dataset: str
    status: str
    """A `RunStatus`, or `report` for what the report measured."""
    epochs: int | None = None
    """Finished ones."""
    planned_epochs: int | None = None
    test_accuracy: float | None = None
    val_accuracy: float | None = None
    macro_f1: float | None = None
    parameters: int | None = None
    accuracy_per_million: float | None = None
    seconds: float | None = None
    device: str | None = None
    date: datetime | None = None
    rank: int | None = None
    """By test accuracy among the rows of the same data set, from 1."""
    is_most_efficient: bool = False
    """The best accuracy per million parameters among the rows of the same data set."""

    @property
    def is_report(self) -> bool:
        """Whether the report measured it, and not a run here."""
        return self.status == REPORT_STATUS


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


def run_row(run: Run, store: RunStore) -> Row:
    """Make the row of one run; a run that is not finished shows what its epochs say so far."""
    record, results, started = run.record, run.record.results, run.record.started
    row = Row(
        key=run.id,
        name=run.config.title,
        model=MODELS[run.config.model.name].title,
        part=run.config.part,
        dataset=started.dataset if started else _expected_dataset(run),
        status=record.status.value,
        planned_epochs=run.config.training.epochs,
        parameters=started.parameters if started else None,
        device=started.device.partition(" ")[0] if started else None,
        date=record.created_at,
    )
    if results:
        return replace(
            row,
            epochs=results.epochs,
            test_accuracy=results.test_accuracy,
            val_accuracy=results.val_accuracy,
            macro_f1=results.macro_f1,
            accuracy_per_million=results.accuracy_per_million,
            seconds=results.seconds,
        )
    if epochs := store.epochs(run.id):
        seconds = sum(epoch.seconds for epoch in epochs)
        validated = [epoch.val_accuracy for epoch in epochs if epoch.val_accuracy is not None]
        return replace(row, epochs=epochs[-1].epoch, val_accuracy=validated[-1] if validated else None, seconds=seconds)
    return row


def report_rows(presets: Iterable[Preset]) -> list[Row]:
    """Make a row of every reference that a preset carries."""
    rows: list[Row] = []
    for preset in presets:
        if preset.reference is None:
            continue
        reference = preset.reference
        rows.append(
            Row(
                key=f"report:{preset.key}",
                name=preset.title,
                model=MODELS[preset.config.model.name].title,
                part=preset.config.part,
                dataset=CIFAR100,
                status=REPORT_STATUS,
                test_accuracy=reference.test_accuracy,
                val_accuracy=reference.val_accuracy,
                macro_f1=reference.macro_f1,
                parameters=reference.parameters,
                accuracy_per_million=reference.test_accuracy * 100 / (reference.parameters / 1e6),
            )
        )
    return rows


def ranked(rows: Iterable[Row]) -> list[Row]:
    """Fill in the ranks and mark the most efficient row, for each data set by itself."""
    rows = list(rows)
    places: dict[str, int] = {}
    best: set[str] = set()
    for dataset in {row.dataset for row in rows}:
        own = [row for row in rows if row.dataset == dataset and row.test_accuracy is not None]
        own.sort(key=lambda row: -(row.test_accuracy or 0.0))
        places |= {row.key: place for place, row in enumerate(own, start=1)}
        if own:
            best.add(max(own, key=lambda row: row.accuracy_per_million or 0.0).key)
    return [replace(row, rank=places.get(row.key), is_most_efficient=row.key in best) for row in rows]


def matching(rows: Iterable[Row], text: str) -> list[Row]:
    """Return the rows that hold every word of `text`, in any column, in any case."""
    words = text.lower().split()
    return [row for row in rows if all(word in _searchable(row) for word in words)]


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


def count(value: int | None) -> str:
    """Return a number of parameters as a person reads it: 346.6K, 1.73M."""
    if value is None:
        return ""
    return f"{value / 1e6:.2f}M" if value >= 1e6 else f"{value / 1e3:.1f}K" if value >= 1e3 else str(value)


def duration(seconds: float | None) -> str:
    """Return seconds as 8.4 s, 2:05 or 1:02:05."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    return str(whole).removeprefix("0:").removeprefix("0")


def _epochs_text(row: Row) -> str:
    if row.epochs is None:
        return "" if row.planned_epochs is None else f"0/{row.planned_epochs}"
    return str(row.epochs) if row.epochs == row.planned_epochs else f"{row.epochs}/{row.planned_epochs}"


def _efficiency_text(row: Row) -> str:
    if row.accuracy_per_million is None:
        return ""
    return f"{row.accuracy_per_million:.1f}{' ★' if row.is_most_efficient else '  '}"


def _expected_dataset(run: Run) -> str:
    data = run.config.data
    if data.source is Source.FOLDER and data.path is not None:
        return data.path.name
    return CIFAR100 if data.source is Source.CIFAR100 else "synthetic"


def _searchable(row: Row) -> str:
    part = f"part {row.part}" if row.part else ""
    return " ".join([row.name, row.model, part, row.dataset, row.status, row.device or "", row.key]).lower()


COLUMNS: Sequence[Column] = (
    Column("rank", "#", lambda row: row.rank, lambda row: "" if row.rank is None else str(row.rank), True),
    Column("name", "Name", lambda row: row.name, lambda row: row.name),
    Column("model", "Model", lambda row: row.model, lambda row: row.model),
    Column("part", "Part", lambda row: row.part, lambda row: "" if row.part is None else str(row.part), True),
    Column("test", "Test %", lambda row: row.test_accuracy, lambda row: percent(row.test_accuracy), True, True),
    Column("val", "Val %", lambda row: row.val_accuracy, lambda row: percent(row.val_accuracy), True, True),
    Column("f1", "F1 %", lambda row: row.macro_f1, lambda row: percent(row.macro_f1), True, True),
    Column("params", "Params", lambda row: row.parameters, lambda row: count(row.parameters), True),
    Column("acc/param", "%/M", lambda row: row.accuracy_per_million, _efficiency_text, True, True),
    Column("epochs", "Epochs", lambda row: row.epochs, _epochs_text, True, True),
    Column("time", "Time", lambda row: row.seconds, lambda row: duration(row.seconds), True),
    Column("device", "Device", lambda row: row.device, lambda row: row.device or ""),
    Column("data", "Data", lambda row: row.dataset, lambda row: row.dataset),
    Column("status", "Status", lambda row: row.status, lambda row: row.status),
    Column(
        "date",
        "Date",
        lambda row: row.date,
        lambda row: "" if row.date is None else row.date.astimezone().strftime("%Y-%m-%d %H:%M"),
        best_first=True,
    ),
)
"""All columns, in the order of the table."""
