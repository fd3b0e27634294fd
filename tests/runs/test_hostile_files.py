"""Files of a run folder that are none, or far too large: never waited for, and read no further than is sane."""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.runs.checkpoints import Checkpoints
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.stopping import StopAt, wanted_stop
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.training.checkpoint import CheckpointError

pytestmark = pytest.mark.timeout(60)

KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "it is not a plain file"),
    "pipe": (os.mkfifo, "it is not a plain file"),
    "device": (lambda file: file.symlink_to("/dev/zero"), "it is not a plain file"),
    "link": (lambda file: file.symlink_to(file), os.strerror(errno.ELOOP)),
}


@pytest.fixture
def run(store: RunStore, make_config: Callable[..., RunConfig], make_epoch: Callable[[int], EpochFinished]) -> Run:
    """A run with two epochs, a position and a log."""
    run = store.create(make_config(epochs=9), RunStatus.STOPPED)
    for epoch in (1, 2):
        store.append_epoch(run.id, make_epoch(epoch))
    store.write_progress(run.id, BatchProgress(3, 1, 2, 2.0, 0.1, 1.5, 100.0))
    (run.folder / "log.txt").write_text("one\ntwo\nthree\n")
    return run


def replaced(run: Run, name: str, kind: str) -> Path:
    file = run.folder / name
    file.unlink(missing_ok=True)
    KINDS[kind][0](file)
    return file


@pytest.mark.parametrize("kind", KINDS)
class TestWhatIsNoFile:
    def test_in_place_of_the_history(self, store: RunStore, run: Run, kind: str) -> None:
        file = replaced(run, "epochs.jsonl", kind)
        assert store.history(run.id) == ((), f"epochs.jsonl cannot be read: {KINDS[kind][1]}.")
        assert store.epochs(run.id) == ()
        with pytest.raises(OSError):  # noqa: PT011  which one, depends on what it is
            store.keep_epochs(run.id, 1)
        assert os.path.lexists(file)
        with pytest.raises(StoreError, match=KINDS[kind][1]):
            store.create(run.config, RunStatus.QUEUED, parent=run)
        assert store.ids() == [run.id]

    def test_in_place_of_position_log_and_wish(self, store: RunStore, run: Run, kind: str) -> None:
        for name in ("progress.json", "log.txt", "stop"):
            replaced(run, name, kind)
        assert store.progress(run.id) is None
        assert store.log(run.id, 5) == ()
        assert wanted_stop(run.folder) is None

    def test_in_place_of_the_checkpoint(self, run: Run, kind: str) -> None:
        replaced(run, "checkpoint.pt", kind)
        if kind == "link":
            assert Checkpoints(run.folder).read() is None  # it leads to nothing
        else:
            with pytest.raises(CheckpointError, match="cannot be resumed from"):
                Checkpoints(run.folder).read()

    def test_in_place_of_the_locks(self, store: RunStore, run: Run, kind: str) -> None:
        """It may be refused, or done all the same; it is never waited for."""
        for name in ("run.lock", "edit.lock"):
            replaced(run, name, kind)
        with contextlib.suppress(StoreError):
            store.change(run.id, lambda record: record)
        assert store.get(run.id).status is RunStatus.STOPPED
        assert store.scan().problems == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_nobody_may_read(store: RunStore, run: Run) -> None:
    for name in ("epochs.jsonl", "progress.json", "log.txt"):
        (run.folder / name).chmod(0)
    assert store.history(run.id) == ((), "epochs.jsonl cannot be read: Permission denied.")
    assert (store.progress(run.id), store.log(run.id, 5)) == (None, ())
    (run.folder / "run.json").chmod(0)
    assert "run.json cannot be read: Permission denied" in store.scan().problems[0]


