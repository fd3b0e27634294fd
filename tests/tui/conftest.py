"""A home folder for the app, empty or with runs in every state, all of them with fixed times and numbers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from rich.console import Console
from rich.text import Text
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from cifar_tui.analysis import inside
from cifar_tui.bench.probe import Answer, Request, serve
from cifar_tui.config import DataConfig, RunConfig, Source, TrainingConfig
from cifar_tui.data import cifar100_names
from cifar_tui.data.cache import save_dataset
from cifar_tui.data.dataset import ImageDataset, LabelledImages
from cifar_tui.data.variants import Variants
from cifar_tui.data.variants import serve as augment
from cifar_tui.events import BatchProgress, EpochFinished, Results, RunStarted
from cifar_tui.models.build import build
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import RunStore
from cifar_tui.training.checkpoint import write_checkpoint
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.line_process import LineProcess
from cifar_tui.tui.probe import Probe

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fixed_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def probe_process() -> None:
    """For a test that wants the processes beside the app asked; the others get layers and variants without them."""


@pytest.fixture(autouse=True)
def _probe_in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "probe_process" in request.fixturenames:
        return

    async def ask(self: Probe, config: RunConfig, *, measure: bool) -> None:
        answers: list[Answer] = []
        await asyncio.to_thread(
            serve, [Request(number=1, config=config, measure=False).model_dump_json()], answers.append
        )
        self._hear(config, answers[0])

    monkeypatch.setattr(Probe, "ask", ask)


@pytest.fixture(autouse=True)
def _lines_answered_in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "probe_process" in request.fixturenames:
        return

    async def write(self: LineProcess, line: bytes) -> None:
        if self._module == "cifar_tui.analysis.inside":
            seen: list[inside.Answer] = []
            await asyncio.to_thread(inside.serve, [line.decode()], seen.append)
            self._hear(json.dumps(asdict(seen[0])).encode())
            return
        answers: list[Variants] = []
        await asyncio.to_thread(augment, [line], answers.append)
        self._hear(answers[0].model_dump_json().encode())

    monkeypatch.setattr(LineProcess, "write", write)


@pytest.fixture(autouse=True)
def _nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that come with the project grow with what it measures; these tests hold what they make themselves."""
    monkeypatch.setattr("cifar_tui.tui.look.measured_runs", lambda: tmp_path / "nothing measured")


@pytest.fixture(autouse=True)
def _a_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there and says nothing, whatever machine this is; no test here hands it a run."""
    monkeypatch.setattr("cifar_tui.slurm.submit.check_slurm", lambda: None)
    monkeypatch.setattr(CifarApp, "look_at_slurm", lambda *_: None)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(data=tmp_path, datasets=tmp_path / "datasets", presets=tmp_path / "presets")


@pytest.fixture
def app(paths: Paths) -> Iterator[CifarApp]:
    app = CifarApp(paths)
    yield app
    app.runner.shut_down()
    assert app.runner.join(timeout=60)


CONSOLE = Console(color_system="truecolor", force_terminal=True)


def drawn(widget: Widget, y: int = 0) -> Text:
    """Return a line of a widget, without its border, as the terminal is sent it."""
    line = Region(widget.gutter.left, widget.gutter.top + y, widget.size.width, 1)
    return Text.from_ansi("".join(strip.render(CONSOLE) for strip in widget.render_lines(line)))


async def until(pilot: Pilot[None], condition: Callable[[], bool], seconds: float = 60) -> None:
    """Let the app work until `condition` holds."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"never came true within {seconds} s: {condition}")


@asynccontextmanager
async def running(app: CifarApp, size: tuple[int, int]) -> AsyncIterator[Pilot[None]]:
    """The app in a terminal of `size`, its tabs filled."""
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.is_furnished)
        yield pilot


def small_run(name: str = "", *, epochs: int = 1) -> RunConfig:
    """A run of a second or so."""
    return RunConfig.model_validate(
        {
            "name": name,
            "model": {"name": "softmax_regression"},
            "data": {"source": "synthetic"},
            "training": {"epochs": epochs, "batch_size": 256, "device": "cpu"},
        }
    )


def curve(epochs: int) -> list[EpochFinished]:
    """A plausible history."""
    return [
        EpochFinished(
            epoch=epoch,
            train_loss=4.2 / epoch**0.35,
            train_accuracy=0.55 * epoch / (epoch + 4),
            val_loss=4.1 / epoch**0.3,
            val_accuracy=0.6 * epoch / (epoch + 5),
            lr=1e-3,
            seconds=20.0,
            images_per_second=2400.0,
        )
        for epoch in range(1, epochs + 1)
    ]


