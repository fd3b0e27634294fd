"""Signs of life for readers on other hosts, where locks may mean nothing."""

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths
from cifar_tui.runs.execute import RunTakenError, execute
from cifar_tui.runs.heartbeat import SECONDS_UNTIL_SILENCE, beating, lives_elsewhere
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore, StoreError

MakeConfig = Callable[..., RunConfig]


def _beat(folder: Path, *, host: str = "another", age: float = 0.0) -> None:
    file = folder / "heartbeat.json"
    file.write_text(json.dumps({"host": host, "pid": 1, "job": "12_3"}))
    os.utime(file, (time.time() - age,) * 2)


@pytest.fixture
def folder(store: RunStore, make_config: MakeConfig) -> Path:
    return store.create(make_config(), RunStatus.RUNNING).folder


def test_a_process_says_where_it_is_and_touches_the_file_until_it_is_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[[Callable[[], object]], None]
) -> None:
    monkeypatch.setattr("cifar_tui.runs.heartbeat.SECONDS_BETWEEN_BEATS", 0.01)
    file = folder / "heartbeat.json"
    with beating(folder, "12_3"):
        assert json.loads(file.read_text()) == {"host": socket.gethostname(), "pid": os.getpid(), "job": "12_3"}
        os.utime(file, (0, 0))
        until(lambda: time.time() - file.stat().st_mtime < 5)
        assert not lives_elsewhere(folder)  # here, the lock tells
    assert not file.exists()


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (0.0, RunStatus.RUNNING),
        (-30.0, RunStatus.RUNNING),  # that clock is ahead
        (SECONDS_UNTIL_SILENCE + 5, RunStatus.INTERRUPTED),
        (-SECONDS_UNTIL_SILENCE - 5, RunStatus.INTERRUPTED),
    ],
)
def test_a_run_on_another_host_lives_as_long_as_it_gives_signs_of_it(
    store: RunStore, folder: Path, age: float, status: RunStatus
) -> None:
    assert store.get(folder.name).status is RunStatus.INTERRUPTED
    _beat(folder, age=age)
    assert store.get(folder.name).status is status
    assert store.get(folder.name).is_known_by_heartbeat is (status is RunStatus.RUNNING)
    assert store.mark_interrupted(folder.name) is (status is RunStatus.INTERRUPTED)


def test_what_lives_on_another_host_is_not_trained_here(store: RunStore, paths: Paths, folder: Path) -> None:
    _beat(folder)
    with pytest.raises(RunTakenError, match="is being trained on another host"):
        execute(paths, store, folder.name, lambda: False, lambda *_: None)


@pytest.mark.parametrize("remove", [RunStore.delete, RunStore.discard])
def test_what_lives_on_another_host_is_not_removed_here(
    store: RunStore, folder: Path, remove: Callable[[RunStore, str], None]
) -> None:
    _beat(folder)
    with pytest.raises(StoreError, match=f"{folder.name} is being trained on another host; stop it first"):
        remove(store, folder.name)
    assert store.get(folder.name).status is RunStatus.RUNNING
    _beat(folder, age=SECONDS_UNTIL_SILENCE + 5)
    remove(store, folder.name)
    assert store.ids() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}', '{"host": "x"}'])
def test_a_damaged_file_is_no_sign(store: RunStore, folder: Path, content: str) -> None:
    (folder / "heartbeat.json").write_text(content)
    assert store.get(folder.name).status is RunStatus.INTERRUPTED
