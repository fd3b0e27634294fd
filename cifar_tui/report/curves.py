"""A run's curves, or those of several seeds as one: the mean, and how far they lie apart."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cifar_tui.events import EpochFinished
from cifar_tui.report.content import Entry

_MOST_POINTS = 400
"""Of a curve; a page is not wide enough to tell more apart."""


@dataclass(frozen=True)
class Curve:
    """One measure over the epochs."""

    epochs: tuple[int, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    """Sample standard deviations; empty for a single run."""


@dataclass(frozen=True)
class LearningCurves:
    """What a row's runs say of themselves, epoch by epoch; losses in nats, accuracies as fractions."""

    title: str
    train_loss: Curve
    val_loss: Curve
    train_accuracy: Curve
    val_accuracy: Curve

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: no history is left."""
        return not self.train_loss.epochs


def learning_curves(entry: Entry) -> LearningCurves:
    """Return the curves of a row."""
    return LearningCurves(
        title=entry.title,
        train_loss=_curve(entry.histories, lambda epoch: epoch.train_loss),
        val_loss=_curve(entry.histories, lambda epoch: epoch.val_loss),
        train_accuracy=_curve(entry.histories, lambda epoch: epoch.train_accuracy),
        val_accuracy=_curve(entry.histories, lambda epoch: epoch.val_accuracy),
    )


def thinned(curve: Curve) -> Curve:
    """Return at most some hundred points of a curve, its last one among them."""
    stride = -(-len(curve.epochs) // _MOST_POINTS)
    if stride <= 1:
        return curve
    kept = slice((len(curve.epochs) - 1) % stride, None, stride)
    return Curve(curve.epochs[kept], curve.means[kept], curve.deviations[kept])


def _curve(histories: Sequence[Sequence[EpochFinished]], get: Callable[[EpochFinished], float | None]) -> Curve:
    """Average over the epochs that every run has: what one reached alone is no mean."""
    series = [
        {epoch.epoch: value for epoch in history if (value := get(epoch)) is not None}
        for history in histories
        if history
    ]
    shared = sorted(set.intersection(*(set(values) for values in series))) if series else []
    columns = [[values[epoch] for values in series] for epoch in shared]
    return Curve(
        epochs=tuple(shared),
        means=tuple(statistics.fmean(column) for column in columns),
        deviations=tuple(statistics.stdev(column) for column in columns) if len(series) > 1 else (),
    )
