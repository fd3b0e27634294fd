"""Run folders on disk: the one place where runs are kept, and everything a person sees is read from.

A folder holds `run.json` (see `record`), `epochs.jsonl` (one finished epoch a line), `progress.json` (the position
within the epoch), `checkpoint.pt`, `predictions.npz` and `log.txt`. While a process trains a run it holds the lock
`run.lock` and touches `heartbeat.json`; a run that says it is running while nobody holds its lock, nor gives a sign of
life on another host, was interrupted.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import BaseFileLock, Timeout

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.files import append_line, copy_plain, make_folder, replace_text
from cifar_tui.runs.collector import collector_at_rest
from cifar_tui.runs.heartbeat import SECONDS_UNTIL_SILENCE, lives_elsewhere
from cifar_tui.runs.locks import break_stale, make_lock
from cifar_tui.runs.reading import ReadEpochs, RecordError, read_epochs, read_log, read_progress, read_record
from cifar_tui.runs.record import RunRecord, RunStatus, SlurmJob
from cifar_tui.text import printable

_SECONDS_TO_WAIT_FOR_A_WRITER = 10.0
_NANOSECONDS_UNTIL_A_STAMP_IS_SURE = 2 * 10**9
_LONGEST_SLUG = 36
_TRASH = ".trash"
_LOCKS = ("run.lock", "edit.lock")
_MOST_NAMED = 4
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.INTERRUPTED)


class StoreError(Exception):
    """One sentence about a run that cannot be read or written."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class NoSuchRunError(StoreError):
    """No run, or more than one, is called as a person wrote it."""


class UnreadableRunError(StoreError):
    """A run folder that cannot be read: damaged, without a record, or written by a newer version."""

    def __init__(self, folder: Path, error: RecordError) -> None:
        super().__init__(f"{folder}/{error}")
        self.reason = str(error)
        """The sentence where the folder is named already."""
        self.title = error.title
        """What the run is called, where a record that this version cannot read tells as much."""


@dataclass(frozen=True)
class Run:
    """One run as it stands on disk at the moment of reading."""

    id: str
    folder: Path
    record: RunRecord
    is_known_by_heartbeat: bool = False
    """Whether its signs of life alone tell that it runs, on another host."""

    @property
    def config(self) -> RunConfig:
        """What it computes."""
        return self.record.config

    @property
    def status(self) -> RunStatus:
        """Where it stands."""
        return self.record.status

    @property
    def title(self) -> str:
        """What it is called: the name a person gave it since, else the configuration's title."""
        return self.record.title

    @property
    def is_with_slurm(self) -> bool:
        """Whether Slurm has it, and may still do something with it."""
        return self.record.slurm is not None and self.status in _OPEN


