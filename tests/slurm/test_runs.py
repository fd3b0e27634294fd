"""Runs handed to a real Slurm: trained, shown, cancelled, and gone on with where a signal cut them off."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore

from .cluster import Cluster, wait_until

QUICK = ["--set", "data.source=synthetic", "--set", "training.epochs=2", "--set", "training.device=cpu"]
ENDLESS = ["--set", "data.source=synthetic", "--set", "training.epochs=100000", "--set", "training.device=cpu"]
SLURM = ["--on", "slurm", "--slurm", "time=10"]

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "home" / "runs")


@pytest.fixture
def call(cluster: Cluster, tmp_path: Path) -> Call:
    """Call `cifar-tui` as on a login node, in a home that the node sees."""
    environment = os.environ | cluster.environment | {
        "CIFAR_TUI_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1", "NO_COLOR": "1",
    }  # fmt: skip

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cifar_tui", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return call


def _runs(store: RunStore) -> tuple[Run, ...]:
    return store.scan().runs


def _job(run: Run) -> str:
    assert run.record.slurm
    assert run.record.slurm.id
    return run.record.slurm.id


def _wait_for(store: RunStore, condition: Callable[[tuple[Run, ...]], bool]) -> tuple[Run, ...]:
    wait_until(
        lambda: condition(_runs(store)),
        lambda: str([(run.id, run.status, run.record.error, store.log(run.id, 20)) for run in _runs(store)]),
        120,
    )
    return _runs(store)


def _wait_for_statuses(store: RunStore, *statuses: RunStatus) -> tuple[Run, ...]:
    return _wait_for(store, lambda runs: sorted(run.status for run in runs) == sorted(statuses))


def test_a_sweep_of_two_seeds_is_one_array_that_fills_the_shared_home(
    call: Call, store: RunStore, cluster: Cluster
) -> None:
    done = call("sweep", "part1/softmax_regression", "--seeds", "0..1", "--name", "two", *QUICK, *SLURM)
    assert (done.returncode, done.stderr) == (0, "")
    jobs = [_job(run) for run in _runs(store)]
    array = jobs[0].partition("_")[0]
    assert jobs == [f"{array}_0", f"{array}_1"]
    assert f"Handed to Slurm: 2 runs as job {array} (time=10)." in done.stdout
    runs = _wait_for_statuses(store, RunStatus.FINISHED, RunStatus.FINISHED)
    for run in runs:
        assert run.record.results
        assert run.record.slurm
        assert run.record.slurm.node == run.record.environment.host if run.record.environment else None
        assert len(store.epochs(run.id)) == 2
    for job in jobs:
        cluster.wait_for(job, "COMPLETED")
    assert not any((run.folder / "heartbeat.json").exists() for run in runs)
    status = call("sweep", "status", "two")
    assert "Sweep two: 2 runs: 2 finished." in status.stdout
    again = call("sweep", "part1/softmax_regression", "--seeds", "0..1", "--name", "two", *QUICK, *SLURM)
    assert "2 there already:" in again.stdout
    assert "Handed to Slurm" not in again.stdout


def test_a_wrong_partition_is_one_sentence_and_leaves_nothing_behind(call: Call, store: RunStore) -> None:
    for command in (["train", "part1/mlp"], ["sweep", "part1/mlp", "--seeds", "0..1"]):
        done = call(*command, *QUICK, "--on", "slurm", "--slurm", "partition=nope")
        assert done.returncode == 1
        assert done.stderr == "cifar-tui: Slurm refuses the job: invalid partition specified: nope.\n"
        assert _runs(store) == ()


def test_an_option_without_a_value_holds_a_run_that_is_not_handed_over_twice(
    call: Call, store: RunStore, cluster: Cluster
) -> None:
    recipe = ["train", "part1/mlp", *QUICK, *SLURM]
    assert "(time=10 hold)" in call(*recipe, "--slurm", "hold").stdout
    (run,) = _runs(store)

    def reason() -> str:
        return cluster.attempt("squeue", "--noheader", f"--jobs={_job(run)}", "--format=%r").stdout.strip()

    wait_until(lambda: reason() == "JobHeldUser", reason)
    again = call(*recipe, "--resume")
    assert again.returncode == 1
    assert f"{run.id} is queued with these settings" in again.stderr
    assert _runs(store) == (run,)


def test_cancelling_stops_what_trains_with_a_checkpoint_and_what_waits_at_once(
    call: Call, store: RunStore, cluster: Cluster
) -> None:
    call("sweep", "part1/softmax_regression", "--seeds", "0..1", "--name", "s", *ENDLESS, *SLURM, "--at-once", "1")
    _wait_for(store, lambda runs: any(store.epochs(run.id) for run in runs))
    status = call("sweep", "status", "s").stdout
    assert "1 running on" in status
    assert "1 pending (JobArrayTaskLimit)" in status
    trains, waits = sorted(_runs(store), key=lambda run: run.status is RunStatus.QUEUED)
    jobs = _job(trains), _job(waits)
    cancelled = call("sweep", "cancel", "s")
    assert "2 cancelled in Slurm" in cancelled.stdout, cancelled.stderr
    _wait_for_statuses(store, RunStatus.STOPPED, RunStatus.STOPPED)
    assert (trains.folder / "checkpoint.pt").is_file()
    wait_until(lambda: cluster.attempt("squeue", "--noheader", f"--jobs={jobs[0]}").stdout == "", lambda: "it runs")
    resumed = call("sweep", "resume", "s", *SLURM)
    assert "Handed to Slurm: 2 runs as job" in resumed.stdout
    epochs = len(store.epochs(trains.id))
    _wait_for(store, lambda _: len(store.epochs(trains.id)) > epochs)
    numbers = [epoch.epoch for epoch in store.epochs(trains.id)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_scancel_from_a_shell_leaves_a_checkpoint(call: Call, store: RunStore, cluster: Cluster) -> None:
    call("train", "part1/softmax_regression", *ENDLESS, *SLURM)
    (run,) = _wait_for(store, lambda runs: bool(store.epochs(runs[0].id)))
    cluster.run("scancel", _job(run))
    _wait_for_statuses(store, RunStatus.STOPPED)
    assert (run.folder / "checkpoint.pt").is_file()
    cluster.wait_for(_job(run), "CANCELLED")


def test_a_job_that_is_cancelled_while_it_waits_is_noticed(call: Call, store: RunStore, cluster: Cluster) -> None:
    call("train", "part1/softmax_regression", *ENDLESS, *SLURM, "--slurm", "begin=now+1hour")
    (run,) = _runs(store)
    watching = subprocess.Popen(
        [sys.executable, "-m", "cifar_tui", "watch", run.id],
        env=os.environ | cluster.environment | {"CIFAR_TUI_HOME": str(store.folder.parent)},
        stdout=subprocess.DEVNULL,
    )
    cluster.run("scancel", _job(run))
    assert watching.wait(60) == 130
    (run,) = _runs(store)
    assert (run.status, run.record.error) == (RunStatus.STOPPED, f"Slurm job {_job(run)} was cancelled.")


def test_a_signal_in_mid_epoch_requeues_the_job_and_the_result_is_the_same_to_the_bit(
    call: Call, store: RunStore, cluster: Cluster
) -> None:
    settings = [*QUICK, "--set", "training.batch_size=32"]
    call("train", "part1/mlp", *settings, *SLURM)

    def is_within_an_epoch(runs: tuple[Run, ...]) -> bool:
        progress = store.progress(runs[0].id)
        return bool(progress and progress.epoch == 1 and progress.batch > 1)

    (run,) = _wait_for(store, is_within_an_epoch)
    job = _job(run)
    cluster.run("timeout", "20", "scancel", "--signal=USR2", job)
    wait_until(lambda: cluster.job(job)["Restarts"] == "1", lambda: str(cluster.job(job)), 60)
    (run,) = _wait_for_statuses(store, RunStatus.FINISHED)
    log = "\n".join(store.log(run.id, 1000))
    assert log.count("loading data") == 2
    assert log.count("epoch 1:") == log.count("epoch 2:") == 1
    uninterrupted = call("train", "part1/mlp", *settings, "--name", "uninterrupted")
    assert uninterrupted.returncode == 0, uninterrupted.stderr
    other = next(found for found in _runs(store) if found.id != run.id)
    assert _learned(store, run) == _learned(store, other)
    with np.load(run.folder / "predictions.npz") as ours, np.load(other.folder / "predictions.npz") as theirs:
        np.testing.assert_array_equal(ours["probabilities"], theirs["probabilities"])


def _preempt(cluster: Cluster, job: str) -> None:
    cluster.submit("true", "--partition=high", "--exclusive")


def _terminate(cluster: Cluster, job: str) -> None:
    """As a preemption does where Slurm sends no other signal before."""
    cluster.run("timeout", "20", "scancel", "--signal=TERM", job)


def _reach_the_limit(cluster: Cluster, job: str) -> None:
    """Slurm sends its signal a minute before, and looks every half minute: within 30 s of the start."""


@pytest.mark.parametrize(
    ("options", "cause"),
    [("partition=low", _preempt), ("partition=main", _terminate), ("time=1", _reach_the_limit)],
    ids=["preemption", "SIGTERM alone", "time limit"],
)
def test_a_run_goes_on_where_its_job_was_cut_off(
    call: Call, store: RunStore, cluster: Cluster, options: str, cause: Callable[[Cluster, str], None]
) -> None:
    call("train", "part1/softmax_regression", *ENDLESS, *SLURM, "--slurm", options)
    (run,) = _wait_for(store, lambda runs: bool(store.epochs(runs[0].id)))
    job = _job(run)
    cause(cluster, job)
    wait_until(lambda: cluster.job(job)["Restarts"] == "1", lambda: str(cluster.job(job)), 90)
    reached = len(store.epochs(run.id))
    _wait_for(store, lambda runs: runs[0].status is RunStatus.RUNNING and len(store.epochs(run.id)) > reached)
    assert reached > 0
    assert [epoch.epoch for epoch in store.epochs(run.id)] == list(range(1, len(store.epochs(run.id)) + 1))
    assert cluster.job(job)["JobState"] == "RUNNING"


def _learned(store: RunStore, run: Run) -> list[dict[str, object]]:
    lines = (store.folder / run.id / "epochs.jsonl").read_text().splitlines()
    varying = ("seconds", "images_per_second")
    return [{key: value for key, value in json.loads(line).items() if key not in varying} for line in lines]