class RunMaker:
    """Writes run folders as a trainer would have."""

    def __init__(self, paths: Paths) -> None:
        self.store = RunStore(paths.runs)
        self.library = load_presets(paths)
        self._made = 0

    def make(
        self,
        preset: str,
        status: RunStatus,
        *,
        name: str = "",
        epochs: int = 0,
        accuracy: float | None = None,
        error: str | None = None,
        synthetic: bool = False,
        position: float = 0.0,
        seed: int = 0,
    ) -> str:
        base = self.library.find(preset).config
        config = base.model_copy(
            update={
                "name": name,
                "data": DataConfig(source=Source.SYNTHETIC) if synthetic else base.data,
                "training": TrainingConfig(epochs=30, batch_size=128, lr=base.training.lr, seed=seed),
            }
        )
        self._made += 1
        run_id = f"run-{self._made:02}"
        folder = self.store.folder / run_id
        folder.mkdir(parents=True)
        parameters = 346_628
        started = RunStarted(
            dataset="synthetic" if synthetic else "CIFAR-100",
            device="cpu (2 threads)",
            parameters=parameters,
            train_images=45_000,
            val_images=5_000,
            test_images=10_000,
            batches_per_epoch=352,
        )
        results = None
        if accuracy is not None:
            results = Results(
                test_accuracy=accuracy, test_loss=1.5, top5_accuracy=0.85, macro_f1=accuracy - 0.01,
                superclass_accuracy=0.7, val_accuracy=accuracy + 0.01,
                train_accuracy=0.6, parameters=parameters,
                accuracy_per_million=accuracy * 100 / 0.346628, epochs=epochs, seconds=20.0 * epochs,
                images_per_second=2400.0, peak_memory=900_000_000,
            )  # fmt: skip
        has_begun = status is not RunStatus.QUEUED
        record = RunRecord(
            config=config,
            status=status,
            created_at=BEGAN + timedelta(minutes=self._made),
            started_at=BEGAN + timedelta(minutes=self._made) if has_begun else None,
            queue_position=position,
            started=started if has_begun else None,
            results=results,
            error=error,
        )
        (folder / "run.json").write_text(record.model_dump_json())
        if epochs:
            lines = "".join(json.dumps(asdict(epoch)) + "\n" for epoch in curve(epochs))
            (folder / "epochs.jsonl").write_text(lines)
        return run_id

    def predict(self, run_id: str, *, seed: int = 0, skill: float = 3.0, **changes: object) -> None:
        """Write what the run predicts of a thousand images, ten a class of CIFAR-100.

        Args:
            run_id: the run.
            seed: other predictions for another one.
            skill: how far the true class's logit lies above the others', whose standard deviation is 1.
            changes: arrays to write in place of these, or beside them.
        """
        random = np.random.RandomState(seed)
        labels = np.repeat(np.arange(100), 10)
        logits = random.standard_normal((1000, 100))
        logits[np.arange(1000), labels] += skill
        logits[np.arange(1000), (labels + 1) % 100] += skill / 2  # so that some pairs are confused more than others
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        arrays = {"labels": labels, "probabilities": probabilities.astype(np.float16)} | changes
        np.savez(self.store.folder / run_id / "predictions.npz", **arrays)

    def keep_weights(self, run_id: str) -> None:
        """Write a checkpoint of the run's network, as it is before any training."""
        torch.manual_seed(0)
        weights = build(self.store.get(run_id).config.model).state_dict()
        state = {"model": weights, "average": None, "best_weights": None, "position": {"epoch": 31}}
        with (self.store.folder / run_id / "checkpoint.pt").open("wb") as file:
            write_checkpoint(state, file)

    def keep_images(self, paths: Paths) -> None:
        """Lay the images that `predict` is about into the cache as CIFAR-100: each class a colour of its own."""
        labels = np.repeat(np.arange(100), 10)
        colours = np.stack([labels * 2, 255 - labels * 2, np.full_like(labels, 90)], axis=1).astype(np.uint8)
        shade = np.linspace(0.3, 1, 32)[:, None, None]
        test = LabelledImages((colours[:, None, None, :] * shade).astype(np.uint8).repeat(32, axis=2), labels)
        train = LabelledImages(test.pixels[:1], labels[:1])
        names = cifar100_names.CLASS_NAMES
        save_dataset(ImageDataset("CIFAR-100", train, None, test, names), paths.cifar100)

    def train(self, run_id: str, epoch: int) -> None:
        """Write how far the run is within `epoch`."""
        self.store.write_progress(run_id, BatchProgress(epoch, 176, 352, 2.345, 9e-4, 1.7, 2412.0))


@pytest.fixture
def queue_held(paths: Paths) -> Iterator[None]:
    """Works the queue as another process would, so that the app leaves queued runs alone."""
    paths.data.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.data / "runner.lock"):
        yield


@pytest.fixture
def runs(paths: Paths) -> RunMaker:
    return RunMaker(paths)


@pytest.fixture
def furnished(runs: RunMaker, queue_held: None) -> Iterator[RunMaker]:
    """Runs in every state, one of them being trained by this very process."""
    runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.6012)
    runs.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.3007, name="MLP [red]wide[/] " + "x" * 60)
    runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.9, synthetic=True, name="embedded data")
    runs.make("part4/channel_token_vit", RunStatus.STOPPED, epochs=4)
    runs.make(
        "part5/lstm_row", RunStatus.FAILED, error="The loss became nan in epoch 1, by batch 40, at learning rate 10."
    )
    runs.make("part3/custom_vit", RunStatus.INTERRUPTED, epochs=7)
    running = runs.make("part1/simple_cnn", RunStatus.RUNNING, epochs=12, name="SimpleCNN, label smoothing")
    runs.train(running, 13)
    runs.make("part5/gru_row", RunStatus.QUEUED, position=2)
    runs.make("part1/simple_vit", RunStatus.QUEUED, position=1)
    with runs.store.training_lock(running):
        yield runs
