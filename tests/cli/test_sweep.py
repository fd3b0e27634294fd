"""`cifar-tui sweep`: many runs under one name, without the app."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import Result

from cifar_tui.bench.probe import Cost
from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore

from ..slurm.sbatch import Sbatch
from ..slurm.squeue import Squeue

Call = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[str]]
GRID = ["--grid", "training.lr=0.1,0.01", "--seeds", "0..1"]
QUICK = ["--set", "training.epochs=1"]


def _statuses(paths: Paths) -> list[RunStatus]:
    return [run.status for run in RunStore(paths.runs).scan().runs]


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_trains_the_grid_and_the_same_command_again_only_what_is_missing(
    call: Call, paths: Paths, tiny: list[str]
) -> None:
    command = ["sweep", "part1/softmax_regression", *tiny, *QUICK, "--name", "mine"]
    first = call(*command, "--grid", "training.lr=0.1", "--seeds", "0..1")
    assert first.exit_code == 0, first.output
    assert "2 to train:" in first.stdout
    again = call(*command, *GRID)
    assert again.exit_code == 0, again.output
    assert "2 there already:" in again.stdout
    assert "2 to train:" in again.stdout
    assert "[2/2] part1/softmax_regression lr=0.01 seed=1: test " in again.stdout
    assert "Sweep mine: 4 runs: 4 finished." in again.stdout
    assert _statuses(paths) == [RunStatus.FINISHED] * 4
    cells = json.loads(call("sweep", "status", "mine", "--json").stdout)["cells"]
    assert [cell["settings"] for cell in cells] == [{"training.lr": "0.01"}, {"training.lr": "0.1"}]
    assert all(len(cell["runs"]) == 2 and cell["test_deviation"] is not None for cell in cells)
    assert call("sweep", "status").stdout == "mine: 4 runs: 4 finished\n"


def test_two_axes_are_also_shown_as_a_plane(call: Call, tiny: list[str]) -> None:
    grid = ["--grid", "training.lr=0.1,0.01", "--grid", "training.weight_decay=0,0.1"]
    result = call("sweep", "part1/softmax_regression", *tiny, *QUICK, *grid)
    assert result.exit_code == 0, result.output
    assert "Learning rate ↓  Weight decay →" in result.stdout


def test_a_dry_run_writes_nothing(call: Call, paths: Paths, tiny: list[str]) -> None:
    result = call("sweep", "part1/mlp", *tiny, *GRID, "--dry-run")
    assert result.exit_code == 0
    assert "Sweep mlp-lr-seed: 4 runs." in result.stdout
    assert "  part1/mlp lr=0.01 seed=1\n" in result.stdout
    assert "No estimate of the time" in result.stdout
    planned = json.loads(call("sweep", "part1/mlp", *tiny, *GRID, "--dry-run", "--json").stdout)
    assert "part1/mlp lr=0.01 seed=1" in planned["missing"]
    assert (len(planned["missing"]), planned["unfinished"], planned["present"]) == (4, {}, {})
    assert not paths.runs.exists()


def test_estimates_the_time_from_what_was_measured_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def measure(config: object) -> Cost:
        measured.append(config)
        return Cost(1, "cpu (2 threads)", seconds_per_epoch=30.0)

    monkeypatch.setattr("cifar_tui.bench.estimate._measure", measure)
    for _ in range(2):
        result = call("sweep", "part1/mlp", *GRID, "--set", "training.epochs=10", "--dry-run")
        assert "Estimate: 20:00 on cpu (2 threads), one run after the other." in result.stdout
    assert len(measured) == 1  # learning rate and seed change no step's time


def test_says_nothing_of_the_time_that_nodes_of_slurm_take(call: Call, sbatch: Sbatch, tiny: list[str]) -> None:
    result = call("sweep", "part1/mlp", *tiny, *GRID, "--dry-run", "--on", "slurm")
    assert "4 to train:" in result.stdout
    assert "estimate" not in result.stdout.lower()


def test_asks_before_very_many_runs(
    call: Call, paths: Paths, tiny: list[str], sentence: Callable[[Result], str]
) -> None:
    result = call("sweep", "part1/mlp", *tiny, "--seeds", "0..50")
    assert result.exit_code == 2
    assert sentence(result) == "cifar-tui: These are 51 runs; --yes trains more than 50 without a question."
    assert not paths.runs.exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["part1/mlp", "--grid", "lr=1,2"], "lr: is not a known key; training.lr is one"),
        (["nothing"], "There is no preset 'nothing'"),
        (["part1/mlp", "--name", "two words"], "A sweep's name is one word"),
        (["part1/mlp", "--devices", "gpu"], "'gpu' is no device"),
        (["status", "x"], "There is no sweep 'x'; there is none yet."),
        (["cancel", "x"], "There is no sweep 'x'"),
        (["resume", "x"], "There is no sweep 'x'"),
    ],
)
def test_says_in_one_sentence_what_is_wrong(
    call: Call, arguments: list[str], part: str, sentence: Callable[[Result], str]
) -> None:
    result = call("sweep", *arguments)
    assert result.exit_code == 2
    assert part in sentence(result)


def test_ctrl_c_keeps_all_and_resume_goes_on(call: Call, spawn: Spawn, paths: Paths, tiny: list[str]) -> None:
    endless = ["--set", "training.epochs=100000", "--name", "long"]
    process = spawn("sweep", "part1/softmax_regression", *tiny, "--seeds", "0..1", *endless)
    store = RunStore(paths.runs)
    _until(lambda: any(store.epochs(run_id) for run_id in store.ids()))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "`cifar-tui sweep resume long` goes on with them" in errors
    assert _statuses(paths) == [RunStatus.STOPPED, RunStatus.QUEUED]
    resumed = spawn("sweep", "resume", "long")
    _until(lambda: RunStatus.RUNNING in _statuses(paths))
    cancelled = call("sweep", "cancel", "long")
    assert cancelled.stdout.startswith("long: 1 taken out of the queue, 1 told to stop at the next batch.")
    resumed.communicate(timeout=60)
    assert resumed.returncode == 130
    assert _statuses(paths) == [RunStatus.STOPPED] * 2
    assert call("sweep", "cancel", "long").stdout == "Nothing of long waits or trains.\n"


def test_a_sweep_ends_where_no_device_is_left(call: Call, paths: Paths, tiny: list[str]) -> None:
    result = call(
        "sweep", "part1/softmax_regression", *tiny, "--seeds", "0..1", "--devices", "cuda:98", "--name", "lost"
    )
    assert result.exit_code == 1
    assert "cuda:98 takes no more runs" in result.stderr
    assert "`cifar-tui sweep resume lost` goes on with them" in result.stderr
    assert _statuses(paths) == [RunStatus.QUEUED] * 2


_SOFTMAX = RunConfig.model_validate({"model": {"name": "softmax_regression"}})


def _handed_over(paths: Paths, job: str, status: RunStatus = RunStatus.QUEUED) -> None:
    RunStore(paths.runs).create(_SOFTMAX, status, sweep="mine", slurm=SlurmJob(id=job))


def test_status_writes_the_end_of_a_job_that_slurm_has_lost(call: Call, paths: Paths, squeue: Squeue) -> None:
    _handed_over(paths, "12")
    squeue.says("12|OUT_OF_MEMORY|gpu1|None")
    result = call("sweep", "status", "mine")
    assert result.exit_code == 0, result.output
    assert "Sweep mine: 1 run: 1 failed." in result.stdout
    assert _statuses(paths) == [RunStatus.FAILED]


def test_status_is_told_where_slurm_does_not_answer(
    call: Call, paths: Paths, squeue: Squeue, sentence: Callable[[Result], str]
) -> None:
    _handed_over(paths, "12")
    squeue.says(errors="slurm_load_jobs error: Unable to contact slurm controller\n", code=1)
    result = call("sweep", "status", "mine")
    assert "Sweep mine: 1 run: 1 queued." in result.stdout
    assert "Slurm does not answer" in sentence(result)
    assert _statuses(paths) == [RunStatus.QUEUED]


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING], ids=["waits", "is on a node that died"])
def test_resume_waits_for_a_job_until_it_ends_without_a_word(
    call: Call, paths: Paths, squeue: Squeue, status: RunStatus
) -> None:
    _handed_over(paths, "12", status)
    squeue.says("12|PENDING||Resources")
    squeue.says_next("12|NODE_FAIL|gpu1|None")
    result = call("sweep", "resume", "mine")
    assert result.exit_code == 1, result.output
    (run,) = RunStore(paths.runs).scan().runs
    assert run.status is RunStatus.FAILED
    assert str(run.record.error).startswith("Slurm job 12 ended on gpu1 with NODE_FAIL")


def test_cancel_reaches_a_job_that_slurm_will_start_again(
    call: Call, paths: Paths, squeue: Squeue, programs: Path, tmp_path: Path
) -> None:
    _handed_over(paths, "12", RunStatus.RUNNING)  # on a node that died
    squeue.says("12|PENDING||BeginTime")
    (programs / "scancel").write_text(f'#!/bin/sh\necho "$*" > {tmp_path / "cancelled"}\n')
    (programs / "scancel").chmod(0o755)
    result = call("sweep", "cancel", "mine")
    assert "1 cancelled in Slurm" in result.stdout
    assert "12" in (tmp_path / "cancelled").read_text()
    assert _statuses(paths) == [RunStatus.STOPPED]


def test_resume_hands_over_to_slurm_what_waits_here_and_no_more_at_once_than_wished(
    call: Call, paths: Paths, squeue: Squeue, sbatch: Sbatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.slurm.submit._LARGEST_ARRAY", 2)
    store = RunStore(paths.runs)
    for _ in range(4):
        store.create(_SOFTMAX, RunStatus.QUEUED, sweep="mine")
    result = call("sweep", "resume", "mine", "--on", "slurm", "--at-once", "3")
    assert "Handed to Slurm: 4 runs" in result.stdout, result.output
    assert ["--array=0-1%1" in script for script in sbatch.scripts] == [True, True]
    assert all(run.is_with_slurm and run.status is RunStatus.QUEUED for run in store.scan().runs)
    squeue.says(*(f"{job}|PENDING||Resources" for job in ("17_0", "17_1", "18_0", "18_1")))
    again = call("sweep", "resume", "mine", "--on", "slurm")
    assert "Nothing is left to hand to Slurm." in again.stdout


def _cut_off_before_slurm_has_them(paths: Paths) -> None:
    store = RunStore(paths.runs)
    for run_id in store.ids():
        store.change(run_id, lambda record: record.model_copy(update={"slurm": SlurmJob()}))


@pytest.mark.parametrize("again", ["the same command", "resume"])
def test_what_was_written_but_never_reached_slurm_is_handed_over(
    call: Call, paths: Paths, squeue: Squeue, sbatch: Sbatch, tiny: list[str], again: str
) -> None:
    command = ["sweep", "part1/mlp", *tiny, "--seeds", "0..1", "--name", "mine", "--on", "slurm"]
    assert call(*command).exit_code == 0
    _cut_off_before_slurm_has_them(paths)
    result = call(*command) if again != "resume" else call("sweep", "resume", "mine", "--on", "slurm")
    assert "Handed to Slurm: 2 runs as job 18" in result.stdout, result.output
    runs = RunStore(paths.runs).scan().runs
    assert [run.record.slurm.id for run in runs if run.record.slurm] == ["18_0", "18_1"]


@pytest.mark.parametrize("again", ["the same command", "resume"])
def test_what_was_written_but_never_reached_slurm_is_trained_here(
    call: Call, paths: Paths, sbatch: Sbatch, tiny: list[str], monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    followed: list[str] = []

    def follow(_paths: Paths, _store: RunStore, runs: Sequence[Run], *_: object, **__: object) -> bool:
        followed.extend(run.id for run in runs)
        return True

    monkeypatch.setattr("cifar_tui.cli.sweep.follow_runs", follow)
    command = ["sweep", "part1/mlp", *tiny, "--seeds", "0..1", "--name", "mine"]
    assert call(*command, "--on", "slurm").exit_code == 0
    _cut_off_before_slurm_has_them(paths)
    result = call(*command) if again != "resume" else call("sweep", "resume", "mine")
    assert result.exit_code == 130, result.output
    assert followed == [run.id for run in RunQueue(RunStore(paths.runs)).waiting()]
    assert len(followed) == 2


def test_the_same_command_hands_over_again_what_its_job_left(
    call: Call, paths: Paths, squeue: Squeue, sbatch: Sbatch, tiny: list[str]
) -> None:
    command = ["sweep", "part1/mlp", *tiny, "--name", "mine", "--on", "slurm"]
    assert call(*command).exit_code == 0
    store = RunStore(paths.runs)
    (run_id,) = store.ids()
    store.change(run_id, lambda record: record.model_copy(update={"status": RunStatus.RUNNING}))
    squeue.says("17|PENDING||BeginTime")
    assert "Nothing is left to hand to Slurm." in call(*command).stdout
    squeue.says("17|NODE_FAIL|gpu1|None")
    assert "Handed to Slurm: 1 run as job 18" in call(*command).stdout
