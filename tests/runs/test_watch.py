"""Noticing what other processes do to the run folders."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished, Results, RunStarted
from cifar_tui.runs.edits import rename, star
from cifar_tui.runs.index import RunIndex
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.stopping import StopAt, ask_to_stop, let_go_on
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import References
from cifar_tui.runs.watch import Watcher

MakeConfig = Callable[..., RunConfig]


@pytest.fixture
def run_id(store: RunStore, make_config: MakeConfig) -> str:
    return store.create(make_config(), RunStatus.RUNNING).id


class TestWatcher:
    def test_at_first_everything_is_new_and_then_nothing(self, store: RunStore, run_id: str) -> None:
        watcher = Watcher(store)
        assert watcher.look().changed == {run_id}
        assert not watcher.look()

    def test_notices_every_kind_of_writing(
        self, store: RunStore, run_id: str, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        watcher = Watcher(store)
        watcher.look()
        for write in (
            lambda: store.change(run_id, lambda record: record),
            lambda: store.append_epoch(run_id, make_epoch(1)),
            lambda: store.write_progress(run_id, BatchProgress(1, 1, 2, 3.0, 0.1, None, 4.0)),
            lambda: ask_to_stop(store.folder / run_id, StopAt.EPOCH),
            lambda: let_go_on(store.folder / run_id),
        ):
            write()
            assert watcher.look().changed == {run_id}
            assert not watcher.look()

    def test_runs_whose_folder_cannot_be_listed_are_not_gone(
        self, store: RunStore, run_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watcher = Watcher(store)
        watcher.look()

        def refuse(path: Path) -> None:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

        with monkeypatch.context() as while_stale:
            while_stale.setattr(os, "scandir", refuse)
            assert not watcher.look()
        assert not watcher.look()
        store.delete(run_id)
        assert watcher.look().gone == {run_id}

    def test_asking_whether_a_run_lives_is_no_change(self, store: RunStore, run_id: str) -> None:
        with store.training_lock(run_id):
            watcher = Watcher(store)
            watcher.look()
            store.get(run_id)
            assert not watcher.look()

    def test_notices_new_and_removed_runs(self, store: RunStore, run_id: str, make_config: MakeConfig) -> None:
        watcher = Watcher(store)
        watcher.look()
        other = store.create(make_config(), RunStatus.QUEUED).id
        store.delete(run_id)
        changes = watcher.look()
        assert (changes.changed, changes.gone) == ({other}, {run_id})

    def test_of_a_settled_run_only_the_record_counts(
        self, store: RunStore, run_id: str, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        watcher = Watcher(store)
        watcher.look({run_id})
        store.append_epoch(run_id, make_epoch(1))
        assert not watcher.look({run_id})
        star(store, run_id)
        assert watcher.look({run_id}).changed == {run_id}
        assert not watcher.look({run_id})


class TestIndex:
    def test_is_silent_when_nothing_is_new(self, store: RunStore, run_id: str) -> None:
        with store.training_lock(run_id):
            index = RunIndex(store)
            snapshot = index.refresh()
            assert snapshot
            assert [row.key for row in snapshot.rows] == [run_id]
            assert [run.id for run in snapshot.running] == [run_id]
            assert index.refresh() is None

    def test_notices_that_a_trainer_died(self, store: RunStore, run_id: str) -> None:
        index = RunIndex(store)
        with store.training_lock(run_id):
            index.refresh()
        snapshot = index.refresh()
        assert snapshot
        assert snapshot.running == ()
        assert snapshot.rows[0].status == "interrupted"

    def test_follows_the_run_that_was_asked_for(
        self, store: RunStore, run_id: str, make_config: MakeConfig, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        other = store.create(make_config(), RunStatus.FINISHED).id
        store.append_epoch(other, make_epoch(1))
        snapshot = RunIndex(store).refresh(follow=other)
        assert snapshot
        assert snapshot.followed
        assert snapshot.followed.run.id == other
        assert snapshot.followed.epochs == (make_epoch(1),)

    def test_an_edit_of_a_finished_run_shows_up(
        self, store: RunStore, make_config: MakeConfig, make_results: Callable[..., Results]
    ) -> None:
        run = store.create(make_config("as made"), RunStatus.RUNNING)
        store.change(
            run.id,
            lambda record: record.model_copy(update={"status": RunStatus.FINISHED, "results": make_results()}),
        )
        index = RunIndex(store)
        index.refresh()
        rename(RunStore(store.folder), run.id, "renamed")
        snapshot = index.refresh()
        assert snapshot
        assert [(row.name, row.status) for row in snapshot.rows] == [("renamed", "finished")]
        assert index.refresh() is None

    def test_a_discarded_run_goes_and_comes_back(self, store: RunStore, run_id: str) -> None:
        index = RunIndex(store)
        before = index.refresh()
        assert before
        store.discard(run_id)
        without = index.refresh()
        assert without
        assert (without.rows, without.followed) == ((), None)
        store.restore(run_id)
        after = index.refresh()
        assert after
        assert after.rows == before.rows

    def test_shows_each_epoch_as_it_comes_and_reads_the_history_once(
        self,
        store: RunStore,
        run_id: str,
        make_epoch: Callable[[int], EpochFinished],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        read: list[str] = []
        whole = RunStore.history
        monkeypatch.setattr(RunStore, "history", lambda self, run_id: read.append(run_id) or whole(self, run_id))
        index = RunIndex(store)
        with store.training_lock(run_id):
            for epoch in (1, 2):
                store.append_epoch(run_id, make_epoch(epoch))
                snapshot = index.refresh(follow=run_id)
                assert snapshot
                assert snapshot.followed
                assert [known.epoch for known in snapshot.followed.epochs] == [*range(1, epoch + 1)]
                assert snapshot.rows[0].epochs == epoch
            assert index.refresh(follow=run_id) is None
        assert read == [run_id, run_id]

    def test_compares_with_the_references(
        self, store: RunStore, make_config: MakeConfig, make_results: Callable[..., Results]
    ) -> None:
        config = make_config().model_copy(update={"preset": "mine"})
        run = store.create(config, RunStatus.FINISHED)
        started = RunStarted("CIFAR-100", "cpu", 10, 10, 10, 10, 1)
        changes = {"results": make_results(test_accuracy=0.5), "started": started}
        store.change(run.id, lambda record: record.model_copy(update=changes))
        snapshot = RunIndex(store, References({("mine", config.model.name): 0.25})).refresh()
        assert snapshot
        assert snapshot.rows[0].report_difference == 0.25

    def test_a_damaged_run_has_a_row_until_it_is_whole_again_or_gone(self, store: RunStore, run_id: str) -> None:
        index = RunIndex(store)
        before = index.refresh()
        assert before
        file = store.folder / run_id / "run.json"
        whole = file.read_text()
        file.write_text("{")
        snapshot = index.refresh()
        assert snapshot
        (row,) = snapshot.rows
        assert (row.key, row.name, row.status, row.is_unreadable) == (run_id, run_id, "unreadable", True)
        assert row.note.startswith("run.json is damaged: the file: Invalid JSON")
        assert (snapshot.queue, snapshot.running, snapshot.followed) == ((), (), None)
        assert index.refresh() is None
        file.write_text(whole)
        again = index.refresh()
        assert again
        assert again.rows == before.rows
        file.write_text("")
        index.refresh()
        store.delete(run_id)
        snapshot = index.refresh()
        assert snapshot
        assert snapshot.rows == ()

    def test_rows_of_what_cannot_be_read_stand_behind_the_others(
        self, store: RunStore, run_id: str, make_unreadable: Callable[[Path], dict[str, str]]
    ) -> None:
        reasons = make_unreadable(store.folder)
        snapshot = RunIndex(store).refresh()
        assert snapshot
        assert [row.key for row in snapshot.rows] == [run_id, *sorted(reasons)]
        for row in snapshot.rows[1:]:
            assert row.note == reasons[row.key]
            assert (row.name == "From the future") == (row.key == "newer")
