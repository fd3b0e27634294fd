"""Homes with runs in them, for an app in a process of its own."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_tui.config import DataConfig, RunConfig, Source
from cifar_tui.config.overrides import override
from cifar_tui.data.cache import save_dataset
from cifar_tui.data.cifar100_names import CLASS_NAMES
from cifar_tui.data.dataset import ImageDataset, LabelledImages
from cifar_tui.events import Results, RunStarted
from cifar_tui.paths import find_paths
from cifar_tui.presets import load_presets
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import Run, RunStore

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BEST = "run 00000"
"""The run with the best test accuracy of those that `write_finished_runs` writes."""

ENDLESS = 100_000
"""Epochs that no test sees the last of."""


def app_command(home: Path, *arguments: str) -> list[str]:
    """Return the command that runs the app, or one of its commands, on `home`."""
    return [sys.executable, "-m", "cifar_tui", "--home", str(home), *arguments]


def open_store(home: Path) -> RunStore:
    """Return the run folders of `home`."""
    return RunStore(find_paths(home).runs)


def status_on_disk(run: Run) -> str:
    """Return the status that a run's folder says, without asking whether its process lives."""
    return str(json.loads((run.folder / "run.json").read_text())["status"])


def preset(home: Path, key: str, settings: Sequence[str]) -> RunConfig:
    """Return a preset with `KEY=VALUE` settings."""
    return override(load_presets(find_paths(home)).find(key).config, settings)


def queue_run(home: Path, images: Path, *, epochs: int, name: str = "") -> Run:
    """Queue a run whose epochs take a few hundredths of a second each."""
    settings = ["data.source=folder", f"data.path={images}", "training.batch_size=6", "training.device=cpu"]
    config = preset(home, "part1/softmax_regression", [*settings, f"training.epochs={epochs}"])
    return open_store(home).create(config.model_copy(update={"name": name}), RunStatus.QUEUED)


def write_images(home: Path, train: NDArray[np.uint8]) -> None:
    """Give `home` a CIFAR-100 of these images, `[N, 32, 32, 3]`, as many of each class, and one of each to test."""
    test = np.random.default_rng(1).integers(0, 256, (100, 32, 32, 3), np.uint8)
    images = LabelledImages(train, np.arange(100).repeat(len(train) // 100))
    tested = LabelledImages(test, np.arange(100))
    save_dataset(ImageDataset("CIFAR-100", images, None, tested, CLASS_NAMES), find_paths(home).cifar100)


def write_finished_runs(home: Path, count: int) -> None:
    """Write `count` finished runs, `run 00000` to the best of them, every column in an order of its own."""
    runs = find_paths(home).runs
    runs.mkdir(parents=True)
    # Written as text from one record, as building and checking each would take longer than the app takes to read them.
    record = json.loads(_finished("").model_dump_json())
    for number in range(count):
        shuffled = number * 7919 % count / count
        record["config"]["name"] = f"run {number:05}"
        record["created_at"] = (BEGAN + timedelta(minutes=number)).isoformat()
        record["results"] |= {
            "test_accuracy": 0.9 - 0.8 * number / count,
            "val_accuracy": 0.1 + 0.8 * shuffled,
            "macro_f1": 0.9 - 0.8 * shuffled,
            "accuracy_per_million": 1 + 100 * shuffled,
            "seconds": 10 + 1000 * shuffled,
        }
        folder = runs / f"run-{number:05}"
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(record))


def write_run_called(home: Path, name: str, number: int) -> None:
    """Write one finished run with a name of any kind; it began after those with lower numbers."""
    began = BEGAN + timedelta(minutes=number)
    record = _finished(name).model_copy(update={"created_at": began, "started_at": began})
    # Made aside and moved, so that an app that is looking never meets it half written.
    folder = find_paths(home).runs / f".named-{number}"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(record.model_dump_json())
    folder.rename(folder.with_name(f"named-{number}"))


def some_start() -> RunStarted:
    """Return what a run says that begins."""
    return RunStarted(
        dataset="synthetic",
        device="cpu (2 threads)",
        parameters=346_628,
        train_images=10_000,
        val_images=2_000,
        test_images=2_000,
        batches_per_epoch=79,
    )


def some_results() -> Results:
    """Return what came of a run."""
    return Results(
        test_accuracy=0.6, test_loss=1.5, top5_accuracy=0.85, macro_f1=0.59, superclass_accuracy=0.7,
        val_accuracy=0.61, train_accuracy=0.6, parameters=346_628, accuracy_per_million=173.1,
        epochs=30, seconds=600.0, images_per_second=2400.0, peak_memory=900_000_000,
    )  # fmt: skip


def _finished(name: str) -> RunRecord:
    config = RunConfig.model_validate({"model": {"name": "simple_cnn"}, "data": DataConfig(source=Source.SYNTHETIC)})
    return RunRecord(
        config=config.model_copy(update={"name": name}),
        status=RunStatus.FINISHED,
        created_at=BEGAN,
        started_at=BEGAN,
        ended_at=BEGAN,
        started=some_start(),
        results=some_results(),
    )
