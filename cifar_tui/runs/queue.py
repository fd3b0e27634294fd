"""The queue: runs whose status is `queued`, in the order of their positions."""

import os
from collections.abc import Callable, Iterable, Sequence

from cifar_tui.config import RunConfig
from cifar_tui.files import make_folder
from cifar_tui.runs.extend import extended
from cifar_tui.runs.record import RunRecord, RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore, StoreError


class RunQueue:
    """An order over the queued runs of a store."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._finished: frozenset[str] = frozenset()
        """Runs that will never wait again; a look at the queue among thousands of them passes over them."""
        self._pause_mark = store.folder.parent / "queue-paused"

    @property
    def is_paused(self) -> bool:
        """Whether the queue waits for a person; a run that trains already goes on."""
        return os.path.exists(self._pause_mark)

    def pause(self) -> None:
        """Start no other run, in any process, until `go_on`.

        Raises:
            StoreError: the folder cannot be written to.
        """
        try:
            make_folder(self._pause_mark.parent)
            self._pause_mark.touch(mode=0o600)
        except OSError as error:
            raise StoreError(f"The queue cannot be paused: {error.strerror}.") from error

    def go_on(self) -> None:
        """Start runs again.

        Raises:
            StoreError: the folder cannot be written to.
        """
        try:
            self._pause_mark.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"The queue cannot go on: {error.strerror}.") from error

    def waiting(self) -> list[Run]:
        """Return the queued runs that this machine is to train, next first."""
        runs = self.store.scan(leave_out=self._finished, as_written=True).runs
        self._finished |= {run.id for run in runs if run.status is RunStatus.FINISHED}
        return [run for run in in_queue_order(runs) if run.record.slurm is None]

    def add(self, config: RunConfig, *, first: bool = False) -> Run:
        """Queue a new run, at the end or before all others.

        Raises:
            StoreError: the run cannot be written.
        """
        return self.add_all([config], first=first)[0]

    def add_all(
        self,
        configs: Sequence[RunConfig],
        *,
        first: bool = False,
        sweep: str | None = None,
        slurm: SlurmJob | None = None,
    ) -> list[Run]:
        """Queue new runs in their order, at the end or before all others.

        Args:
            configs: what they compute.
            first: before all that wait already.
            sweep: the name of the sweep that they belong to, if any.
            slurm: for runs that are then handed to Slurm: this machine does not train them.

        Raises:
            StoreError: a run cannot be written; those before it are queued.
        """
        positions = [run.record.queue_position for run in self.waiting()]
        start = min(positions, default=0.0) - len(configs) if first else max(positions, default=-1.0) + 1
        return [
            self.store.create(config, RunStatus.QUEUED, start + place, sweep=sweep, slurm=slurm)
            for place, config in enumerate(configs)
        ]

    def resume(self, run_id: str, *, slurm: SlurmJob | None = None) -> Run:
        """Queue a run again that ended before its end; it goes on from its checkpoint, here or where `slurm` says.

        Raises:
            StoreError: the run is finished, under way or queued already, or cannot be written.
        """
        return self._resume(run_id, self._last_position() + 1, slurm)

    def resume_all(
        self,
        run_ids: Sequence[str],
        *,
        slurm: SlurmJob | None = None,
        passed_over: Callable[[StoreError], object] | None = None,
    ) -> list[Run]:
        """Queue runs again in their order, as `resume` does, at the end; not those that a job may start again.

        Args:
            run_ids: the runs.
            slurm: where they are to go on, if not here.
            passed_over: told of each that cannot be queued, and the others are; without it the first ends all.

        Raises:
            StoreError: as for `resume`, or Slurm still has the run; those before that run are queued.
        """
        start = self._last_position() + 1 if run_ids else 0.0
        resumed: list[Run] = []
        for place, run_id in enumerate(run_ids):
            try:
                _check_is_not_left_to_slurm(self.store.get(run_id))
                resumed.append(self._resume(run_id, start + place, slurm))
            except StoreError as error:
                if passed_over is None:
                    raise
                passed_over(error)
        return resumed

    def _resume(self, run_id: str, position: float, slurm: SlurmJob | None) -> Run:
        def as_queued(record: RunRecord) -> RunRecord:
            check_can_go_on(self.store.get(run_id))  # not before: another process may have taken it in the meantime
            changes = {"status": RunStatus.QUEUED, "queue_position": position, "error": None, "slurm": slurm}
            return record.model_copy(update=changes)

        return self.store.change(run_id, as_queued)

    def _last_position(self) -> float:
        return max((run.record.queue_position for run in self.waiting()), default=-1.0)

    def extend(self, run_id: str, epochs: int) -> Run:
        """Queue a new run at the end that trains a finished one on, to `epochs` in all.

        Raises:
            StoreError: it is not finished, has as many epochs already, or the folder cannot be written to.
        """
        parent = self.store.get(run_id)
        return self.store.create(extended(parent, epochs), RunStatus.QUEUED, self._last_position() + 1, parent)

    def move(self, run_id: str, step: int) -> None:
        """Let a queued run change places with the one before it (-1) or after it (1); at an end nothing happens.

        Raises:
            StoreError: it is no longer queued, waits for Slurm, or cannot be written.
        """
        waiting = self.waiting()
        place = next((place for place, run in enumerate(waiting) if run.id == run_id), None)
        if place is None:
            run = self.store.get(run_id)
            with_slurm = run.status is RunStatus.QUEUED and run.record.slurm is not None
            what = "waits for Slurm, which decides when it begins" if with_slurm else "is no longer queued"
            raise StoreError(f"{run.title} {what}.")
        if not 0 <= place + step < len(waiting):
            return
        one, other = waiting[place], waiting[place + step]
        if one.record.queue_position != other.record.queue_position:
            self._put(one.id, other.record.queue_position)
            self._put(other.id, one.record.queue_position)
            return
        waiting[place], waiting[place + step] = other, one
        for position, run in enumerate(waiting):
            if run.record.queue_position != position:
                self._put(run.id, float(position))

    def _put(self, run_id: str, position: float) -> None:
        self.store.change(run_id, lambda record: record.model_copy(update={"queue_position": position}))

    def remove(self, run_id: str) -> None:
        """Take a queued run out and discard it; a run that has trained before is only stopped again.

        Raises:
            StoreError: it is no longer queued, or cannot be removed.
        """
        run = self.store.change(run_id, stop_waiting)
        if run.record.started is None:
            self.store.discard(run_id)

    def put_back(self, run_id: str) -> Run:
        """Queue a run again that `remove` took out, in the place that it had.

        Raises:
            StoreError: it cannot be restored, or was queued or trained in the meantime.
        """
        discarded = run_id not in self.store.ids()
        run = self.store.restore(run_id) if discarded else self.store.get(run_id)
        return self._resume(run_id, run.record.queue_position, run.record.slurm)


def in_queue_order(runs: Iterable[Run]) -> list[Run]:
    """Return those of `runs` that are queued, next first."""
    queued = [run for run in runs if run.status is RunStatus.QUEUED]
    return sorted(queued, key=lambda run: (run.record.queue_position, run.record.created_at))


def awaits_hand_over(record: RunRecord) -> bool:
    """Whether a run waits to be handed to Slurm: for a moment, or for good where the hand-over was cut off."""
    return record.status is RunStatus.QUEUED and record.slurm is not None and record.slurm.id is None


def has_ended(run: Run) -> bool:
    """Whether nothing more will happen to a run by itself; of one whose node died, Slurm may start the job again."""
    slurm = run.record.slurm
    is_left_to_slurm = run.status is RunStatus.INTERRUPTED and slurm is not None and slurm.id is not None
    return run.status.is_over and not is_left_to_slurm


def _check_is_not_left_to_slurm(run: Run) -> None:
    if run.status.can_go_on and not has_ended(run):
        raise StoreError(f"{run.title} was interrupted, but Slurm may start its job again; resume it alone if not.")


def check_can_go_on(run: Run) -> None:
    """Return when `run` can be resumed.

    Raises:
        StoreError: it is finished, under way or queued, and does not wait to be handed to Slurm.
    """
    if not run.status.can_go_on and not awaits_hand_over(run.record):
        raise StoreError(f"{run.title} is {run.status}; only a stopped, failed or interrupted run can be resumed.")


def stop_waiting(record: RunRecord) -> RunRecord:
    """Return the record of a queued run as a stopped one.

    Raises:
        StoreError: it is no longer queued; a runner may have taken it in the meantime.
    """
    if record.status is not RunStatus.QUEUED:
        raise StoreError(f"{record.title} is no longer queued.")
    return record.model_copy(update={"status": RunStatus.STOPPED})
