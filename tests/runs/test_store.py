"""The run store: folders that are whole or not there, and read whatever is in them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished, Results
from cifar_tui.runs.edits import star
from cifar_tui.runs.record import SCHEMA_VERSION, RunRecord, RunStatus
from cifar_tui.runs.store import RunStore, StoreError

MakeConfig = Callable[..., RunConfig]


def _damage(store: RunStore, run_id: str, **changes: Any) -> None:
    file = store.folder / run_id / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_is_made_is_read(store: RunStore, make_config: MakeConfig) -> None:
    made = store.create(make_config("mine"), RunStatus.QUEUED, queue_position=3)
    assert store.get(made.id) == made
    assert store.scan().runs == (made,)
    assert made.record.queue_position == 3
    assert made.folder == store.folder / made.id
    assert made.folder.stat().st_mode & 0o077 == 0  # nobody else reads it


def test_nothing_but_whole_folders_are_left(store: RunStore, make_config: MakeConfig) -> None:
    made = [store.create(make_config("same name"), RunStatus.QUEUED) for _ in range(20)]
    assert sorted(entry.name for entry in store.folder.iterdir()) == sorted({run.id for run in made})
    assert store.scan().problems == ()


def test_a_store_that_is_not_there_is_empty(store: RunStore) -> None:
    assert store.scan().runs == ()
    assert store.ids() == []


def test_scan_is_oldest_first(store: RunStore, make_config: MakeConfig) -> None:
    made = [store.create(make_config(), RunStatus.FINISHED) for _ in range(3)]
    for days, run in enumerate(made):
        moment = datetime.now(UTC) - timedelta(days=days)
        store.change(run.id, lambda record, moment=moment: record.model_copy(update={"created_at": moment}))
    assert [run.id for run in store.scan().runs] == [run.id for run in reversed(made)]


def test_change_is_seen_by_the_next_reader(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.QUEUED)
    changed = store.change(run.id, lambda record: record.model_copy(update={"status": RunStatus.STOPPED}))
    assert changed.status is RunStatus.STOPPED
    assert RunStore(store.folder).get(run.id) == changed


def test_a_record_that_changes_within_a_moment_is_read_again(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config("one"), RunStatus.FINISHED)
    assert store.get(run.id) == run
    file = run.folder / "run.json"
    before = file.stat()
    file.write_text(file.read_text().replace('"one"', '"two"'))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as on a disk with a coarse clock
    assert store.get(run.id).title == "two"


def test_an_old_record_is_read_once(store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(make_config(), RunStatus.FINISHED)
    os.utime(run.folder / "run.json", (0, 0))
    assert store.get(run.id) == run
    with monkeypatch.context() as patch:
        patch.setattr(RunRecord, "model_validate_json", None)
        assert store.get(run.id) == run
    star(store, run.id)
    assert store.get(run.id).record.starred


def test_a_scan_passes_over_what_it_is_told_to(store: RunStore, make_config: MakeConfig) -> None:
    first, second = (store.create(make_config(), RunStatus.FINISHED) for _ in range(2))
    assert store.scan(leave_out={first.id}).runs == (second,)


def test_a_run_that_is_gone_stays_gone(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.QUEUED)
    store.delete(run.id)
    store.delete(run.id)  # a second time is no error
    for act in (store.get, lambda run_id: store.change(run_id, lambda record: record)):
        with pytest.raises(StoreError, match=r"run\.json is missing"):
            act(run.id)
    assert list(store.folder.iterdir()) == []


def test_a_run_being_trained_is_not_deleted(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.RUNNING)
    with store.training_lock(run.id), pytest.raises(StoreError, match="is being trained; stop it first"):
        store.delete(run.id)
    assert store.get(run.id).config == run.config


def test_two_writers_wait_for_each_other(store: RunStore, make_config: MakeConfig) -> None:
    run = store.create(make_config(), RunStatus.QUEUED)
    script = (
        "import sys; from pathlib import Path; from cifar_tui.runs.store import RunStore\n"
        "store = RunStore(Path(sys.argv[1]))\n"
        "for _ in range(25):\n"
        "    store.change(sys.argv[2], lambda r: r.model_copy(update={'queue_position': r.queue_position + 1}))\n"
    )
    command = [sys.executable, "-c", script, str(store.folder), run.id]
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert store.get(run.id).record.queue_position == 50


class TestLiveness:
    def test_running_while_the_lock_is_held(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        with store.training_lock(run.id):
            assert store.get(run.id).status is RunStatus.RUNNING
        assert store.get(run.id).status is RunStatus.INTERRUPTED

    def test_interrupted_when_its_process_is_killed(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        script = (
            "import sys; from pathlib import Path; from cifar_tui.runs.store import RunStore\n"
            "lock = RunStore(Path(sys.argv[1])).training_lock(sys.argv[2]); lock.acquire()\n"
            "print('held', flush=True); sys.stdin.read()\n"
        )
        command = [sys.executable, "-c", script, str(store.folder), run.id]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            assert store.get(run.id).status is RunStatus.RUNNING
            process.kill()
            process.wait()
        assert store.get(run.id).status is RunStatus.INTERRUPTED

    def test_interrupted_is_never_written(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        store.change(run.id, lambda record: record.model_copy(update={"queue_position": 1.0}))
        assert json.loads((run.folder / "run.json").read_text())["status"] == "running"


class TestDamage:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "is damaged"),
            (b"{", "is damaged"),
            (b"\xff\xfe", "is damaged"),
            (b"[]", "is damaged"),
            (b"null", "is damaged"),
            (b"{}", "is damaged: config: Field required"),
        ],
    )
    def test_costs_its_own_run_a_sentence(
        self, store: RunStore, make_config: MakeConfig, content: bytes, words: str
    ) -> None:
        good, bad = (store.create(make_config(), RunStatus.FINISHED) for _ in range(2))
        (bad.folder / "run.json").write_bytes(content)
        scan = store.scan()
        assert scan.runs == (good,)
        (problem,) = scan.problems
        assert words in problem
        assert str(bad.folder / "run.json") in problem

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "sleeping"},
            {"created_at": "yesterday"},
            {"created_at": "2026-01-01T00:00:00"},  # no time zone: could not be sorted among the others
            {"queue_position": float("nan")},
            {"config": {"model": {"name": "alexnet"}}},
            {"results": {"test_accuracy": "good"}},
            {"schema_version": "two"},
        ],
    )
    def test_of_a_single_value(self, store: RunStore, make_config: MakeConfig, changes: dict[str, Any]) -> None:
        run = store.create(make_config(), RunStatus.FINISHED)
        _damage(store, run.id, **changes)
        (problem,) = store.scan().problems
        assert f"is damaged: {next(iter(changes))}" in problem

    def test_results_must_be_finite(
        self, store: RunStore, make_config: MakeConfig, make_results: Callable[..., Results]
    ) -> None:
        run = store.create(make_config(), RunStatus.FINISHED)
        store.change(run.id, lambda record: record.model_copy(update={"results": make_results()}))
        assert store.scan().problems == ()
        file = run.folder / "run.json"
        file.write_text(file.read_text().replace('"test_loss": 2.0', '"test_loss": NaN'))
        assert len(store.scan().problems) == 1

    def test_a_newer_schema_says_so(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config(), RunStatus.FINISHED)
        _damage(store, run.id, schema_version=SCHEMA_VERSION + 1, status="something new")
        (problem,) = store.scan().problems
        assert "was written by a newer cifar-tui (schema 2); update to read it" in problem

    def test_a_folder_without_a_record(self, store: RunStore) -> None:
        (store.folder / "empty").mkdir(parents=True)
        (store.folder / "a-file").touch()
        (store.folder / ".hidden").mkdir()
        assert store.scan().problems == (f"{store.folder / 'empty'}/run.json is missing.",)

    def test_a_folder_in_place_of_the_record(self, store: RunStore) -> None:
        (store.folder / "odd" / "run.json").mkdir(parents=True)
        assert "cannot be read" in store.scan().problems[0]


class TestHistory:
    def test_epochs_are_appended(
        self, store: RunStore, make_config: MakeConfig, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        assert store.epochs(run.id) == ()
        for epoch in (1, 2):
            store.append_epoch(run.id, make_epoch(epoch))
        assert store.epochs(run.id) == (make_epoch(1), make_epoch(2))

    @pytest.mark.parametrize("torn", [b'{"epoch": 2, "train_l', b"\xff\n", b"{}\n", b"\n"])
    def test_a_torn_line_is_left_out(
        self, store: RunStore, make_config: MakeConfig, make_epoch: Callable[[int], EpochFinished], torn: bytes
    ) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        store.append_epoch(run.id, make_epoch(1))
        with (run.folder / "epochs.jsonl").open("ab") as file:
            file.write(torn)
        assert store.epochs(run.id) == (make_epoch(1),)

    def test_progress_is_replaced(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config(), RunStatus.RUNNING)
        assert store.progress(run.id) is None
        for batch in (1, 2):
            store.write_progress(run.id, BatchProgress(1, batch, 10, 2.0, 0.1, 1.5, 100.0))
        assert store.progress(run.id) == BatchProgress(1, 2, 10, 2.0, 0.1, 1.5, 100.0)
        (run.folder / "progress.json").write_text("{")
        assert store.progress(run.id) is None


class TestFolderNames:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("SimpleCNN, wide", "simplecnn-wide"),
            ("../../etc/passwd", "etc-passwd"),
            ("\x1b[31mred\x07", "31mred"),
            ("Đà Nẵng", "a-nang"),
            ("画像", "run"),
            ("....", "run"),
            ("x" * 200, "x" * 36),
        ],
    )
    def test_are_plain(self, store: RunStore, make_config: MakeConfig, name: str, slug: str) -> None:
        run = store.create(make_config(name), RunStatus.QUEUED)
        stamp, *words, _ = run.id.split("-")
        assert datetime.strptime(stamp, "%Y%m%dT%H%M%S").date() == run.record.created_at.date()
        assert "-".join(words) == slug
        assert store.get(run.id).config.name == make_config(name).name

    @given(st.text(max_size=200))
    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_hold_any_name(self, store: RunStore, make_config: MakeConfig, name: str) -> None:
        try:
            config = make_config(name)
        except ValueError:
            return  # a name that cannot be written down
        run = store.create(config, RunStatus.QUEUED)
        assert run.folder.parent == store.folder
        assert store.get(run.id) == run


def test_a_folder_that_cannot_be_made(store: RunStore, make_config: MakeConfig) -> None:
    store.folder.parent.mkdir(parents=True)
    store.folder.touch()  # a file in its place
    with pytest.raises(StoreError, match=f"Cannot make a run in {store.folder}"):
        store.create(make_config(), RunStatus.QUEUED)


def test_a_folder_that_another_process_is_making_stays(
    store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = store.create(make_config(), RunStatus.QUEUED).id.split("-", 1)[1].rpartition("-")[0]
    monkeypatch.setattr("secrets.token_hex", lambda _: "taken")
    seconds = [datetime.now(UTC) + timedelta(seconds=later) for later in range(60)]
    unseen = [store.folder / f".{moment:%Y%m%dT%H%M%S}-{slug}-taken" for moment in seconds]
    for folder in unseen:
        folder.mkdir()
    with pytest.raises(StoreError, match=f"Cannot make a run in {store.folder}: File exists"):
        store.create(make_config(), RunStatus.QUEUED)
    assert all(folder.exists() for folder in unseen)


def test_a_record_that_somebody_writes_for_long(
    store: RunStore, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_config(), RunStatus.QUEUED)
    monkeypatch.setattr("cifar_tui.runs.store._SECONDS_TO_WAIT_FOR_A_WRITER", 0.01)
    with FileLock(run.folder / "edit.lock"), pytest.raises(StoreError, match="is being written by another process"):
        store.change(run.id, lambda record: record)