class TestLargeFiles:
    def test_of_a_log_only_the_end_is_read(self, store: RunStore, run: Run) -> None:
        with (run.folder / "log.txt").open("r+b") as file:
            file.truncate(10**8)
            file.seek(0, os.SEEK_END)
            file.write(b"\nlast \xff but one\nlast\n")
        assert store.log(run.id, 2) == ("last \ufffd but one", "last")
        assert sum(map(len, store.log(run.id, 100))) <= 100 * 200

    def test_a_history_is_read_up_to_a_size(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        with (run.folder / "epochs.jsonl").open("r+b") as file:
            file.truncate(10**10)
        epochs, problem = store.history(run.id)
        assert epochs == (make_epoch(1), make_epoch(2))
        assert problem == ("epochs.jsonl is damaged: what lies beyond 33,554,432 bytes or 200,000 lines is not read.")

    def test_a_history_is_read_up_to_a_number_of_lines(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        with (run.folder / "epochs.jsonl").open("ab") as file:
            file.write(b"\n" * 1_000_000)
        store.append_epoch(run.id, make_epoch(3))
        epochs, problem = store.history(run.id)
        assert epochs == (make_epoch(1), make_epoch(2))
        assert problem is not None
        assert "200,000 lines" in problem

    @pytest.mark.parametrize("name", ["progress.json", "stop"])
    def test_what_is_small_by_nature_is_refused(self, store: RunStore, run: Run, name: str) -> None:
        file = run.folder / name
        file.write_text(file.read_text() if name == "progress.json" else "batch")
        assert store.progress(run.id) is not None
        assert name == "progress.json" or wanted_stop(run.folder) is StopAt.BATCH
        with file.open("r+b") as stream:
            stream.truncate(10**10)
        assert (store.progress(run.id) if name == "progress.json" else wanted_stop(run.folder)) is None


def line(**changes: str) -> bytes:
    """A line of a history, with these values in place of sound ones."""
    values = {"epoch": "1", "train_loss": "4.0", "train_accuracy": "0.1", "val_loss": "4.1", "val_accuracy": "0.09"}
    values |= {"lr": "1e-3", "seconds": "2.0", "images_per_second": "1e3"} | changes
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in values.items() if value) + "}\n").encode()


class TestHistories:
    @pytest.mark.parametrize(
        "changes",
        [
            {"train_loss": "NaN"}, {"val_loss": "Infinity"}, {"train_loss": "-Infinity"}, {"train_loss": "1e308"},
            {"train_loss": "-1"}, {"val_accuracy": "1.5"}, {"train_accuracy": "-0.1"}, {"seconds": "1e308"},
            {"seconds": "-1"}, {"images_per_second": "1e300"}, {"lr": '"fast"'}, {"lr": "null"}, {"lr": "[1]"},
            {"epoch": "0"}, {"epoch": "-3"}, {"epoch": "1.5"}, {"epoch": "1" + "0" * 400}, {"epoch": ""},
            {"grad_norm": "NaN"}, {"grad_norm": "{}"},
        ],
        ids=lambda changes: str(changes)[:30],
    )  # fmt: skip
    def test_a_line_with_a_value_that_cannot_be_costs_only_itself(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished], changes: dict[str, str]
    ) -> None:
        with (run.folder / "epochs.jsonl").open("ab") as file:
            file.write(line(**({"epoch": "3"} | changes)))
        store.append_epoch(run.id, make_epoch(4))
        epochs, problem = store.history(run.id)
        assert epochs == (make_epoch(1), make_epoch(2), make_epoch(4))
        assert problem == "epochs.jsonl is damaged: 1 of its lines is no epoch."

    @pytest.mark.parametrize(
        "rest",
        [b"\x00\xff\n", b"x" * 10**7 + b"\n", b"[" * 10**6 + b"\n", b"\xef\xbb\xbf{}\n"],
        ids=["binary", "long", "deep", "marked"],
    )
    def test_a_line_that_is_none_costs_only_itself(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished], rest: bytes
    ) -> None:
        with (run.folder / "epochs.jsonl").open("ab") as file:
            file.write(rest * 2)
        store.append_epoch(run.id, make_epoch(3))
        epochs, problem = store.history(run.id)
        assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
        assert problem == "epochs.jsonl is damaged: 2 of its lines are no epochs."

    def test_a_last_line_that_is_being_written_is_no_problem(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        with (run.folder / "epochs.jsonl").open("ab") as file:
            file.write(line()[:40])
        assert store.history(run.id) == ((make_epoch(1), make_epoch(2)), None)

    def test_each_epoch_counts_once_and_they_rise(
        self, store: RunStore, run: Run, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        file = run.folder / "epochs.jsonl"
        shutil.copy(file, run.folder / "copy")
        file.write_bytes(line(epoch="7") + line(lr="0.5") + (run.folder / "copy").read_bytes())
        assert [(epoch.epoch, epoch.lr) for epoch in store.epochs(run.id)] == [(1, 1e-3), (2, 1e-3), (7, 1e-3)]

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"{", b"\xff", b"null", b"[1]", b'{"epoch": 3}',
            b'{"epoch": 3, "batch": 1, "batches": 0, "train_loss":1,"lr":1,"grad_norm":1, "images_per_second": 1}',
            b'{"epoch": 3, "batch": -1, "batches": 2, "train_loss":1,"lr":1,"grad_norm":1, "images_per_second": 1}',
            b'{"epoch": 3, "batch": 1, "batches": 2, "train_loss": NaN, "lr":1,"grad_norm":1, "images_per_second": 1}',
        ],
    )  # fmt: skip
    def test_a_position_that_cannot_be_is_none(self, store: RunStore, run: Run, content: bytes) -> None:
        (run.folder / "progress.json").write_bytes(content)
        assert store.progress(run.id) is None
