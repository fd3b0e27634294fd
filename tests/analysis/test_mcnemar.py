"""Two runs on the same images."""

from dataclasses import replace

import numpy as np
import pytest

from cifar_tui.analysis.errors import PredictionsError
from cifar_tui.analysis.mcnemar import paired_test
from cifar_tui.analysis.predictions import Predictions


def _of(*predicted: int) -> Predictions:
    """A model of two classes on images that are all of the second one."""
    return Predictions(
        np.ones(len(predicted), dtype=np.int64), np.eye(2, dtype=np.float32)[list(predicted)], ("a", "b")
    )


def test_counted_by_hand() -> None:
    # B alone is right on 5 images, A alone on 1: p = 2 · (1 + 6) / 2^6.
    found = paired_test(_of(1, 1, 0, 0, 0, 0, 0, 0), _of(1, 0, 1, 1, 1, 1, 1, 0))
    assert (found.images, found.both_right, found.only_first, found.only_second, found.both_wrong) == (8, 1, 1, 5, 1)
    assert found.p_value == pytest.approx(14 / 64)
    assert found.agreement == 2 / 8


def test_the_order_changes_nothing_but_the_sides(invented: Predictions, another: Predictions) -> None:
    found, turned = paired_test(invented, another), paired_test(another, invented)
    assert (found.only_first, found.only_second) == (turned.only_second, turned.only_first)
    assert found.p_value == pytest.approx(turned.p_value)
    assert found.both_right + found.only_first == invented.is_right.sum()
    assert found.both_right + found.only_first + found.only_second + found.both_wrong == len(invented)
    assert found.agreement == pytest.approx((invented.predicted == another.predicted).mean())


def test_a_run_beside_itself(invented: Predictions) -> None:
    found = paired_test(invented, invented)
    assert (found.only_first, found.only_second, found.p_value, found.agreement) == (0, 0, 1.0, 1.0)


def test_other_images_and_other_classes(invented: Predictions) -> None:
    with pytest.raises(PredictionsError, match="different images"):
        paired_test(invented, replace(invented, labels=invented.labels[::-1]))
    with pytest.raises(PredictionsError, match="different images"):
        paired_test(_of(1, 1), _of(1, 1, 1))
    with pytest.raises(PredictionsError, match="different classes"):
        paired_test(invented, _of(1))
    with pytest.raises(PredictionsError, match="different classes"):
        paired_test(_of(1), replace(_of(1), class_names=("x", "y")))


def test_images_that_are_known_to_differ_and_those_of_which_nothing_is_known(invented: Predictions) -> None:
    known = replace(invented, images="a1")
    with pytest.raises(PredictionsError, match="different images"):
        paired_test(known, replace(invented, images="b2"))
    assert paired_test(known, known).agreement == paired_test(known, invented).agreement == 1


def test_names_that_one_file_lacks_do_not_matter() -> None:
    assert paired_test(_of(1), replace(_of(1), class_names=("class 0", "class 1"))).images == 1
