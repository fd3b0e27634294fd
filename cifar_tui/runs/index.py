"""What the screens show, read off the run folders and handed on as one immutable snapshot."""

from dataclasses import dataclass

from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.runs.collector import collector_at_rest
from cifar_tui.runs.queue import in_queue_order
from cifar_tui.runs.reading import ReadEpochs
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.stopping import StopAt, wanted_stop
from cifar_tui.runs.store import Run, RunStore, UnreadableRunError
from cifar_tui.runs.table import NO_REFERENCES, References, Row, run_row, unreadable_row
from cifar_tui.runs.watch import Watcher


@dataclass(frozen=True)
class History:
    """One run with its curves."""

    run: Run
    epochs: tuple[EpochFinished, ...]
    progress: BatchProgress | None
    stop: StopAt | None = None
    """Where it was asked to stop, if it was."""
    problem: str | None = None
    """A sentence where something in the curves could not be read."""


@dataclass(frozen=True)
class Snapshot:
    """The state of all runs at one moment."""

    rows: tuple[Row, ...] = ()
    """One a run, oldest first; after them one a folder that cannot be read."""
    queue: tuple[Run, ...] = ()
    """Waiting runs, next first."""
    running: tuple[Run, ...] = ()
    """Runs that some process trains now."""
    followed: History | None = None
    """The run that the Live tab shows."""
    with_slurm: tuple[Run, ...] = ()
    """Runs that were handed to Slurm and are not over, as far as their folders tell."""


class RunIndex:
    """Follows the store; reads again only what has changed. Not thread-safe: one thread calls `refresh`."""

    def __init__(self, store: RunStore, references: References = NO_REFERENCES) -> None:
        self._store = store
        self._references = references
        self._watcher = Watcher(store)
        self._runs: dict[str, Run] = {}
        self._rows: dict[str, Row] = {}
        self._created: dict[str, float] = {}
        """When each was made, in seconds: with time zones, thousands of moments take long to compare."""
        self._unreadable: dict[str, Row] = {}
        self._epochs: dict[str, ReadEpochs] = {}
        """The histories that were needed, as they stand."""
        self._settled: set[str] = set()
        """Runs that have their results: no more is written to them than a person's edits."""
        self._running: set[str] = set()
        self._newest: str | None = None
        self._followed: str | None = None
        self._has_looked = False

    def refresh(self, follow: str | None = None) -> Snapshot | None:
        """Look at the folders again; None when there is nothing new.

        Args:
            follow: the run that Live shows; None takes the one that runs, else the one that ended last.
        """
        changes = self._watcher.look(self._settled)
        moved = bool(changes)
        for run_id in changes.gone:
            self._forget(run_id)
        with collector_at_rest():
            for run_id in changes.changed:
                self._read(run_id)
        # A process that dies changes no file: whether a running run still runs is asked each time.
        for run_id in self._running - changes.changed:
            before = self._runs[run_id].status
            self._read(run_id, with_history=False)
            moved |= run_id not in self._runs or self._runs[run_id].status is not before
        # Permissions, and a disk that fails for a moment, change no file either.
        for run_id in self._unreadable.keys() - changes.changed:
            row = self._unreadable[run_id]
            self._read(run_id)
            moved |= self._unreadable.get(run_id) != row
        if moved:
            self._newest = self._default_follow()
        chosen = follow if follow in self._runs else self._newest
        if self._has_looked and not moved and chosen == self._followed:
            return None
        self._has_looked, self._followed = True, chosen
        return self._snapshot(chosen)

    def _read(self, run_id: str, *, with_history: bool = True) -> None:
        try:
            run = self._store.get(run_id)
        except UnreadableRunError as error:
            self._forget(run_id)
            self._unreadable[run_id] = unreadable_row(run_id, error)
            return
        if with_history:
            self._epochs.pop(run_id, None)
        self._unreadable.pop(run_id, None)
        self._runs[run_id] = run
        self._created[run_id] = run.record.created_at.timestamp()
        (self._settled.add if run.record.results else self._settled.discard)(run_id)
        (self._running.add if run.status is RunStatus.RUNNING else self._running.discard)(run_id)
        epochs = () if run.record.results else self._epochs_of(run_id).epochs
        self._rows[run_id] = run_row(run, epochs, self._references)

    def _forget(self, run_id: str) -> None:
        for known in (self._runs, self._rows, self._created, self._unreadable, self._epochs):
            known.pop(run_id, None)
        self._settled.discard(run_id)
        self._running.discard(run_id)

    def _epochs_of(self, run_id: str) -> ReadEpochs:
        if run_id not in self._epochs:
            self._epochs[run_id] = self._store.history(run_id)
        return self._epochs[run_id]

    def _default_follow(self) -> str | None:
        started = [run for run in self._runs.values() if run.record.started_at is not None]
        running = [run for run in started if run.status is RunStatus.RUNNING]
        newest = max(running or started, key=lambda run: run.record.started_at or run.record.created_at, default=None)
        return newest.id if newest else None

    def _snapshot(self, chosen: str | None) -> Snapshot:
        order = sorted(self._runs, key=self._created.__getitem__)
        unsettled = [self._runs[run_id] for run_id in order if run_id not in self._settled]
        followed = None
        if chosen is not None:
            epochs, problem = self._epochs_of(chosen)
            run = self._runs[chosen]
            followed = History(run, epochs, self._store.progress(chosen), wanted_stop(run.folder), problem)
        return Snapshot(
            rows=(
                *(self._rows[run_id] for run_id in order),
                *(self._unreadable[run_id] for run_id in sorted(self._unreadable)),
            ),
            queue=tuple(in_queue_order(unsettled)),
            running=tuple(run for run in unsettled if run.status is RunStatus.RUNNING),
            followed=followed,
            with_slurm=tuple(run for run in unsettled if run.is_with_slurm),
        )