@dataclass(frozen=True)
class Scan:
    """All that lies in the store."""

    runs: tuple[Run, ...]
    """Those that can be read, oldest first."""
    unreadable: Mapping[str, UnreadableRunError]
    """What is wrong with each other folder, by its name."""

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each folder that cannot be read."""
        return tuple(str(error) for error in self.unreadable.values())


class RunStore:
    """The run folders below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: dict[str, tuple[tuple[int, int, int], RunRecord]] = {}
        """What was read before, with the file's time, size and inode."""

    def check(self) -> None:
        """Return where the run folders can be listed, or there are none yet.

        Raises:
            StoreError: the folder cannot be read, and would look like an empty one.
        """
        try:
            os.scandir(self.folder).close()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be read: {error.strerror}.") from None

    def create(
        self,
        config: RunConfig,
        status: RunStatus,
        queue_position: float = 0.0,
        parent: Run | None = None,
        sweep: str | None = None,
        slurm: SlurmJob | None = None,
    ) -> Run:
        """Make a folder for a new run.

        Args:
            config: what it computes.
            status: where it stands.
            queue_position: where it waits, if it does.
            parent: the run that it goes on from: it starts with a copy of its checkpoint and its history.
            sweep: the name of the sweep that it belongs to, if any.
            slurm: for one that Slurm is to run.

        Raises:
            StoreError: the folder cannot be written to, or the parent has no checkpoint.
        """
        record = RunRecord(config=config, status=status, queue_position=queue_position, sweep=sweep, slurm=slurm)
        if parent:
            before = (parent.record.results.epochs,) if parent.record.results else ()
            ancestry = {"parent": parent.id, "trained_before": (*parent.record.trained_before, *before)}
            record = record.model_copy(update=ancestry)
        stamp = record.created_at.strftime("%Y%m%dT%H%M%S")
        run_id = f"{stamp}-{_slug(config.title)}-{secrets.token_hex(4)}"
        folder = self.folder / run_id
        unseen = self.folder / f".{run_id}"  # readers pass over it, so that they never meet a folder without run.json
        try:
            make_folder(self.folder)
            unseen.mkdir(mode=0o700)
            try:
                self._write(unseen, record)
                if parent:
                    for name in ("epochs.jsonl", "checkpoint.pt"):
                        copy_plain(parent.folder / name, unseen / name)
                unseen.rename(folder)
            except OSError:
                shutil.rmtree(unseen, ignore_errors=True)
                raise
        except OSError as error:
            about = f" ({error.filename})" if isinstance(error, FileNotFoundError) else ""
            raise StoreError(f"Cannot make a run in {self.folder}: {error.strerror}{about}.") from error
        return Run(run_id, folder, record)

    def get(self, run_id: str) -> Run:
        """Read one run.

        Raises:
            UnreadableRunError: there is no such run, or its run.json cannot be read.
        """
        folder = self.folder / run_id
        record = self._recall(folder)
        if record.status is not RunStatus.RUNNING or self._is_held(folder):
            return Run(run_id, folder, record)
        if lives_elsewhere(folder):
            return Run(run_id, folder, record, is_known_by_heartbeat=True)
        return Run(run_id, folder, record.model_copy(update={"status": RunStatus.INTERRUPTED}))

    def find(self, wanted: str) -> Run:
        """Return the run whose id is `wanted`, else the one that has it as a part of its id, else the one of that name.

        Raises:
            NoSuchRunError: there is none, or there are several.
            UnreadableRunError: its run.json cannot be read.
        """
        ids = self.ids()
        matches = [wanted] if wanted in ids else [run_id for run_id in ids if wanted in run_id]
        if not matches:
            matches = [run.id for run in self.scan(as_written=True).runs if run.title == wanted]
        if not matches:
            raise NoSuchRunError(f"No run is called {wanted!r}; `cifar-tui runs --json` lists the ids (key).")
        if len(matches) > 1:
            more = ", …" if len(matches) > _MOST_NAMED else ""
            raise NoSuchRunError(
                f"{len(matches)} runs can be meant by {wanted!r}: {', '.join(matches[:_MOST_NAMED])}{more}; "
                "give more of the id."
            )
        return self.get(matches[0])

    def scan(self, leave_out: Container[str] = (), *, as_written: bool = False) -> Scan:
        """Read every run but those whose id is in `leave_out`; one that cannot be read costs only itself.

        Args:
            leave_out: ids of runs that are not wanted.
            as_written: do not ask whether those live that say they are running: that takes longer than reading them.
        """
        runs: list[Run] = []
        unreadable: dict[str, UnreadableRunError] = {}
        with collector_at_rest():
            for run_id in self.ids():
                if run_id in leave_out:
                    continue
                try:
                    folder = self.folder / run_id
                    runs.append(Run(run_id, folder, self._recall(folder)) if as_written else self.get(run_id))
                except UnreadableRunError as error:
                    unreadable[run_id] = error
        runs.sort(key=lambda run: run.record.created_at)
        return Scan(tuple(runs), unreadable)

    def ids(self) -> list[str]:
        """Return the names of all run folders, sorted."""
        try:
            with os.scandir(self.folder) as entries:
                return sorted(entry.name for entry in entries if _is_folder(entry) and not entry.name.startswith("."))
        except OSError:
            return []

    def change(self, run_id: str, edit: Callable[[RunRecord], RunRecord]) -> Run:
        """Replace a run's record by what `edit` makes of it, one process at a time.

        Raises:
            StoreError: the run cannot be read or written.
        """
        folder = self.folder / run_id
        try:
            self._read(folder)  # before the lock, which would make a folder where there is none
            with self._edit_lock(folder):
                record = edit(self._read(folder))
                self._write(folder, record)
        except Timeout:
            raise StoreError(f"{folder} is being written by another process; try again.") from None
        except OSError as error:
            raise StoreError(f"{folder / 'run.json'} cannot be written: {error.strerror}.") from error
        return Run(run_id, folder, record)

    def mark_interrupted(self, run_id: str) -> bool:
        """Write into a run whose process is gone that it was interrupted; return whether it needed to be told.

        One that cannot be written is left as it is: to readers it is interrupted all the same.
        """
        folder = self.folder / run_id
        try:
            self._read(folder)  # or the lock would make the folder of a run that was discarded meanwhile
            with self.training_lock(run_id).acquire(timeout=0):
                if self._read(folder).status is not RunStatus.RUNNING or lives_elsewhere(folder):
                    return False
                self.change(run_id, lambda record: record.model_copy(update={"status": RunStatus.INTERRUPTED}))
        except (StoreError, Timeout, OSError):
            return False
        return True

    def delete(self, run_id: str) -> None:
        """Remove a run and everything it holds.

        Raises:
            StoreError: the run is being trained, or the folder cannot be removed.
        """
        folder = self.folder / run_id
        if not folder.exists():
            return
        _check_is_not_trained_elsewhere(folder)
        try:
            with self.training_lock(run_id).acquire(timeout=0):
                unseen = folder.rename(self.folder / f".{run_id}")  # gone at once for readers
            shutil.rmtree(unseen)  # without the lock: what is open cannot be removed on NFS
        except Timeout:
            raise StoreError(f"{run_id} is being trained; stop it first.") from None
        except OSError as error:
            raise StoreError(f"{folder} cannot be removed: {error.strerror}.") from error

    def discard(self, run_id: str) -> None:
        """Take a run away so that `restore` can bring it back, until `empty_trash` removes it for good.

        Raises:
            StoreError: there is no such run, it is queued or being trained, or the folder cannot be moved.
        """
        folder = self.folder / run_id
        if not os.path.lexists(folder):
            raise StoreError(f"There is no run {run_id}.")
        if os.path.lexists(self.folder / _TRASH / run_id) and _remove_remains(folder):
            return
        _check_is_not_trained_elsewhere(folder)
        try:
            with contextlib.ExitStack() as locks:
                if os.path.isdir(folder):  # in a link to itself nothing can be locked
                    locks.enter_context(self.training_lock(run_id).acquire(timeout=0))
                    locks.enter_context(self._edit_lock(folder))
                    if self._is_queued(folder):
                        raise StoreError(f"{run_id} is queued; take it out of the queue first.")
                (self.folder / _TRASH).mkdir(exist_ok=True, mode=0o700)
                os.utime(folder, follow_symlinks=False)  # when it was discarded, for `empty_trash`
                folder.rename(self.folder / _TRASH / run_id)
        except Timeout:
            raise StoreError(f"{run_id} is being trained or written by another process; stop it first.") from None
        except OSError as error:
            raise StoreError(f"{folder} cannot be discarded: {error.strerror}.") from error

    def restore(self, run_id: str) -> Run:
        """Bring back a run that was discarded.

        Raises:
            StoreError: it is not in the trash, or cannot be moved or read.
        """
        discarded = self.folder / _TRASH / run_id
        try:
            for lock in _LOCKS:  # held while the folder was moved, and left where files are locks
                (discarded / lock).unlink(missing_ok=True)
            _remove_remains(self.folder / run_id)
            discarded.rename(self.folder / run_id)
        except FileNotFoundError:
            raise StoreError(f"{run_id} is not in the trash.") from None
        except OSError as error:
            raise StoreError(f"{run_id} cannot be restored: {error.strerror}.") from error
        return self.get(run_id)

    def discarded(self) -> list[str]:
        """Return the ids of the runs that can be restored, the one discarded last at the end."""
        try:
            with os.scandir(self.folder / _TRASH) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
            return [entry.name for entry in sorted(found, key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)]
        except OSError:
            return []

    def empty_trash(self, older_than: timedelta) -> None:
        """Remove for good what was discarded longer ago than `older_than`; what cannot be removed stays."""
        latest = (now() - older_than).timestamp()
        try:
            entries = list((self.folder / _TRASH).iterdir())
        except OSError:
            return
        for entry in entries:
            with contextlib.suppress(OSError):  # somebody restores or removes it just now
                if entry.lstat().st_mtime <= latest:
                    # Out of the reach of `restore` before it loses its first file.
                    unseen = entry if entry.name.startswith(".") else entry.rename(entry.with_name(f".{entry.name}"))
                    if unseen.is_symlink():
                        unseen.unlink()  # what it leads to is not ours
                    else:
                        shutil.rmtree(unseen)

    def training_lock(self, run_id: str) -> BaseFileLock:
        """Return the lock that whoever trains the run holds."""
        file = self.folder / run_id / "run.lock"
        if not lives_elsewhere(self.folder / run_id):
            break_stale(file, SECONDS_UNTIL_SILENCE)
        return make_lock(file)

    def _edit_lock(self, folder: Path) -> BaseFileLock:
        break_stale(folder / "edit.lock", SECONDS_UNTIL_SILENCE)
        return make_lock(folder / "edit.lock", _SECONDS_TO_WAIT_FOR_A_WRITER)

    def append_epoch(self, run_id: str, epoch: EpochFinished) -> None:
        """Add a finished epoch to the run's history.

        Raises:
            OSError: the disk is full or the folder is gone; the history is as it was.
        """
        append_line(self._history_file(run_id), json.dumps(asdict(epoch)), durable=True)

    def keep_epochs(self, run_id: str, last: int) -> None:
        """Drop what the history holds after epoch `last`: a resumed run goes through it again.

        Raises:
            OSError: the disk is full, the folder is gone, or the history cannot be read, and is as it was.
        """
        file = self._history_file(run_id)
        kept = [epoch for epoch in read_epochs(file).epochs if epoch.epoch <= last]
        replace_text(file, "".join(json.dumps(asdict(epoch)) + "\n" for epoch in kept))

    def epochs(self, run_id: str) -> tuple[EpochFinished, ...]:
        """Read the run's history; what is no epoch in it (torn by a crash) is left out."""
        return self.history(run_id).epochs

    def history(self, run_id: str) -> ReadEpochs:
        """Read the run's history, and what is wrong with it."""
        try:
            return read_epochs(self._history_file(run_id))
        except OSError as error:
            return ReadEpochs(problem=f"epochs.jsonl cannot be read: {error.strerror}.")

    def write_progress(self, run_id: str, progress: BatchProgress) -> None:
        """Replace the position within the epoch; cheap, and not waited for.

        Raises:
            OSError: the disk is full or the folder is gone.
        """
        replace_text(self.folder / run_id / "progress.json", json.dumps(asdict(progress)), durable=False)

    def progress(self, run_id: str) -> BatchProgress | None:
        """Read the position within the epoch; None where there is none."""
        return read_progress(self.folder / run_id / "progress.json")

    def log(self, run_id: str, lines: int) -> tuple[str, ...]:
        """Read the last `lines` of the run's log."""
        return read_log(self.folder / run_id / "log.txt", lines)

    def _history_file(self, run_id: str) -> Path:
        return self.folder / run_id / "epochs.jsonl"

    def _recall(self, folder: Path) -> RunRecord:
        """Return a record as it was written, reading only a file that has changed."""
        try:
            stat = os.stat(f"{folder}/run.json")
        except OSError:
            return self._read(folder)
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._records.get(folder.name)
        if known is not None and known[0] == stamp:
            return known[1]
        record = self._read(folder)
        # A file written a moment ago could be written again without its time or size changing.
        if time.time_ns() - stat.st_mtime_ns > _NANOSECONDS_UNTIL_A_STAMP_IS_SURE:
            self._records[folder.name] = (stamp, record)
        return record

    def _read(self, folder: Path) -> RunRecord:
        """Read a record as it was written: `running` even where the process is gone."""
        try:
            return read_record(f"{folder}/run.json")  # a path object for each of thousands of runs takes longer
        except RecordError as error:
            raise UnreadableRunError(folder, error) from None

    def _is_queued(self, folder: Path) -> bool:
        try:
            return self._read(folder).status is RunStatus.QUEUED
        except StoreError:
            return False  # what cannot be read can be taken away

    def _write(self, folder: Path, record: RunRecord) -> None:
        replace_text(folder / "run.json", record.model_dump_json(indent=2) + "\n")

    def _is_held(self, folder: Path) -> bool:
        if not os.path.exists(folder / "run.lock"):
            return False
        if not lives_elsewhere(folder):
            break_stale(folder / "run.lock", SECONDS_UNTIL_SILENCE)
        lock = make_lock(folder / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return True  # such as a link to itself: who reads it is told what is wrong


def _remove_remains(folder: Path) -> bool:
    """Remove a folder that holds locks alone; return whether it did.

    Whoever takes the lock of a run at the very moment in which it is discarded makes its folder anew.
    """
    try:
        if not set(os.listdir(folder)) <= set(_LOCKS):
            return False
        for lock in _LOCKS:
            (folder / lock).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        return False
    return True


def _check_is_not_trained_elsewhere(folder: Path) -> None:
    if lives_elsewhere(folder):  # where its lock may mean nothing here
        raise StoreError(f"{folder.name} is being trained on another host; stop it first.")


def now() -> datetime:
    """Return the present moment as run records store it."""
    return datetime.now(UTC)


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_SLUG].strip("-") or "run"
