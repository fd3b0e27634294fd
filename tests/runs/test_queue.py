"""The queue's order."""

from collections.abc import Callable

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.events import RunStarted
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunRecord, RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore, StoreError

MakeConfig = Callable[..., RunConfig]


def _names(queue: RunQueue) -> list[str]:
    return [run.config.name for run in queue.waiting()]


def test_first_come_first_served(queue: RunQueue, make_config: MakeConfig) -> None:
    for name in ("a", "b", "c"):
        queue.add(make_config(name))
    assert _names(queue) == ["a", "b", "c"]


def test_first_goes_before_all(queue: RunQueue, make_config: MakeConfig) -> None:
    queue.add(make_config("a"))
    queue.add(make_config("b"), first=True)
    queue.add(make_config("c"), first=True)
    queue.add(make_config("d"))
    assert _names(queue) == ["c", "b", "a", "d"]


def test_only_what_is_queued_waits(queue: RunQueue, make_config: MakeConfig) -> None:
    for status in RunStatus:
        queue.store.create(make_config(status.value), status)
    assert _names(queue) == ["queued"]


def test_what_is_removed_is_gone_and_can_be_put_back_where_it_was(queue: RunQueue, make_config: MakeConfig) -> None:
    ids = [queue.add(make_config(name)).id for name in ("a", "b", "c")]
    queue.remove(ids[1])
    assert _names(queue) == ["a", "c"]
    assert ids[1] not in queue.store.ids()
    assert queue.put_back(ids[1]).status is RunStatus.QUEUED
    assert _names(queue) == ["a", "b", "c"]
    with pytest.raises(StoreError, match="is queued"):
        queue.put_back(ids[1])


def test_what_has_trained_before_is_put_back_too(queue: RunQueue, make_config: MakeConfig) -> None:
    run = queue.add(make_config())
    started = RunStarted("CIFAR-100", "cpu", 1, 1, 1, 1, 1, "float32")
    queue.store.change(run.id, lambda record: record.model_copy(update={"started": started}))
    queue.remove(run.id)
    assert queue.store.get(run.id).status is RunStatus.STOPPED
    assert queue.put_back(run.id).status is RunStatus.QUEUED


def test_a_run_that_has_begun_cannot_be_removed(queue: RunQueue, make_config: MakeConfig) -> None:
    run = queue.add(make_config())
    queue.store.change(run.id, lambda record: record.model_copy(update={"status": RunStatus.FINISHED}))
    with pytest.raises(StoreError, match="is no longer queued"):
        queue.remove(run.id)
    assert run.folder.exists()


def test_runs_change_places(queue: RunQueue, make_config: MakeConfig) -> None:
    ids = {name: queue.add(make_config(name)).id for name in ("a", "b", "c")}
    queue.move(ids["c"], -1)
    assert _names(queue) == ["a", "c", "b"]
    queue.move(ids["a"], 1)
    assert _names(queue) == ["c", "a", "b"]
    queue.move(ids["c"], -1)  # it is the first already
    assert _names(queue) == ["c", "a", "b"]


def test_of_many_runs_two_are_written(queue: RunQueue, make_config: MakeConfig) -> None:
    ids = [queue.add(make_config(name)).id for name in ("a", "b", "c", "d")]
    queue.remove(ids[0])
    before = [queue.store.get(run_id).record for run_id in ids[1:]]
    queue.move(ids[3], -1)
    assert _names(queue) == ["b", "d", "c"]
    assert queue.store.get(ids[1]).record == before[0]


def test_what_waits_for_slurm_is_not_moved(queue: RunQueue, make_config: MakeConfig) -> None:
    (run,) = queue.add_all([make_config("a")], slurm=SlurmJob(id="7"))
    with pytest.raises(StoreError, match="a waits for Slurm, which decides when it begins"):
        queue.move(run.id, -1)


def test_of_several_runs_those_are_resumed_that_can_be(queue: RunQueue, make_config: MakeConfig) -> None:
    statuses = (RunStatus.STOPPED, RunStatus.FINISHED, RunStatus.FAILED)
    ids = [queue.store.create(make_config(status.value), status).id for status in statuses]
    problems: list[StoreError] = []
    assert [run.id for run in queue.resume_all(ids, passed_over=problems.append)] == [ids[0], ids[2]]
    assert [str(problem) for problem in problems] == [
        "finished is finished; only a stopped, failed or interrupted run can be resumed."
    ]


def test_a_run_whose_job_slurm_may_start_again_is_resumed_by_itself_alone(
    queue: RunQueue, make_config: MakeConfig
) -> None:
    job = SlurmJob(id="12_3", node="gpu1")
    left = queue.store.create(make_config("left"), RunStatus.INTERRUPTED, slurm=job)
    ours = queue.store.create(make_config("ours"), RunStatus.INTERRUPTED)
    problems: list[StoreError] = []
    assert [run.id for run in queue.resume_all([left.id, ours.id], passed_over=problems.append)] == [ours.id]
    assert [str(problem) for problem in problems] == [
        "left was interrupted, but Slurm may start its job again; resume it alone if not."
    ]
    assert queue.store.get(left.id).record.slurm == job
    queue.resume(left.id)
    assert _names(queue) == ["ours", "left"]


def test_what_was_never_handed_to_slurm_is_resumed_and_what_was_is_not(
    queue: RunQueue, make_config: MakeConfig
) -> None:
    runs = [queue.add_all([make_config(name)], slurm=SlurmJob(id=job))[0] for name, job in (("a", None), ("b", "7"))]
    queue.resume(runs[0].id)
    assert _names(queue) == ["a"]
    with pytest.raises(StoreError, match="b is queued; only"):
        queue.resume(runs[1].id)


def test_runs_of_one_position_change_places_too(queue: RunQueue, make_config: MakeConfig) -> None:
    ids = [queue.store.create(make_config(name), RunStatus.QUEUED, 0.0).id for name in ("a", "b")]
    before = _names(queue)
    queue.move(next(run_id for run_id in ids if queue.store.get(run_id).config.name == before[0]), 1)
    assert _names(queue) == before[::-1]


def test_what_does_not_wait_cannot_be_moved(queue: RunQueue, make_config: MakeConfig) -> None:
    run = queue.store.create(make_config("a"), RunStatus.STOPPED)
    with pytest.raises(StoreError, match="is no longer queued"):
        queue.move(run.id, 1)


def test_a_pause_is_seen_by_every_process(queue: RunQueue) -> None:
    other = RunQueue(queue.store)
    assert not other.is_paused
    queue.pause()
    assert other.is_paused
    other.go_on()
    other.go_on()
    assert not queue.is_paused


def test_what_somebody_took_in_the_meantime_is_not_queued_again(
    queue: RunQueue, store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store.create(make_config(), RunStatus.STOPPED).id
    change = store.change

    def late(run_id: str, edit: Callable[[RunRecord], RunRecord]) -> Run:
        with store.training_lock(run_id):
            change(run_id, lambda record: record.model_copy(update={"status": RunStatus.RUNNING}))
            return change(run_id, edit)

    monkeypatch.setattr(store, "change", late)
    with pytest.raises(StoreError, match="is running; only a stopped, failed or interrupted run can be resumed"):
        queue.resume(run_id)
    assert [run.status for run in store.scan(as_written=True).runs] == [RunStatus.RUNNING]
