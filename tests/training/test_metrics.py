"""Scores of tiny predictions, counted by hand."""

import numpy as np
import pytest

from cifar_tui.events import accuracy_per_million
from cifar_tui.training import metrics


def _probabilities(predicted: list[int], classes: int) -> np.ndarray:
    """The predicted class first, the others in their order."""
    scores = np.tile(np.linspace(0.01, 0.001, classes, dtype=np.float32), (len(predicted), 1))
    scores[np.arange(len(predicted)), predicted] = 0.9
    return scores


def test_counted_by_hand() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, 2, 3])
    scores = metrics.score(labels, _probabilities([0, 1, 1, 1, 2, 0, 3, 0], 4), superclass_of=(0, 0, 1, 1))
    assert scores.accuracy == 4 / 8
    assert scores.superclass_accuracy == 6 / 8
    # precision and recall of each class: 1/3, 1/2; 2/3, 1; 1, 1/3; 0, 0
    assert scores.macro_f1 == pytest.approx((0.4 + 0.8 + 0.5 + 0.0) / 4)
    assert scores.top5_accuracy == 1.0  # of four classes


def test_top5_takes_the_five_likeliest() -> None:
    labels = np.array([9, 4, 3, 5])
    # The likeliest five are the predicted class and the first four others.
    scores = metrics.score(labels, _probabilities([9, 0, 8, 0], 10), superclass_of=())
    assert scores.top5_accuracy == 3 / 4
    assert scores.superclass_accuracy is None


def test_a_class_without_test_images_does_not_count() -> None:
    scores = metrics.score(np.array([0, 1]), _probabilities([0, 1], 3), superclass_of=())
    assert scores.macro_f1 == 1.0


def test_accuracy_per_million_is_the_reports() -> None:
    assert accuracy_per_million(0.3588, 346_628) == pytest.approx(103.5, abs=0.05)
