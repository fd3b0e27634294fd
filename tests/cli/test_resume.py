"""`cifar-tui resume`: whatever ended a run, its rest comes out as if nothing had happened."""

import json
import signal
import subprocess
from collections.abc import Callable

import pytest
import torch
from typer.testing import Result

from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.training.checkpoint import read_checkpoint

Call = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[str]]

# Dropout and BatchNorm, so that random states and buffers count.
RECIPE = ["part1/mlp", "--json", "--device", "cpu", "--set", "data.source=synthetic", "--set", "training.epochs=4"]
RECIPE += ["--set", "model.hidden_sizes=[64]", "--set", "training.batch_size=500"]


def runs(paths: Paths) -> list[Run]:
    return list(RunStore(paths.runs).scan().runs)


def finish(process: subprocess.Popen[str]) -> None:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert json.loads(output.splitlines()[-1])["type"] == "RunEnded"


def test_a_killed_run_ends_with_the_very_weights_of_an_uninterrupted_one(spawn: Spawn, paths: Paths) -> None:
    finish(spawn("train", *RECIPE))
    (whole,) = runs(paths)
    with spawn("train", *RECIPE, "--name", "killed") as process:
        assert process.stdout
        ended = (line for line in process.stdout if json.loads(line)["type"] == "EpochFinished")
        next(ended), next(ended)
        process.send_signal(signal.SIGKILL)
    killed = next(run for run in runs(paths) if run.config.name == "killed")
    assert killed.status is RunStatus.INTERRUPTED
    finish(spawn("resume", "killed", "--json"))

    resumed = next(run for run in runs(paths) if run.config.name == "killed")
    assert resumed.status is RunStatus.FINISHED
    store = RunStore(paths.runs)
    one, other = store.epochs(whole.id), store.epochs(resumed.id)
    assert [(e.epoch, e.train_loss, e.val_loss, e.lr) for e in one] == [
        (e.epoch, e.train_loss, e.val_loss, e.lr) for e in other
    ]
    weights = [read_checkpoint(run.folder / "checkpoint.pt")["model"] for run in (whole, resumed)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert whole.record.results is not None
    assert resumed.record.results is not None
    assert whole.record.results.test_loss == resumed.record.results.test_loss


@pytest.mark.parametrize(("wanted", "says"), [("nothing", "No run is called 'nothing'"), ("run", "2 runs are called")])
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
