"""`cifar-tui resume`: whatever ended a run, its rest comes out as if nothing had happened."""

import json
import re
import signal
import subprocess
from collections.abc import Callable

import pytest
import torch
from typer.testing import Result

from cifar_tui.config import with_values
from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.training.checkpoint import read_checkpoint

from ..slurm.sbatch import Sbatch

Call = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[str]]

RECIPE = ["part1/mlp", "--json", "--device", "cpu", "--set", "data.source=synthetic", "--set", "training.epochs=4"]
RECIPE += ["--set", "model.hidden_sizes=[64]", "--set", "training.batch_size=500"]


def runs(paths: Paths) -> list[Run]:
    return list(RunStore(paths.runs).scan().runs)


SMALL = {
    "part1/simple_cnn": ["model.widths=[8, 16, 32]", "model.head_size=32"],
    "part3/custom_vit": ["model.patch_size=8", "model.embed_dim=32", "model.depth=1", "model.ffn_dim=64"],
    "part5/gru_patch8": ["model.hidden_size=32", "model.dropout=0.2"],
}


@pytest.mark.parametrize("preset", SMALL)
def test_a_killed_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    call: Call, spawn: Spawn, paths: Paths, tiny: list[str], preset: str
) -> None:
    """A BatchNorm model, a dropout transformer and an RNN, with a moving average of the weights and mixed images."""
    settings = [*SMALL[preset], "training.epochs=12", "training.ema_decay=0.9", "data.mixup=0.2", "data.cutmix=1.0"]
    recipe = [preset, "--json", *tiny, *(part for setting in settings for part in ("--set", setting))]
    assert call("train", *recipe).exit_code == 0
    (whole,) = runs(paths)
    with spawn("train", *recipe, "--name", "killed") as process:
        assert process.stdout
        ended = (line for line in process.stdout if json.loads(line)["type"] == "EpochFinished")
        next(ended), next(ended)
        process.send_signal(signal.SIGKILL)
    killed = next(run for run in runs(paths) if run.config.name == "killed")
    assert killed.status is RunStatus.INTERRUPTED
    assert call("resume", "killed", "--json").exit_code == 0

    resumed = next(run for run in runs(paths) if run.config.name == "killed")
    assert resumed.status is RunStatus.FINISHED
    store = RunStore(paths.runs)
    one, other = store.epochs(whole.id), store.epochs(resumed.id)
    assert [(e.epoch, e.train_loss, e.val_loss, e.lr) for e in one] == [
        (e.epoch, e.train_loss, e.val_loss, e.lr) for e in other
    ]
    states = [read_checkpoint(run.folder / "checkpoint.pt") for run in (whole, resumed)]
    for part in ("model", "average"):
        weights = [state[part] for state in states]
        assert weights[0].keys() == weights[1].keys()
        assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert whole.record.results is not None
    assert resumed.record.results is not None
    assert whole.record.results.test_loss == resumed.record.results.test_loss


@pytest.mark.parametrize(
    ("wanted", "says"), [("nothing", "No run is called 'nothing'"), ("run", "2 runs can be meant by 'run': ")]
)
def test_a_run_that_is_not_found_is_one_sentence(
    call: Call, paths: Paths, sentence: Callable[[Result], str], wanted: str, says: str
) -> None:
    for name in ("run one", "run two"):
        call("train", *RECIPE, "--name", name, "--set", "training.epochs=1", "--set", "training.batch_size=5000")
    result = call("resume", wanted)
    assert result.exit_code == 2
    assert says in sentence(result)
    finished = call("resume", "run-one")
    assert finished.exit_code == 2
    assert "is finished; only a stopped, failed or interrupted run can be resumed" in sentence(finished)


def test_extended_to_more_epochs_as_a_new_run_that_names_its_parent(call: Call, paths: Paths) -> None:
    call("train", *RECIPE, "--name", "parent", "--set", "training.epochs=2")
    (parent,) = runs(paths)
    result = call("extend", "parent", "--epochs", "4", "--json")
    assert result.exit_code == 0, result.output
    store = RunStore(paths.runs)
    child = next(run for run in runs(paths) if run.id != parent.id)
    assert child.record.parent == parent.id
    assert child.config.training.epochs == 4
    assert child.status is RunStatus.FINISHED
    history = store.epochs(child.id)
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4]
    assert history[:2] == store.epochs(parent.id)
    assert history[2].lr > history[3].lr > 0  # the longer cosine, not the end of the shorter one
    assert history[3].train_loss < history[1].train_loss
    assert store.get(parent.id) == parent


