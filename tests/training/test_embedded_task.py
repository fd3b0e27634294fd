"""The embedded data set is a real task: a linear model fails at it, a small CNN learns it within three epochs."""

from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.data.load import load
from cifar_tui.events import Results, RunEnded
from cifar_tui.paths import find_paths
from cifar_tui.training.loop import train


def _results(model: str, home: Path, **recipe: float) -> Results:
    training = {"batch_size": 128, "device": "cpu"} | recipe
    values = {"model": {"name": model}, "data": {"source": "synthetic"}, "training": training}
    config = RunConfig.model_validate(values)
    found: list[Results] = []

    def hear(event: object) -> None:
        if isinstance(event, RunEnded) and event.results:
            found.append(event.results)

    train(config, load(config.data, find_paths(home)), hear, lambda: False)
    return found[0]


@pytest.mark.parametrize(("lr", "epochs"), [(1e-3, 15), (0.1, 10)])
def test_softmax_regression_stays_below_40_percent(tmp_path: Path, lr: float, epochs: int) -> None:
    assert _results("softmax_regression", tmp_path, lr=lr, epochs=epochs).test_accuracy < 0.40


def test_simple_cnn_passes_60_percent_within_three_epochs(tmp_path: Path) -> None:
    assert _results("simple_cnn", tmp_path, lr=1e-3, epochs=3).test_accuracy > 0.60
