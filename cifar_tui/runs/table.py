"""The rows of the results table: every run, and the report's own beside them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cifar_tui.config import RunConfig, Source
from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.events import EpochFinished, Results
from cifar_tui.models.registry import MODELS
from cifar_tui.runs.store import Run, RunStore, UnreadableRunError

REPORT_STATUS = "report"
MEASURED_STATUS = "measured"
UNREADABLE_STATUS = "unreadable"


@dataclass(frozen=True)
class References:
    """What the report measured on CIFAR-100's test images, as fractions."""

    accuracies: Mapping[tuple[str, str], float]
    """For each preset's key and model: whoever changes a preset's model trains another architecture."""

    def of_settings(self, config: RunConfig) -> float | None:
        """Return what settings are held against, wherever their images are from."""
        return self.accuracies.get((config.preset or "", config.model.name))

    def of(self, run: Run) -> float | None:
        """Return what a run is held against; nothing before it began, or on other images."""
        started = run.record.started
        return self.of_settings(run.config) if started is not None and started.dataset == CIFAR100 else None


NO_REFERENCES = References(MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; accuracies are fractions, None is what is not known (yet)."""

    key: str
    """The run's id, which is its folder's name, or `report:` or `measured:` and what it is of."""
    name: str
    model: str
    part: int | None
    dataset: str
    status: str
    """A `RunStatus`, `report` or `measured` for what the report or this project measured, or `unreadable`."""
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
    report_difference: float | None = None
    """Test accuracy minus what the report measured with the run's preset; None on other data than the report's."""
    seed: int | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    optimiser: str | None = None
    tags: tuple[str, ...] = ()
    sweep: str | None = None
    """The name of the sweep that it belongs to."""
    note: str = ""
    """A person's; of a folder that cannot be read, why."""
    starred: bool = False
    archived: bool = False
    group: str | None = None
    """Equal for runs that differ in nothing but name, seed and device, and of which none, or each, was trained on.

    None for the report's rows.
    """
    members: tuple[str, ...] = ()
    """The keys of the runs that this row is the mean of (see `groups`); none for a row of its own."""
    test_deviation: float | None = None
    """Sample standard deviation among the members, like the two below."""
    val_deviation: float | None = None
    f1_deviation: float | None = None

    @property
    def is_report(self) -> bool:
        """Whether the report measured it."""
        return self.status == REPORT_STATUS

    @property
    def is_measured(self) -> bool:
        """Whether this project measured it."""
        return self.status == MEASURED_STATUS

    @property
    def is_given(self) -> bool:
        """Whether it comes with the project, and is no run here."""
        return self.is_report or self.is_measured

    @property
    def is_unreadable(self) -> bool:
        """Whether it stands for a run folder that cannot be read."""
        return self.status == UNREADABLE_STATUS


def run_row(run: Run, epochs: Iterable[EpochFinished] = (), references: References = NO_REFERENCES) -> Row:
    """Make the row of one run.

    Args:
        run: the run.
        epochs: its history, for one that is not finished: its row shows what they say so far.
        references: what to compare its test accuracy with.
    """
    record, results, started = run.record, run.record.results, run.record.started
    training = run.config.training
    dataset = started.dataset if started else _expected_dataset(run)
    return Row(
        key=run.id,
        name=run.title,
        model=MODELS[run.config.model.name].title,
        part=run.config.part,
        dataset=dataset,
        status=record.status.value,
        planned_epochs=training.epochs,
        parameters=started.parameters if started else None,
        device=_device(run),
        date=record.created_at,
        report_difference=_report_difference(run, references),
        seed=training.seed,
        learning_rate=training.lr,
        batch_size=training.batch_size,
        optimiser=training.optimiser.value,
        tags=record.tags,
        sweep=record.sweep,
        note=record.note,
        starred=record.starred,
        archived=record.archived,
        group=_group(run),
        **(_measured(results) if results else _so_far(tuple(epochs))),
    )


def unreadable_row(run_id: str, error: UnreadableRunError) -> Row:
    """Make the row of a folder that cannot be read: it tells why, and has no values to be ranked or grouped by."""
    return Row(
        key=run_id,
        name=error.title or run_id,
        model="",
        part=None,
        dataset="",
        status=UNREADABLE_STATUS,
        note=error.reason,
    )


def rows_of(store: RunStore, runs: Iterable[Run], references: References = NO_REFERENCES) -> list[Row]:
    """Make the rows of `runs`, reading the history of those that are not finished."""
    return [run_row(run, () if run.record.results else store.epochs(run.id), references) for run in runs]


def ranked(rows: Iterable[Row]) -> list[Row]:
    """Fill in the ranks and mark the most efficient row, for each data set by itself; archived rows have none."""
    rows = list(rows)
    places: dict[str, int] = {}
    best: set[str] = set()
    for dataset in {row.dataset for row in rows}:
        own = [row for row in rows if row.dataset == dataset and row.test_accuracy is not None and not row.archived]
        own.sort(key=lambda row: -(row.test_accuracy or 0.0))
        places |= {row.key: place for place, row in enumerate(own, start=1)}
        if own:
            best.add(max(own, key=lambda row: row.accuracy_per_million or 0.0).key)
    return [replace(row, rank=places.get(row.key), is_most_efficient=row.key in best) for row in rows]


def _device(run: Run) -> str | None:
    """What it trains on, or, before its first start, the job of Slurm that it waits for."""
    if run.record.started is not None:
        return run.record.started.device.partition(" ")[0]
    return f"slurm {run.record.slurm.id or ''}".rstrip() if run.record.slurm is not None else None


def _expected_dataset(run: Run) -> str:
    data = run.config.data
    if data.source is Source.FOLDER and data.path is not None:
        return data.path.name
    return CIFAR100 if data.source is Source.CIFAR100 else "synthetic"


def _measured(results: Results) -> dict[str, Any]:
    return {
        "epochs": results.epochs,
        "test_accuracy": results.test_accuracy,
        "val_accuracy": results.val_accuracy,
        "macro_f1": results.macro_f1,
        "accuracy_per_million": results.accuracy_per_million,
        "seconds": results.seconds,
    }


def _so_far(epochs: Sequence[EpochFinished]) -> dict[str, Any]:
    if not epochs:
        return {}
    validated = [epoch.val_accuracy for epoch in epochs if epoch.val_accuracy is not None]
    return {
        "epochs": epochs[-1].epoch,
        "val_accuracy": validated[-1] if validated else None,
        "seconds": sum(epoch.seconds for epoch in epochs),
    }


def _report_difference(run: Run, references: References) -> float | None:
    results, reference = run.record.results, references.of(run)
    if results is None or reference is None:
        return None
    return results.test_accuracy - reference


def _group(run: Run) -> str:
    content = run.config.model_dump_json(exclude={"name": True, "training": {"seed", "device"}})
    if run.record.parent is not None:  # its first epochs followed another schedule
        content += f"trained on after {run.record.trained_before}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]
