"""Runs beside one another."""

from collections.abc import Callable

import pytest

from cifar_tui.config import RunConfig, override
from cifar_tui.events import Results
from cifar_tui.runs.compare import changes_from, differences, metrics, shortened, within_spread

MLP = RunConfig.model_validate({"name": "a", "model": {"name": "mlp"}})


def test_equal_settings_differ_in_nothing() -> None:
    assert differences([]) == []
    assert differences([MLP]) == []
    assert differences([MLP, MLP.model_copy(update={"name": "b", "preset": "p", "part": 3})]) == []


def test_only_what_differs_is_told_in_the_order_of_the_form() -> None:
    other = override(MLP, ["training.lr=0.01", "model.hidden_sizes=[64]", "data.flip=off"])
    third = override(MLP, ["training.lr=0.01"])
    found = differences([MLP, other, third])
    assert [(difference.title, difference.texts) for difference in found] == [
        ("Hidden sizes", ("512, 256", "64", "512, 256")),
        ("Horizontal flip", ("random", "off", "random")),
        ("Learning rate", ("0.001", "0.01", "0.01")),
    ]
    assert found[2].path == ("training", "lr")


def test_what_a_model_does_not_have_is_empty() -> None:
    lstm = override(MLP, ["model.name=image_lstm"])
    found = {difference.path: difference.texts for difference in differences([MLP, lstm])}
    assert found["model", "name"] == ("mlp", "image_lstm")
    assert found["model", "hidden_sizes"] == ("512, 256", "")
    assert found["model", "layers"] == ("", "2")
    assert ("model", "dropout") not in found  # both have 0.3


def test_changes_from_a_preset() -> None:
    (change,) = changes_from(override(MLP, ["training.epochs=7"]), MLP)
    assert (change.title, change.texts) == ("Epochs", ("50", "7"))


def test_metrics_are_compared_with_the_first_run(make_results: Callable[..., Results]) -> None:
    results = [
        make_results(superclass_accuracy=0.6),
        None,
        make_results(test_accuracy=0.4875, parameters=900_000, seconds=125.0, train_accuracy=0.61),
    ]
    table = {metric.title: metric for metric in metrics(results)}
    assert table["Test %"].texts == ("50.00", "", "48.75")
    assert table["Test %"].changes[:2] == (None, None)
    assert table["Test %"].changes[2] == pytest.approx(-0.0125)
    assert table["Test %"].change_texts == ("", "", "-1.25")
    assert table["Train - val"].texts == ("4.00", "", "10.00")
    assert table["Train - val"].change_texts[2] == "+6.00"
    assert table["Superclass %"].texts == ("60.00", "", "")
    assert table["Superclass %"].change_texts == ("", "", "")
    assert (table["Params"].change_texts[2], table["Time"].change_texts[2]) == ("-100.0K", "+1:05")
    assert table["img/s"].texts[0] == "1,000"
    assert all(metric.texts == () for metric in metrics([]))


@pytest.mark.parametrize(
    ("change", "expected"),
    [(0.001, "within"), (-0.011, "within"), (0.0111, "beyond"), (-0.2, "beyond")],
)
def test_a_small_difference_of_two_runs_could_be_the_seeds(change: float, expected: str) -> None:
    assert within_spread(change) == f"{expected} the seed spread"


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (["mlp", "gru"], 20, ["mlp", "gru"]),
        (["abcdefghij", "mlp"], 5, ["ab…ij", "mlp"]),
        (["part1/softmax seed=1", "part1/softmax seed=2"], 9, ["part…ed=1", "part…ed=2"]),
        (["a1cdefghij", "a2cdefghij"], 5, ["a1…ij", "a2…ij"]),
        (["abcdefg12345678", "abcdefg92345678"], 5, ["…g12…", "…g92…"]),
        (["same name", "same name"], 5, ["sa…me", "sa…me"]),
        ([], 5, []),
    ],
)
def test_names_are_shortened_where_they_are_alike(names: list[str], width: int, expected: list[str]) -> None:
    assert shortened(names, width) == expected
