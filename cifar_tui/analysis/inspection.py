"""All that is shown of a finished run's predictions, computed at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cifar_tui.analysis.calibration import Calibration, calibrate
from cifar_tui.analysis.classes import ClassScore, class_scores, macro_f1
from cifar_tui.analysis.confusion import ConfusedPair, confusion_matrix, most_confused
from cifar_tui.analysis.predictions import Labelling, Predictions, read_predictions
from cifar_tui.runs.store import Run


@dataclass(frozen=True, eq=False)
class Level:
    """The predictions counted in classes, or in superclasses."""

    names: tuple[str, ...]
    matrix: Sequence[Sequence[int]]
    """Images by true group, a row, and predicted group, a column."""
    scores: tuple[ClassScore, ...]
    """In the order of the names."""
    pairs: tuple[ConfusedPair, ...]
    """All that are confused, those with most images first."""

    @property
    def accuracy(self) -> float:
        """The share of images that are of the predicted group."""
        return sum(score.right for score in self.scores) / sum(score.support for score in self.scores)

    def taken_for(self, group: int) -> ConfusedPair | None:
        """Return what a group is taken for most; None where it never is for another."""
        return next((pair for pair in self.pairs if pair.true == group), None)


@dataclass(frozen=True, eq=False)
class Inspection:
    """A finished run seen from inside. Shares are fractions."""

    predictions: Predictions
    classes: Level
    superclasses: Level | None
    """None where the data set has none."""
    top5_accuracy: float
    macro_f1: float
    """Of the classes that have test images."""
    calibration: Calibration

    @property
    def accuracy(self) -> float:
        """The share of images whose predicted class is the true one."""
        return self.calibration.accuracy


def inspect_predictions(predictions: Predictions) -> Inspection:
    """Count and score predictions in every way that is shown."""
    superclasses = predictions.by_superclass()
    classes = _level(predictions.by_class())
    return Inspection(
        predictions=predictions,
        classes=classes,
        superclasses=_level(superclasses) if superclasses is not None else None,
        top5_accuracy=predictions.top_k_accuracy(),
        macro_f1=macro_f1(classes.scores),
        calibration=calibrate(predictions),
    )


def inspect_run(run: Run) -> Inspection:
    """Read a run's predictions, and count and score them.

    Raises:
        PredictionsError: they are missing or damaged.
    """
    inspection = inspect_predictions(read_predictions(run))
    if run.record.results is None:
        return inspection
    # As the other screens show it: among probabilities that were rounded to float16, some of the five are equal.
    return replace(inspection, top5_accuracy=run.record.results.top5_accuracy)


def _level(labelling: Labelling) -> Level:
    matrix = confusion_matrix(labelling)
    return Level(
        names=labelling.names,
        matrix=matrix.tolist(),
        scores=class_scores(matrix, labelling.names),
        pairs=most_confused(matrix, labelling.names),
    )
