"""What a run is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TestScores:
    """Fractions in 0–1."""

    accuracy: float
    top5_accuracy: float
    macro_f1: float
    superclass_accuracy: float | None


def score(labels: NDArray[np.int64], probabilities: NDArray[np.float32], superclass_of: Sequence[int]) -> TestScores:
    """Score predictions.

    Args:
        labels: true classes, `[N]`.
        probabilities: `[N, classes]`.
        superclass_of: the superclass of each class; empty where there are none.
    """
    from sklearn.metrics import f1_score, top_k_accuracy_score  # a second to import, which no first batch waits for

    predicted = probabilities.argmax(axis=1)
    classes = np.arange(probabilities.shape[1])
    superclass_accuracy = None
    if superclass_of:
        parent = np.asarray(superclass_of)
        superclass_accuracy = float((parent[predicted] == parent[labels]).mean())
    return TestScores(
        accuracy=float((predicted == labels).mean()),
        top5_accuracy=float(top_k_accuracy_score(labels, probabilities, k=5, labels=classes))
        if len(classes) > 5
        else 1.0,
        macro_f1=float(f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)),
        superclass_accuracy=superclass_accuracy,
    )
