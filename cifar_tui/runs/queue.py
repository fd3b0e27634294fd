"""The queue: runs whose status is `queued`, in the order of their positions."""

from cifar_tui.config import RunConfig
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError


class RunQueue:
    """An order over the queued runs of a store; it keeps nothing of its own."""

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def waiting(self) -> list[Run]:
        """Return the queued runs, next first."""
        queued = [run for run in self.store.scan().runs if run.status is RunStatus.QUEUED]
        return sorted(queued, key=lambda run: (run.record.queue_position, run.record.created_at))

    def add(self, config: RunConfig, *, first: bool = False) -> Run:
        """Queue a new run, at the end or before all others.

        Raises:
            StoreError: the run cannot be written.
        """
        positions = [run.record.queue_position for run in self.waiting()]
        position = (min(positions, default=1.0) - 1) if first else (max(positions, default=-1.0) + 1)
        return self.store.create(config, RunStatus.QUEUED, position)

    def remove(self, run_id: str) -> None:
        """Take a queued run out and delete its folder.

        Raises:
            StoreError: it is no longer queued, or cannot be removed.
        """
        if self.store.get(run_id).status is not RunStatus.QUEUED:
            raise StoreError(f"{run_id} is no longer queued.")
        self.store.delete(run_id)
