"""Which classes are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.predictions import Labelling


@dataclass(frozen=True)
class ConfusedPair:
    """A true class and a wrong one that it was taken for."""

    true: int
    """Index into the names, like `predicted`."""
    predicted: int
    true_name: str
    predicted_name: str
    count: int
    """Images of the true class that were taken for the predicted one."""
    share: float
    """Of the true class's images."""
    back: int
    """Images that were taken the other way round."""


def confusion_matrix(labelling: "Labelling") -> "NDArray[np.int64]":
    """Count the images of each true group, a row, by what they were taken for, a column: `[G, G]`."""
    import numpy as np

    groups = len(labelling.names)
    cells = np.bincount(labelling.labels * groups + labelling.predicted, minlength=groups * groups)
    return cells.reshape(groups, groups)


def most_confused(
    matrix: "NDArray[np.int64]", names: Sequence[str], most: int | None = None
) -> tuple[ConfusedPair, ...]:
    """Return the pairs with images, those with most of them first; of equal ones in the order of the classes.

    Args:
        matrix: of `confusion_matrix`.
        names: of its rows and columns.
        most: how many pairs; None returns all.
    """
    counts, support = matrix.tolist(), matrix.sum(axis=1).tolist()
    pairs = [
        ConfusedPair(true, taken, names[true], names[taken], count, count / support[true], counts[taken][true])
        for true, row in enumerate(counts)
        for taken, count in enumerate(row)
        if count and true != taken
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.count)[:most])
