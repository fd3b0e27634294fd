"""Discarding runs, and bringing them back."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from filelock import FileLock

from cifar_tui.config import RunConfig
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore, StoreError

MakeConfig = Callable[..., RunConfig]


def test_a_discarded_run_is_gone_for_readers_and_comes_back_whole(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    (run.folder / "checkpoint.pt").write_bytes(b"weights")
    store.discard(run.id)
    assert (store.ids(), store.scan().problems) == ([], ())
    assert store.restore(run.id) == run
    assert store.scan().runs == (run,)
    assert (run.folder / "checkpoint.pt").read_bytes() == b"weights"


def test_a_folder_that_a_lock_made_anew_stands_in_nobodys_way(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    for way_out in (store.restore, store.discard):
        store.discard(run.id)
        with FileLock(run.folder / "run.lock"):
            pass  # taken by whoever meant to train it just then
        way_out(run.id)
    assert store.ids() == []
    assert store.restore(run.id) == run


def test_what_trains_or_waits_is_refused(
    store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.runs.store._SECONDS_TO_WAIT_FOR_A_WRITER", 0.01)
    waiting = store.create(make_config(), RunStatus.QUEUED)
    with pytest.raises(StoreError, match="is queued; take it out of the queue first"):
        store.discard(waiting.id)
    training = store.create(make_config(), RunStatus.RUNNING)
    with store.training_lock(training.id), pytest.raises(StoreError, match="is being trained"):
        store.discard(training.id)
    written = store.create(make_config(), RunStatus.FINISHED)
    with FileLock(written.folder / "edit.lock"), pytest.raises(StoreError, match="written by another process"):
        store.discard(written.id)
    assert set(store.ids()) == {waiting.id, training.id, written.id}


def test_what_cannot_be_read_can_be_discarded(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    (run.folder / "run.json").write_text("{")
    store.discard(run.id)
    assert store.scan().problems == ()


def test_what_is_not_there(store: RunStore, make_config: MakeConfig) -> None:
    with pytest.raises(StoreError, match="There is no run never"):
        store.discard("never")
    with pytest.raises(StoreError, match="never is not in the trash"):
        store.restore("never")
    store.empty_trash(timedelta())  # there is none yet


def test_the_trash_is_emptied_of_what_is_old(store: RunStore, make_config: MakeConfig) -> None:
    old, new = (store.create(make_config(), RunStatus.FINISHED) for _ in range(2))
    for run in (old, new):
        os.utime(run.folder, (0, 0))  # when it was made is no matter
        store.discard(run.id)
    trashed = store.folder / ".trash" / old.id
    two_days_ago = trashed.stat().st_mtime - timedelta(days=2).total_seconds()
    os.utime(trashed, (two_days_ago, two_days_ago))
    store.empty_trash(timedelta(days=1))
    assert [entry.name for entry in trashed.parent.iterdir()] == [new.id]
    with pytest.raises(StoreError, match="is not in the trash"):
        store.restore(old.id)
    store.empty_trash(timedelta())
    assert list(trashed.parent.iterdir()) == []
