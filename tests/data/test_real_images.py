"""On the real CIFAR-100, where CIFAR_TUI_TEST_CIFAR100 names the folder that holds train/ and test/."""

import os
from pathlib import Path

import numpy as np
import pytest

from cifar_tui.config import RunConfig
from cifar_tui.data.load import load
from cifar_tui.events import EpochFinished
from cifar_tui.paths import Paths, find_paths

FOLDER = os.environ.get("CIFAR_TUI_TEST_CIFAR100")
pytestmark = pytest.mark.skipif(not FOLDER, reason="CIFAR_TUI_TEST_CIFAR100 names no folder with the real images")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return find_paths(tmp_path_factory.mktemp("home"))


def configure() -> RunConfig:
    return RunConfig.model_validate(
        {
            "model": {"name": "mlp"},
            "data": {"source": "folder", "path": Path(FOLDER or "")},
            "training": {"epochs": 2, "batch_size": 128, "lr": 1e-3},
        }
    )


def test_all_60_000_images_are_there_with_their_published_means(paths: Paths):
    dataset = load(configure().data, paths)
    assert dataset.name == "CIFAR-100"
    assert [len(part) for part in (dataset.train, dataset.val, dataset.test)] == [45_000, 5_000, 10_000]
    assert set(np.bincount(dataset.train.labels)) == {450}
    assert set(np.bincount(dataset.val.labels)) == {50}
    assert set(np.bincount(dataset.test.labels)) == {100}
    everything = np.concatenate([dataset.train.pixels, dataset.val.pixels])
    means = everything.mean(axis=(0, 1, 2), dtype=np.float64) / 255
    assert means == pytest.approx((0.5071, 0.4865, 0.4409), abs=2e-4)


def test_two_epochs_of_mlp_pass_14_percent(paths: Paths):
    from cifar_tui.training.loop import train

    epochs: list[EpochFinished] = []
    train(
        configure(),
        load(configure().data, paths),
        lambda event: epochs.append(event) if isinstance(event, EpochFinished) else None,
        lambda: False,
    )
    assert epochs[-1].val_accuracy > 0.14
