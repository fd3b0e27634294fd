"""Predictions of an invented model, the same ones each time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_tui.analysis.predictions import FILE, Predictions
from cifar_tui.config import RunConfig
from cifar_tui.events import RunStarted
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore

CLASSES, IMAGES = 12, 600


def invent(seed: int = 0) -> Predictions:
    """A model of twelve classes in four superclasses that is right in about half of all cases."""
    random = np.random.default_rng(seed)
    labels = np.sort(np.random.default_rng(0).integers(0, CLASSES - 1, IMAGES))  # the last class has no images
    logits = random.normal(size=(IMAGES, CLASSES))
    logits[np.arange(IMAGES), labels] += 1.6
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        labels.astype(np.int64),
        probabilities.astype(np.float16).astype(np.float32),
        tuple(f"kind {label}" for label in range(CLASSES)),
        ("north", "east", "south", "west"),
        tuple(label % 4 for label in range(CLASSES)),
    )


@pytest.fixture(scope="session")
def invented() -> Predictions:
    return invent()


@pytest.fixture(scope="session")
def another() -> Predictions:
    """Another model, on the same images."""
    return invent(1)


MakeRun = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Make a finished run with the arrays given as its predictions; with none, without the file."""
    store = RunStore(tmp_path / "runs")

    def make(dataset: str = "CIFAR-100", **arrays: Any) -> Run:
        run = store.create(RunConfig.model_validate({"name": "mine", "model": {"name": "mlp"}}), RunStatus.FINISHED)
        started = RunStarted(dataset, "cpu", 1, 1, 1, 1, 1)
        run = store.change(run.id, lambda record: record.model_copy(update={"started": started}))
        if arrays:
            np.savez(run.folder / FILE, **arrays)
        return run

    return make
