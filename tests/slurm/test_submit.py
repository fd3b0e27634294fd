"""Handing over where Slurm takes a part, a run cannot be written, or another process is at the same runs."""

import os
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths, find_paths
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.runs.sweep import sweep_name
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.job import RunJob
from cifar_tui.slurm.options import SlurmOptions
from cifar_tui.slurm.submit import submit
from cifar_tui.tui.slurm_desk import SlurmDesk

from .sbatch import Sbatch

CONFIG = RunConfig.model_validate({"model": {"name": "mlp"}})


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sbatch:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Sbatch(folder)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "home")


@pytest.fixture
def queue(paths: Paths) -> RunQueue:
    return RunQueue(RunStore(paths.runs))


def _prepared(queue: RunQueue, count: int) -> list[Run]:
    return queue.add_all([CONFIG] * count, slurm=SlurmJob())


def _jobs(queue: RunQueue) -> list[str | None]:
    return [run.record.slurm.id if run.record.slurm else None for run in queue.store.scan().runs]


def test_of_several_arrays_those_are_told_that_slurm_took(
    paths: Paths, queue: RunQueue, sbatch: Sbatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.slurm.submit._LARGEST_ARRAY", 2)
    sbatch.takes(2)
    with pytest.raises(SlurmError) as refused:
        submit(paths, queue.store, _prepared(queue, 5), SlurmOptions())
    assert str(refused.value) == (
        "Slurm refuses the job: Job violates the policy. 4 of the 5 runs are handed over all the same, as job 17, 18."
    )
    assert _jobs(queue) == ["17_0", "17_1", "18_0", "18_1"]


def test_what_slurm_took_is_not_given_back_where_its_job_cannot_be_written_down(
    paths: Paths, queue: RunQueue, sbatch: Sbatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = _prepared(queue, 2)

    def refuse(*_: object) -> Run:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(queue.store, "change", refuse)
        with pytest.raises(SlurmError, match=r"full\. 2 of the 2 runs are handed over all the same, as job 17\.$"):
            submit(paths, queue.store, runs, SlurmOptions())
    assert queue.store.scan().runs == tuple(runs)


def test_what_another_process_took_meanwhile_is_not_given_back(
    paths: Paths, queue: RunQueue, sbatch: Sbatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, ours = _prepared(queue, 2)

    def refuse(*_: object) -> list[str]:
        queue.resume(taken.id)
        raise SlurmError("There is no partition gpu.")

    monkeypatch.setattr("cifar_tui.slurm.submit._sbatch", refuse)
    with pytest.raises(SlurmError, match=r"^There is no partition gpu\.$"):
        submit(paths, queue.store, [taken, ours], SlurmOptions())
    assert [run.id for run in queue.waiting()] == queue.store.ids() == [taken.id]


def test_of_a_run_that_was_handed_over_twice_the_second_job_trains_nothing(
    paths: Paths, queue: RunQueue, sbatch: Sbatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = _prepared(queue, 1)
    assert [submit(paths, queue.store, runs, SlurmOptions()) for _ in range(2)] == [("17",), ("18",)]
    assert _jobs(queue) == ["17"]
    monkeypatch.setenv("SLURM_JOB_ID", "18")
    RunJob(paths)(runs[0].id)
    assert queue.store.get(runs[0].id).status is RunStatus.QUEUED


def test_the_app_hands_over_a_sweep_that_waits_here(paths: Paths, queue: RunQueue, sbatch: Sbatch) -> None:
    waiting = queue.add_all([CONFIG], sweep=sweep_name([CONFIG]))
    runs, jobs = SlurmDesk(paths, queue.store, queue).hand_over([CONFIG], "time=10", is_sweep=True)
    assert ([run.id for run in runs], jobs) == ([waiting[0].id], ("17",))
    assert _jobs(queue) == ["17"]


def test_the_app_leaves_out_a_default_that_a_person_took_out(paths: Paths, queue: RunQueue, sbatch: Sbatch) -> None:
    paths.data.mkdir()
    paths.settings.write_text('[slurm]\npartition = "gpu"\ncomment = "my run"\n')
    desk = SlurmDesk(paths, queue.store, queue)
    assert desk.defaults() == "time=01:00:00 partition=gpu 'comment=my run'"
    left = desk.accept("time=01:00:00 comment='my run'")
    desk.hand_over([CONFIG], left, is_sweep=False)
    (script,) = sbatch.scripts
    assert "#SBATCH --comment='my run'\n" in script
    assert "--partition" not in script
