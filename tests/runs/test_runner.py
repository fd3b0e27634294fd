"""The training thread and the queue it works off."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import BaseFileLock, Timeout

from cifar_tui.config import RunConfig
from cifar_tui.events import Event, RunEnded, RunStarted
from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.execute import execute
from cifar_tui.runs.locks import make_lock
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.runner import Runner
from cifar_tui.runs.runners import Runners
from cifar_tui.runs.stopping import StopAt, ask_to_stop
from cifar_tui.runs.store import RunStore, StoreError

MakeConfig = Callable[..., RunConfig]
Until = Callable[[Callable[[], object]], None]
FOREVER = 100_000


class Ear:
    """What the runner's listener heard."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.has_begun = threading.Event()

    def hear(self, run_id: str, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.began.append(run_id)
            self.has_begun.set()
        if isinstance(event, RunEnded):
            self.ended.append(run_id)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def runner(paths: Paths, store: RunStore, ear: Ear) -> Iterator[Runner]:
    runner = Runner(paths, store, ear.hear)
    yield runner
    runner.shut_down()
    assert runner.join(30)


def _statuses(store: RunStore) -> dict[str, RunStatus]:
    return {run.config.name: run.status for run in store.scan().runs}


def test_works_the_queue_off_in_order(
    runner: Runner, ear: Ear, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    second, first = queue.add(make_config("b")), queue.add(make_config("a"), first=True)
    runner.start()
    until(lambda: len(ear.ended) == 2)
    third = queue.add(make_config("c"))
    runner.wake()
    until(lambda: len(ear.ended) == 3)
    assert ear.ended == [first.id, second.id, third.id]
    assert set(_statuses(queue.store).values()) == {RunStatus.FINISHED}
    until(lambda: runner.current is None)


def test_who_asks_a_run_to_stop_ends_it_alone(
    runner: Runner, ear: Ear, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    endless = queue.add(make_config("endless", epochs=FOREVER))
    queue.add(make_config("next"))
    runner.start()
    assert ear.has_begun.wait(30)
    assert runner.current == endless.id
    ask_to_stop(endless.folder, StopAt.BATCH)
    until(lambda: len(ear.ended) == 2)
    assert _statuses(queue.store) == {"endless": RunStatus.STOPPED, "next": RunStatus.FINISHED}


def test_shut_down_leaves_the_queue_for_later(
    runner: Runner, ear: Ear, queue: RunQueue, make_config: MakeConfig
) -> None:
    queue.add(make_config("endless", epochs=FOREVER))
    queue.add(make_config("later"))
    runner.start()
    assert ear.has_begun.wait(30)
    runner.shut_down()
    assert runner.join(30)
    assert _statuses(queue.store) == {"endless": RunStatus.STOPPED, "later": RunStatus.QUEUED}


def test_a_failing_run_does_not_stop_the_queue(
    runner: Runner, ear: Ear, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    queue.add(make_config("bad", device="cuda:99"))
    queue.add(make_config("good"))
    runner.start()
    until(lambda: len(ear.ended) == 2)
    assert _statuses(queue.store) == {"bad": RunStatus.FAILED, "good": RunStatus.FINISHED}


def test_a_run_that_is_held_is_passed_over(
    runner: Runner,
    ear: Ear,
    queue: RunQueue,
    make_config: MakeConfig,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cifar_tui.runs.execute._SECONDS_TO_WAIT_FOR_THE_LOCK", 0.01)
    held, free = queue.add(make_config("held")), queue.add(make_config("free"))
    with queue.store.training_lock(held.id):
        runner.start()
        until(lambda: ear.ended == [free.id])
    runner.wake()
    until(lambda: ear.ended == [free.id, held.id])


@pytest.mark.parametrize("error", [StoreError("The disk is full."), ValueError("nobody thought of this")])
def test_what_cannot_be_trained_is_passed_over_and_told_once(
    paths: Paths,
    store: RunStore,
    ear: Ear,
    queue: RunQueue,
    make_config: MakeConfig,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    train = execute
    refused: list[str] = []
    told: list[str] = []

    def refuse(paths: Paths, store: RunStore, run_id: str, *arguments: object, **options: object) -> object:
        if run_id != good.id or len(refused) < 6:
            refused.append(run_id)
            raise error
        return train(paths, store, run_id, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("cifar_tui.runs.execute.execute", refuse)
    monkeypatch.setattr("cifar_tui.runs.runner._SECONDS_BETWEEN_LOOKS", 0.01)
    bad, good = queue.add(make_config("bad")), queue.add(make_config("good"))
    runner = Runner(paths, store, ear.hear, tell=told.append)
    runner.start()
    until(lambda: ear.ended == [good.id])
    runner.shut_down()
    assert runner.join(30)
    assert refused[:3] == [bad.id, good.id, bad.id]
    assert told[0] == f"{bad.id} is passed over for now: {error}"
    assert len(told) <= 2  # once more after the good one, which showed that things can be trained again


def test_joining_before_the_start_returns(paths: Paths, store: RunStore, ear: Ear) -> None:
    assert Runner(paths, store, ear.hear).join(0)


def test_two_runners_share_the_queue(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    ears = [Ear(), Ear()]
    added = [queue.add(make_config(str(number))).id for number in range(6)]
    with ExitStack() as stack:
        for ear in ears:
            runner = Runner(paths, RunStore(store.folder), ear.hear)
            runner.start()
            stack.callback(runner.join, 30)
            stack.callback(runner.shut_down)
        until(lambda: sum(len(ear.ended) for ear in ears) == 6)
    assert sorted(ears[0].began + ears[1].began) == sorted(added)


@pytest.mark.parametrize(("device", "where"), [("auto", ""), ("cpu", " on cpu")])
def test_that_another_process_works_the_queue_is_told_once_to_who_asks(
    paths: Paths, store: RunStore, ear: Ear, until: Until, monkeypatch: pytest.MonkeyPatch, device: str, where: str
) -> None:
    refused: list[Path] = []

    def refuse(path: Path) -> BaseFileLock:
        refused.append(path)
        raise Timeout(str(path))

    monkeypatch.setattr("cifar_tui.runs.runner.make_lock", refuse)
    monkeypatch.setattr("cifar_tui.runs.runner._SECONDS_BETWEEN_LOOKS", 0.01)
    told: list[str] = []
    runner = Runner(paths, store, ear.hear, devices=(device,), tell_of_waiting=told.append)
    runner.start()
    until(lambda: len(refused) > 2)
    runner.shut_down()
    assert runner.join(30)
    assert told == [f"Another process works the queue of this data folder{where}; this one waits for it."]


def test_who_waits_with_all_gpus_tells_of_it_too(
    paths: Paths, store: RunStore, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.runs.runners.find_devices", lambda _: ("cuda:0", "cuda:1"))
    told: list[str] = []
    has_told = threading.Event()
    runners = Runners(paths, store, ear.hear, tell_of_waiting=lambda text: (told.append(text), has_told.set()))
    make_folder(paths.data)
    with make_lock(paths.data / "runner.lock"):
        runners.start()
        assert has_told.wait(30)
        runners.shut_down()
        assert runners.join(30)
    assert told == ["Another process works the queue of this data folder; this one waits for it."]


def test_another_process_takes_over(
    runner: Runner, ear: Ear, paths: Paths, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    """While one process works the queue this one only watches; when it is killed, this one goes on."""
    script = (
        "import sys; from pathlib import Path\n"
        "from cifar_tui.paths import find_paths; from cifar_tui.runs.runner import Runner\n"
        "from cifar_tui.runs.store import RunStore\n"
        "paths = find_paths(Path(sys.argv[1]))\n"
        "runner = Runner(paths, RunStore(paths.runs), lambda run_id, event: print(run_id, flush=True))\n"
        "runner.start(); runner.join()\n"
    )
    endless = queue.add(make_config("endless", epochs=FOREVER))
    with subprocess.Popen([sys.executable, "-c", script, str(paths.data)], stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline().decode().strip() == endless.id
        later = queue.add(make_config("later"))
        runner.start()
        assert queue.store.get(endless.id).status is RunStatus.RUNNING
        other.kill()
    until(lambda: ear.ended == [later.id])
    assert ear.began == [later.id]
    assert queue.store.get(endless.id).status is RunStatus.INTERRUPTED
