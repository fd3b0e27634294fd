"""What the screens show, read off the run folders and handed on as one immutable snapshot."""

from dataclasses import dataclass

from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.runs.queue import in_queue_order
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.runs.table import Row, run_row
from cifar_tui.runs.watch import Watcher


@dataclass(frozen=True)
class History:
    """One run with its curves."""

    run: Run
    epochs: tuple[EpochFinished, ...]
    progress: BatchProgress | None


@dataclass(frozen=True)
class Snapshot:
    """The state of all runs at one moment."""

    rows: tuple[Row, ...] = ()
    """One a run, oldest first."""
    queue: tuple[Run, ...] = ()
    """Waiting runs, next first."""
    running: tuple[Run, ...] = ()
    """Runs that some process trains now."""
    followed: History | None = None
    """The run that the Live tab shows."""
    problems: tuple[str, ...] = ()
    """A sentence for each folder that could not be read."""


class RunIndex:
    """Follows the store; reads again only what has changed. Not thread-safe: one thread calls `refresh`."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._watcher = Watcher(store)
        self._runs: dict[str, Run] = {}
        self._rows: dict[str, Row] = {}
        self._problems: dict[str, str] = {}
        self._followed: str | None = None
        self._has_looked = False

    def refresh(self, follow: str | None = None) -> Snapshot | None:
        """Look at the folders again; None when there is nothing new.

        Args:
            follow: the run that Live shows; None takes the one that runs, else the one that ended last.
        """
        changes = self._watcher.look()
        stale = set(changes.changed)
        # A process that dies changes no file: whether a running run still runs is asked each time.
        stale |= {run.id for run in self._runs.values() if run.status is RunStatus.RUNNING}
        moved = bool(changes)
        for run_id in changes.gone:
            self._runs.pop(run_id, None)
            self._rows.pop(run_id, None)
            self._problems.pop(run_id, None)
        for run_id in stale - changes.gone:
            moved |= self._read(run_id)
        chosen = follow if follow in self._runs else self._default_follow()
        if self._has_looked and not moved and chosen == self._followed:
            return None
        self._has_looked, self._followed = True, chosen
        return self._snapshot(chosen)

    def _read(self, run_id: str) -> bool:
        before = self._runs.get(run_id)
        try:
            run = self._store.get(run_id)
        except StoreError as error:
            self._runs.pop(run_id, None)
            self._rows.pop(run_id, None)
            self._problems[run_id] = str(error)
            return True
        self._problems.pop(run_id, None)
        self._runs[run_id] = run
        self._rows[run_id] = run_row(run, self._store)
        return before is None or before.record != run.record

    def _default_follow(self) -> str | None:
        started = [run for run in self._runs.values() if run.record.started_at is not None]
        running = [run for run in started if run.status is RunStatus.RUNNING]
        newest = max(running or started, key=lambda run: run.record.started_at or run.record.created_at, default=None)
        return newest.id if newest else None

    def _snapshot(self, chosen: str | None) -> Snapshot:
        runs = sorted(self._runs.values(), key=lambda run: run.record.created_at)
        followed = None
        if chosen is not None:
            followed = History(self._runs[chosen], self._store.epochs(chosen), self._store.progress(chosen))
        return Snapshot(
            rows=tuple(self._rows[run.id] for run in runs),
            queue=tuple(in_queue_order(runs)),
            running=tuple(run for run in runs if run.status is RunStatus.RUNNING),
            followed=followed,
            problems=tuple(self._problems[run_id] for run_id in sorted(self._problems)),
        )
