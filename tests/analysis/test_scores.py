"""Classes, confusion and calibration: the same numbers as scikit-learn's, or counted by hand."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)
from sklearn.metrics import (
    confusion_matrix as reference_matrix,
)

from cifar_tui.analysis.calibration import calibrate
from cifar_tui.analysis.classes import SORTS, class_scores, sorted_scores
from cifar_tui.analysis.confusion import confusion_matrix, most_confused
from cifar_tui.analysis.inspection import inspect_predictions
from cifar_tui.analysis.predictions import Labelling, Predictions

from .conftest import CLASSES


def test_scores_are_scikit_learns(invented: Predictions) -> None:
    for labelling in (invented.by_class(), invented.by_superclass()):
        assert labelling is not None
        matrix = confusion_matrix(labelling)
        groups = range(len(labelling.names))
        assert (matrix == reference_matrix(labelling.labels, labelling.predicted, labels=groups)).all()
        expected = precision_recall_fscore_support(
            labelling.labels, labelling.predicted, labels=groups, zero_division=0
        )
        scores = class_scores(matrix, labelling.names)
        found = [[getattr(score, name) for score in scores] for name in ("precision", "recall", "f1", "support")]
        assert np.allclose(found, expected, atol=1e-12)
        assert [score.name for score in scores] == list(labelling.names)


def test_the_sums_are_scikit_learns(invented: Predictions) -> None:
    inspection = inspect_predictions(invented)
    labels, predicted = invented.labels, invented.predicted
    assert inspection.accuracy == inspection.classes.accuracy == pytest.approx(accuracy_score(labels, predicted))
    expected = f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)
    assert inspection.macro_f1 == pytest.approx(expected)
    expected = top_k_accuracy_score(labels, invented.probabilities, k=5, labels=range(CLASSES))
    assert inspection.top5_accuracy == pytest.approx(expected, abs=0.01)  # equal probabilities are ordered otherwise
    distinct = invented.probabilities + np.arange(CLASSES)[::-1] * 1e-9
    exact = Predictions(labels, distinct, invented.class_names)
    assert exact.top_k_accuracy() == pytest.approx(top_k_accuracy_score(labels, distinct, k=5, labels=range(CLASSES)))
    assert exact.top_k_accuracy(1) == exact.accuracy


def test_scores_can_be_sorted(invented: Predictions) -> None:
    scores = inspect_predictions(invented).classes.scores
    for key in SORTS:
        values = [SORTS[key](score) for score in sorted_scores(scores, key)]
        assert values == sorted(values)
        assert [SORTS[key](score) for score in sorted_scores(scores, key, reverse=True)] == values[::-1]


def test_pairs_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    taken = np.array([0, 1, 1, 2, 0, 1, 2])
    matrix = confusion_matrix(Labelling(("a", "b", "c"), labels, taken))
    assert matrix.tolist() == [[1, 2, 1], [1, 1, 0], [0, 0, 1]]
    pairs = most_confused(matrix, ("a", "b", "c"))
    shown = [(pair.true_name, pair.predicted_name, pair.count, pair.share, pair.back) for pair in pairs]
    assert shown == [("a", "b", 2, 0.5, 1), ("a", "c", 1, 0.25, 0), ("b", "a", 1, 0.5, 2)]
    assert most_confused(matrix, ("a", "b", "c"), 1) == pairs[:1]


def test_a_level_says_what_a_class_is_taken_for(invented: Predictions) -> None:
    level = inspect_predictions(invented).classes
    pair = level.taken_for(0)
    assert pair is not None
    row = list(level.matrix[0])
    row[0] = 0
    assert pair.count == max(row) == level.matrix[0][pair.predicted]
    assert level.taken_for(CLASSES - 1) is None


def test_calibration_by_hand() -> None:
    # Confidences 0.5, 1 | 0.75, 0.75: of two bins, (0, 0.5] holds the first alone.
    probabilities = np.array([[0.5, 0.5], [0.0, 1.0], [0.75, 0.25], [0.75, 0.25]], dtype=np.float32)
    found = calibrate(Predictions(np.array([1, 1, 0, 1]), probabilities, ("a", "b")), bins=2)
    low, high = found.bins
    assert (low.low, low.high, low.count, low.right, low.confidence, low.accuracy) == (0, 0.5, 1, 0, 0.5, 0)
    assert (high.count, high.right, high.wrong) == (3, 2, 1)
    assert high.confidence == pytest.approx(2.5 / 3)
    assert found.ece == pytest.approx(1 / 4 * 0.5 + 3 / 4 * abs(2 / 3 - 2.5 / 3))
    assert (found.confidence, found.accuracy, found.is_overconfident) == (0.75, 0.5, True)


def test_fifteen_bins_hold_every_image_and_the_sure_and_right_have_no_error(invented: Predictions) -> None:
    found = calibrate(invented)
    assert len(found.bins) == 15
    assert sum(part.count for part in found.bins) == len(invented)
    assert sum(part.right for part in found.bins) == invented.is_right.sum()
    assert found.bins[0].count == 0
    assert found.bins[0].accuracy is None
    expected = 0.0
    for part in found.bins:
        inside = (invented.confidence > part.low) & (invented.confidence <= part.high)
        if inside.any():
            gap = abs(invented.is_right[inside].mean() - invented.confidence[inside].mean())
            expected += inside.mean() * gap
    assert found.ece == pytest.approx(expected, abs=1e-6)
    sure = Predictions(np.arange(3), np.eye(3, dtype=np.float32), ("a", "b", "c"))
    assert calibrate(sure).ece == 0
