"""How well each class is recognised: precision, recall, F1."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScore:
    """One class, or superclass. Shares are fractions, and 0 where they would be 0/0, as in scikit-learn."""

    index: int
    """Into the names."""
    name: str
    support: int
    """Test images of the class."""
    predicted: int
    """Images that were taken for it."""
    right: int
    """Of its own images."""
    precision: float
    """The share of what was taken for it that is of it."""
    recall: float
    """The share of its images that were recognised: the class's accuracy."""
    f1: float
    """The harmonic mean of precision and recall."""


SORTS: Mapping[str, Callable[[ClassScore], float | str]] = {
    "recall": lambda score: score.recall,
    "precision": lambda score: score.precision,
    "f1": lambda score: score.f1,
    "support": lambda score: score.support,
    "name": lambda score: score.name.lower(),
}
"""What the classes can be sorted by, by its name."""


def class_scores(matrix: "NDArray[np.int64]", names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Score each class, in the order of the names.

    The same numbers as scikit-learn's `precision_recall_fscore_support`, counted from the confusion matrix: to import
    scikit-learn takes longer than a screen may take to open.

    Args:
        matrix: of `confusion.confusion_matrix`, `[G, G]`.
        names: of its rows and columns.
    """
    support, predicted, right = matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist(), matrix.diagonal().tolist()
    return tuple(
        ClassScore(
            index, name, own, taken, hits,
            precision=hits / taken if taken else 0.0,
            recall=hits / own if own else 0.0,
            f1=2 * hits / (own + taken) if own + taken else 0.0,
        )
        for index, (name, own, taken, hits) in enumerate(zip(names, support, predicted, right, strict=True))
    )  # fmt: skip


def sorted_scores(scores: Iterable[ClassScore], key: str = "recall", *, reverse: bool = False) -> list[ClassScore]:
    """Sort by one of `SORTS`: the lowest, or the first in the alphabet, first; what is equal stays in its order."""
    return sorted(scores, key=SORTS[key], reverse=reverse)


def macro_f1(scores: Sequence[ClassScore]) -> float:
    """Return the mean F1 of the classes that have test images."""
    tested = [score.f1 for score in scores if score.support]
    return sum(tested) / len(tested)
