"""A sweep as a grid: its axes, and in each cell the mean over the seeds."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cifar_tui.config import FieldPath, RunConfig
from cifar_tui.runs.columns import percent
from cifar_tui.runs.compare import NOT_OF_THE_RECIPE, differences, setting_text
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run

PRESET: FieldPath = ("preset",)


@dataclass(frozen=True)
class Axis:
    """A setting that the cells differ in."""

    path: FieldPath
    title: str
    texts: tuple[str, ...]
    """Its values as the form shows them: numbers in rising order, others as they were first met."""


@dataclass(frozen=True)
class Mean:
    """What several seeds came to, as fractions."""

    values: tuple[float, ...]
    """One a finished run."""

    @property
    def mean(self) -> float | None:
        """None while no run is finished."""
        return statistics.fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation; None for fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def text(self) -> str:
        """Mean and deviation in percent: `36.25 ± 0.18`."""
        return percent(self.mean) + ("" if self.deviation is None else f" ± {percent(self.deviation)}")


@dataclass(frozen=True)
class Cell:
    """The runs that differ in their seed alone."""

    texts: tuple[str, ...]
    """Its value on each axis; empty where the run has no such setting."""
    runs: tuple[Run, ...] = field(repr=False)
    is_best: bool = False
    """The best mean validation accuracy of the grid, of the cells with the most finished runs. Settings are chosen by
    it, so that the test images still tell how good the choice is."""

    @property
    def val(self) -> Mean:
        """The validation accuracies."""
        return Mean(tuple(run.record.results.val_accuracy for run in self.runs if run.record.results))

    @property
    def test(self) -> Mean:
        """The test accuracies."""
        return Mean(tuple(run.record.results.test_accuracy for run in self.runs if run.record.results))

    @property
    def state(self) -> str:
        """Where the runs stand; see `statuses`."""
        return statuses(self.runs)


@dataclass(frozen=True)
class Grid:
    """All cells of a sweep."""

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    """In the order of the axes' values."""

    def at(self, *texts: str) -> Cell | None:
        """Return the cell with these values, one an axis; None where there is none."""
        return next((cell for cell in self.cells if cell.texts == texts), None)


def grid_of(runs: Sequence[Run]) -> Grid:
    """Lay out the runs of a sweep.

    What the runs of one preset differ in, but for the seed, is an axis; so are the presets where there are several.
    """
    axes = _axes(runs)
    gathered: dict[tuple[str, ...], list[Run]] = {}
    columns = [_texts(axis_path, runs) for axis_path, _ in axes]
    for place, run in enumerate(runs):
        gathered.setdefault(tuple(column[place] for column in columns), []).append(run)
    laid = tuple(Axis(path, title, _in_order(column)) for (path, title), column in zip(axes, columns, strict=True))
    cells = [Cell(texts, tuple(own)) for texts, own in gathered.items()]
    cells.sort(key=lambda cell: [axis.texts.index(text) for axis, text in zip(laid, cell.texts, strict=True)])
    best = _best(cells)
    return Grid(laid, tuple(Cell(cell.texts, cell.runs, is_best=cell in best) for cell in cells))


def kind_of(config: RunConfig) -> str:
    """Return what a sweep's run began from: its preset, or its model where it has none."""
    return config.preset or config.model.name


def statuses(runs: Iterable[Run]) -> str:
    """Return how many runs stand where: `1 queued, 1 running, 3 finished`."""
    counts = Counter(run.status for run in runs)
    return ", ".join(f"{counts[status]} {status}" for status in RunStatus if counts[status])


def _best(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells with the best mean; none where there is nothing to compare."""
    most = max((len(cell.val.values) for cell in cells), default=0)
    means = [(cell, cell.val.mean or 0.0) for cell in cells if most and len(cell.val.values) == most]
    highest = max((mean for _, mean in means), default=0.0)
    return [cell for cell, mean in means if len(means) > 1 and mean == highest]


def _axes(runs: Sequence[Run]) -> list[tuple[FieldPath, str]]:
    kinds = dict.fromkeys(kind_of(run.config) for run in runs)
    found: dict[FieldPath, str] = {PRESET: "Preset"} if len(kinds) > 1 else {}
    for kind in kinds:
        for difference in differences([run.config for run in runs if kind_of(run.config) == kind]):
            if difference.path not in NOT_OF_THE_RECIPE:
                found[difference.path] = difference.title
    return list(found.items())


def _texts(path: FieldPath, runs: Sequence[Run]) -> list[str]:
    if path == PRESET:
        return [kind_of(run.config) for run in runs]
    return [setting_text(run.config, path) for run in runs]


def _in_order(texts: Iterable[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(texts))
    try:
        return tuple(sorted(distinct, key=float))
    except ValueError:
        return tuple(distinct)
