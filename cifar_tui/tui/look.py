"""The look at the run folders that the screens are drawn from; one thread at a time calls it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from cifar_tui.data.dataset import DatasetError
from cifar_tui.events import EpochFinished
from cifar_tui.paths import Paths
from cifar_tui.presets import PresetLibrary, measured_runs
from cifar_tui.runs.columns import percent
from cifar_tui.runs.index import History, RunIndex, Snapshot
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.references import measured_rows, references_of
from cifar_tui.runs.stopping import wanted_stop
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.runs.table import Row
from cifar_tui.tui.screens.live import LiveView
from cifar_tui.tui.widgets.curves import Overlay
from cifar_tui.tui.widgets.queue_table import QueueEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.predictions import Predictions
    from cifar_tui.tui.screens.inspect import InspectDetail
    from cifar_tui.tui.screens.run import RunDetail

_LOG_LINES = 200
_MOST_NOTICES = 3
_MOST_BESIDE = 5
"""Curves of other running runs; more would hide one another."""


@dataclass(frozen=True)
class Wish:
    """What a look is to bring beside the rows."""

    follow: str | None
    """The run that Live shows; None takes the one that trains."""
    marked: tuple[str, ...]
    with_log: bool
    jobs: Mapping[str, str] = field(default_factory=dict)
    """What Slurm says of runs, by their ids."""


class Looker:
    """Remembers what it saw, and reads again only what has changed."""

    def __init__(self, store: RunStore, queue: RunQueue, library: PresetLibrary) -> None:
        self._store = store
        self._queue = queue
        self._references = references_of(library.presets)
        self._index = RunIndex(store, self._references)
        self._presets = library.presets
        self._measured: tuple[Row, ...] | None = None
        self._snapshot = Snapshot()
        self._histories: dict[str, tuple[EpochFinished, ...]] = {}
        """Of marked runs that are finished, and do not change any more."""

    def look(self, wish: Wish) -> LiveView:
        """Return what the screens show now."""
        self._snapshot = self._index.refresh(wish.follow) or self._snapshot
        followed = self._snapshot.followed
        log = self._store.log(followed.run.id, _LOG_LINES) if followed and wish.with_log else ()
        if self._measured is None:  # here, in a thread, and not while the first frame is waited for
            self._measured = tuple(measured_rows(RunStore(measured_runs()), self._presets))
        others = self._snapshot.running if len(self._snapshot.running) > 1 else ()
        beside = [run.id for run in others if run.id not in wish.marked][:_MOST_BESIDE]
        overlays = tuple(self._overlays([*wish.marked, *beside]))
        entries = tuple(self._entries(others, wish.jobs))
        return LiveView(self._snapshot, self._queue.is_paused, overlays, log, self._measured, entries)

    def detail(self, run_id: str, library: PresetLibrary) -> "RunDetail":
        """Return all of one run.

        Raises:
            StoreError: it cannot be read.
        """
        from cifar_tui.tui.screens.run import RunDetail  # the first frame waits for no screen that comes later

        run = self._store.get(run_id)
        preset = next((preset for preset in library.presets if preset.key == run.config.preset), None)
        return RunDetail(self._history(run), preset, self._references.of(run), self._store.log(run_id, _LOG_LINES))

    def inspection(self, run_id: str, paths: Paths) -> "InspectDetail":
        """Return what a finished run predicted, counted and scored.

        Raises:
            StoreError: the run cannot be read.
            PredictionsError: its predictions cannot be read.
        """
        from cifar_tui.analysis.inspection import inspect_run  # numpy is not for the first frame to wait for, either
        from cifar_tui.tui.inside import InsideProcess
        from cifar_tui.tui.screens.inspect import InspectDetail

        run = self._store.get(run_id)
        inspection = inspect_run(run)
        pixels = cache(partial(load_tested_pixels, run, inspection.predictions, paths))
        return InspectDetail(run, inspection, pixels, InsideProcess(paths))

    def histories(self, run_ids: Sequence[str]) -> list[History]:
        """Return several runs with their curves.

        Raises:
            StoreError: one cannot be read.
        """
        return [self._history(self._store.get(run_id)) for run_id in run_ids]

    def _history(self, run: Run) -> History:
        epochs, problem = self._store.history(run.id)
        return History(run, epochs, self._store.progress(run.id), wanted_stop(run.folder), problem)

    def _entries(self, training: Sequence[Run], jobs: Mapping[str, str]) -> Iterator[QueueEntry]:
        rows = {row.key: row for row in self._snapshot.rows} if training else {}
        for run in training:
            row = rows[run.id]
            reached = f"val {percent(row.val_accuracy)} %" if row.val_accuracy is not None else "starting"
            places = [row.device] if row.device and run.record.started else []
            if slurm := run.record.slurm:
                places.append(f"slurm {slurm.id} {slurm.node or ''}".rstrip())
            yield QueueEntry(run, row.epochs or 0, "  ".join([reached, *places]))
        for run in self._snapshot.queue:
            slurm = run.record.slurm
            said = jobs.get(run.id, "")
            yield QueueEntry(run, state=f"slurm {slurm.id or ''} {said}".strip() if slurm else "")

    def _overlays(self, marked: Sequence[str]) -> Iterator[Overlay]:
        snapshot = self._snapshot
        rows = {row.key: row for row in snapshot.rows if not row.is_unreadable} if marked else {}
        for place, run_id in enumerate(marked):
            row = rows.get(run_id)
            if row is None or (snapshot.followed and snapshot.followed.run.id == run_id):
                continue
            epochs = self._histories.get(run_id)
            if epochs is None:
                epochs = self._store.epochs(run_id)
            if row.status == RunStatus.FINISHED:
                self._histories[run_id] = epochs
            yield Overlay(row.name, epochs, place)


def load_tested_pixels(run: Run, predictions: "Predictions", paths: Paths) -> "NDArray[np.uint8]":
    """Load the images that a run was tested on, `[N, 32, 32, 3]`; called in a thread.

    Raises:
        DatasetError: the data set is missing or damaged, or is another one than the run was tested on.
    """
    from cifar_tui.data.evaluation_images import load_test_images

    images = load_test_images(run.config.data, paths)
    if not predictions.are_of(images.labels, images.digest()):
        raise DatasetError("The data set has changed since the run was tested on it: its images cannot be told apart.")
    return images.pixels


def ends(before: Snapshot, now: Snapshot) -> list[str]:
    """Return a sentence for each run that has ended between two looks; for many of them one for all."""
    gone = {run.id for run in before.running} - {run.id for run in now.running}
    ended = [row for row in now.rows if row.key in gone and row.status != RunStatus.QUEUED] if gone else []
    if len(ended) > _MOST_NOTICES:
        counts = Counter(row.status for row in ended)
        return [f"{len(ended)} runs have ended: {', '.join(f'{count} {status}' for status, count in counts.items())}"]
    return [
        f"{row.name}: {row.status}"
        + (f", test {percent(row.test_accuracy)} %" if row.test_accuracy is not None else "")
        for row in ended
    ]
