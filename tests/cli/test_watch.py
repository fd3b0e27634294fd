"""`cifar-tui watch`: a run of another process, in plain lines."""

import json
import signal
import subprocess
from collections.abc import Callable

import pytest
from typer.testing import Result

from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import RunStore

from ..slurm.squeue import Squeue

Call = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[str]]

PRESET = "part1/softmax_regression"


def test_follows_a_run_from_its_first_epoch_to_its_end(spawn: Spawn, call: Call, paths: Paths, tiny: list[str]) -> None:
    with spawn("train", PRESET, *tiny, "--set", "training.epochs=60") as training:
        assert training.stdout
        training.stdout.readline()  # it has begun
        with spawn("watch", "softmax", "--json") as watching:
            output, errors = watching.communicate(timeout=60)
        assert (watching.returncode, errors) == (0, "")
        training.communicate(timeout=60)
    assert training.returncode == 0
    events = [json.loads(line) for line in output.splitlines()]
    assert events[0]["type"] == "RunStarted"
    assert [event["epoch"] for event in events if event["type"] == "EpochFinished"] == list(range(1, 61))
    assert (events[-1]["type"], events[-1]["outcome"]) == ("RunEnded", "finished")
    (run,) = RunStore(paths.runs).scan().runs
    assert run.record.results is not None
    assert events[-1]["results"]["test_accuracy"] == run.record.results.test_accuracy
    again = call("watch", run.id)  # one that is over is told from its folder
    assert again.exit_code == 0
    assert "60/60" in again.output


def test_ctrl_c_ends_the_watching_and_not_the_run(spawn: Spawn, paths: Paths, tiny: list[str]) -> None:
    with spawn("train", PRESET, *tiny, "--set", "training.epochs=100000") as training:
        assert training.stdout
        training.stdout.readline()
        with spawn("watch", "softmax") as watching:
            assert watching.stdout
            watching.stdout.readline()
            watching.send_signal(signal.SIGINT)
            _, errors = watching.communicate(timeout=60)
        assert (watching.returncode, errors) == (130, "")
        (run,) = RunStore(paths.runs).scan().runs
        assert run.status is RunStatus.RUNNING
        training.kill()


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (RunStatus.STOPPED, 130, ""),
        (RunStatus.FAILED, 1, "The images are gone."),
        (RunStatus.INTERRUPTED, 1, "was interrupted; `cifar-tui resume"),
    ],
)
def test_exits_as_the_run_ended(
    call: Call, paths: Paths, tiny: list[str], status: RunStatus, code: int, says: str
) -> None:
    assert call("train", PRESET, *tiny, "--set", "training.epochs=1").exit_code == 0
    store = RunStore(paths.runs)
    (run,) = store.scan().runs
    error = says or None
    store.change(run.id, lambda record: record.model_copy(update={"status": status, "results": None, "error": error}))
    result = call("watch", run.id)
    assert result.exit_code == code
    assert says in result.stderr


def test_waits_for_the_job_of_a_node_that_died(
    call: Call, paths: Paths, squeue: Squeue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.cli.placing._SECONDS_BETWEEN_QUESTIONS", 0.0)
    config = RunConfig.model_validate({"model": {"name": "mlp"}})
    run = RunStore(paths.runs).create(config, RunStatus.RUNNING, slurm=SlurmJob(id="12"))
    squeue.says("12|PENDING||BeginTime")
    squeue.says_next("12|NODE_FAIL|gpu1|None")
    result = call("watch", run.id)
    assert result.exit_code == 1
    waits, ended = result.stderr.splitlines()
    assert waits == f"warning: {run.id} was interrupted; this waits for Slurm, which may start its job again."
    assert ended.startswith("cifar-tui: Slurm job 12 ended on gpu1 with NODE_FAIL")


def test_a_run_that_is_not_there(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("watch", "nothing")
    assert result.exit_code == 2
    assert "No run is called 'nothing'" in sentence(result)
