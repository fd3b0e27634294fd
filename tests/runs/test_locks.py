"""Locks on a file system that has none: `flock` answers as on a network share without a lock daemon."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths
from cifar_tui.runs import locks
from cifar_tui.runs.edits import tag
from cifar_tui.runs.execute import RunTakenError, execute
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore, StoreError

MakeConfig = Callable[..., RunConfig]

WITHOUT_LOCKS = """
import errno, fcntl, sys
from pathlib import Path
def refuse(*_):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = refuse
from cifar_tui.runs.edits import tag
from cifar_tui.runs.store import RunStore
store = RunStore(Path(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def _no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(locks, "_known", {})


def test_it_is_known(tmp_path: Path) -> None:
    assert not locks.has_locks(tmp_path)


def test_a_full_disk_or_a_missing_folder_says_nothing_of_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert locks.has_locks(tmp_path / "nowhere")
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert locks.has_locks(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(locks, "_known", {})
    assert locks.has_locks(tmp_path)


def test_a_run_is_trained_by_one_process_alone(
    store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, paths: Paths
) -> None:
    monkeypatch.setattr("cifar_tui.runs.execute._SECONDS_TO_WAIT_FOR_THE_LOCK", 0.01)
    run = store.create(make_config(), RunStatus.RUNNING)
    script = WITHOUT_LOCKS + (
        "lock = store.training_lock(sys.argv[2]); lock.acquire(); print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(store.folder), run.id]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert store.get(run.id).status is RunStatus.RUNNING
        with pytest.raises(RunTakenError):
            execute(paths, store, run.id, lambda: False, lambda *_: None)
        with pytest.raises(StoreError, match="is being trained"):
            store.discard(run.id)
        process.kill()
        process.wait()
    assert store.get(run.id).status is RunStatus.INTERRUPTED


@pytest.mark.parametrize(
    ("host", "is_broken"),
    [(socket.gethostname(), False), (f"{socket.gethostname()}?pidns-f0000152", False), ("another", True)],
    ids=["this host", "a container on it", "another host"],
)
def test_a_lock_of_another_host_alone_is_broken(tmp_path: Path, host: str, is_broken: bool) -> None:
    lock = tmp_path / "run.lock"
    lock.write_text(f"{os.getpid()}\n{host}\n")
    os.utime(lock, (0, 0))
    locks.break_stale(lock, 60.0)
    assert lock.exists() is not is_broken


def test_two_writers_lose_nothing(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    script = WITHOUT_LOCKS + "for number in range(10): tag(store, sys.argv[2], f'{sys.argv[3]}{number}')\n"
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(store.folder), run.id, letter]) for letter in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert store.get(run.id).record.tags == tuple(f"{letter}{number}" for letter in "ab" for number in range(10))


def test_a_discarded_run_comes_back_free_of_locks(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    store.discard(run.id)
    store.restore(run.id)
    tag(store, run.id, "back")
    assert store.get(run.id).record.tags == ("back",)
    store.delete(run.id)
    assert store.ids() == []
