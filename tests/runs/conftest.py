"""Run folders in a temporary home, and runs that train in moments."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from cifar_tui.config import RunConfig
from cifar_tui.events import EpochFinished, Results
from cifar_tui.paths import Paths, find_paths
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.store import RunStore


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # so small tensors only lose time when shared out
    yield
    torch.set_num_threads(before)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "home")


@pytest.fixture
def store(paths: Paths) -> RunStore:
    return RunStore(paths.runs)


@pytest.fixture
def queue(store: RunStore) -> RunQueue:
    return RunQueue(store)


MakeConfig = Callable[..., RunConfig]


@pytest.fixture
def make_config(images: Path) -> MakeConfig:
    """Make the configuration of a run of a few milliseconds: `make_config("first", epochs=2)`."""

    def make(name: str = "", model: str = "softmax_regression", **training: Any) -> RunConfig:
        return RunConfig.model_validate(
            {
                "name": name,
                "model": {"name": model},
                "data": {"source": "folder", "path": str(images)},
                "training": {"epochs": 1, "batch_size": 8, "device": "cpu"} | training,
            }
        )

    return make


def make_results(**changes: Any) -> Results:
    """The results of an invented run."""
    values: dict[str, Any] = {
        "test_accuracy": 0.5,
        "test_loss": 2.0,
        "top5_accuracy": 0.8,
        "macro_f1": 0.48,
        "superclass_accuracy": None,
        "val_accuracy": 0.51,
        "train_accuracy": 0.55,
        "parameters": 1_000_000,
        "accuracy_per_million": 50.0,
        "epochs": 30,
        "seconds": 60.0,
        "images_per_second": 1000.0,
        "peak_memory": 10**9,
    }
    return Results(**values | changes)


def make_epoch(epoch: int) -> EpochFinished:
    """An invented epoch."""
    return EpochFinished(epoch, 4.0 / epoch, 0.1 * epoch, 4.1 / epoch, 0.09 * epoch, 1e-3, 2.0, 1000.0)


@pytest.fixture(name="make_results")
def _make_results() -> Callable[..., Results]:
    return make_results


@pytest.fixture(name="make_epoch")
def _make_epoch() -> Callable[[int], EpochFinished]:
    return make_epoch


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for a condition that another thread or process brings about."""

    def wait(condition: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.01)

    return wait