@pytest.mark.parametrize(
    ("name", "epochs", "says"),
    [("parent", "1", "has 1 epochs already"), ("stopped", "9", "is stopped; only a finished run")],
)
def test_what_cannot_be_extended(
    call: Call, paths: Paths, sentence: Callable[[Result], str], name: str, epochs: str, says: str
) -> None:
    call("train", *RECIPE, "--name", "parent", "--set", "training.epochs=1", "--set", "training.batch_size=5000")
    store = RunStore(paths.runs)
    store.create(with_values(runs(paths)[0].config, {("name",): "stopped"}), RunStatus.STOPPED)
    result = call("extend", name, "--epochs", epochs)
    assert result.exit_code == 2
    assert says in sentence(result)
    assert len(runs(paths)) == 2


def test_train_with_resume_goes_on_with_the_unfinished_run_of_these_settings(call: Call, paths: Paths) -> None:
    settings = [*RECIPE, "--set", "training.epochs=1", "--set", "training.batch_size=5000"]
    call("train", *settings)
    (run,) = runs(paths)
    store = RunStore(paths.runs)
    store.change(run.id, lambda record: record.model_copy(update={"status": RunStatus.STOPPED, "results": None}))
    other = call("train", *settings, "--resume", "--set", "training.lr=0.5")
    assert other.exit_code == 0, other.output
    assert len(runs(paths)) == 2
    same = call("train", *settings, "--resume")
    assert same.exit_code == 0, same.output
    assert len(runs(paths)) == 2
    assert store.get(run.id).status is RunStatus.FINISHED
    assert call("train", *settings, "--resume").exit_code == 0  # nothing is unfinished: a new run
    assert len(runs(paths)) == 3


def test_train_with_resume_leaves_out_the_seeds_that_are_finished(call: Call, paths: Paths) -> None:
    settings = [*RECIPE, "--set", "training.epochs=1", "--set", "training.batch_size=5000"]
    call("train", *settings, "--seeds", "0..1")
    first, second = runs(paths)
    store = RunStore(paths.runs)
    store.change(first.id, lambda record: record.model_copy(update={"archived": True}))
    store.change(second.id, lambda record: record.model_copy(update={"status": RunStatus.STOPPED, "results": None}))
    again = call("train", *(word for word in settings if word != "--json"), "--seeds", "0..2", "--resume")
    assert again.exit_code == 0, again.output
    assert [(run.config.training.seed, run.status.value) for run in runs(paths)] == [
        (seed, "finished") for seed in (0, 1, 2)
    ]
    assert re.findall(r"(.+): [\d.]+ ± [\d.]+ % over 3 seeds", again.stdout) == [
        "test accuracy", "validation accuracy", "macro-F1",
    ]  # fmt: skip


def test_train_with_resume_trains_nothing_beside_a_run_of_these_settings_that_waits(
    call: Call, paths: Paths, sentence: Callable[[Result], str]
) -> None:
    settings = [*RECIPE, "--set", "training.epochs=1", "--set", "training.batch_size=5000"]
    call("train", *settings)
    waiting = RunStore(paths.runs).create(runs(paths)[0].config, RunStatus.QUEUED)
    result = call("train", *settings, "--resume")
    assert result.exit_code == 1
    assert f"{waiting.id} is queued with these settings; `cifar-tui watch {waiting.id}` follows it." in sentence(result)
    assert len(runs(paths)) == 2


def test_train_with_resume_takes_up_what_was_written_but_never_reached_slurm(
    call: Call, paths: Paths, sbatch: Sbatch
) -> None:
    settings = [*RECIPE, "--set", "training.epochs=1", "--set", "training.batch_size=5000"]
    assert call("train", *settings, "--on", "slurm").exit_code == 0
    (run,) = runs(paths)
    store = RunStore(paths.runs)
    store.change(run.id, lambda record: record.model_copy(update={"slurm": SlurmJob()}))
    handed = call("train", *settings, "--resume", "--on", "slurm")
    assert json.loads(handed.stdout) == {"jobs": ["18"], "runs": [run.id]}
    store.change(run.id, lambda record: record.model_copy(update={"slurm": SlurmJob()}))
    assert call("train", *settings, "--resume").exit_code == 0
    (trained,) = runs(paths)
    assert (trained.status, trained.record.slurm) == (RunStatus.FINISHED, None)
