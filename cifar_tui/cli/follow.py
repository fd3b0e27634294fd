"""Many runs followed to their end, trained here or by whoever works the queue."""

import contextlib
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cifar_tui.cli.console import warn
from cifar_tui.cli.placing import Jobs
from cifar_tui.cli.signals import stop_on_signals
from cifar_tui.events import Event
from cifar_tui.paths import Paths
from cifar_tui.runs.columns import duration, percent
from cifar_tui.runs.queue import RunQueue, has_ended
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.runners import Runners
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.text import printable

_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_TO_ESTIMATE_FROM = 1800.0


def follow_runs(
    paths: Paths, store: RunStore, runs: Sequence[Run], sweep: str, devices: tuple[str, ...], *, as_json: bool
) -> bool:
    """Return once all of `runs` have ended, no device is left, or a signal asked to leave; then nothing trains here.

    Whether a device was left to the end is the answer.

    Args:
        paths: where the queue is.
        store: where the runs are.
        runs: that wait, or train.
        sweep: the name of the sweep that they belong to.
        devices: what to train on (see `devices.parse_devices`).
        as_json: print lines of JSON.
    """
    if RunQueue(store).is_paused:
        warn("The queue waits; `w` on the app's Live tab lets it go on.")
    runners = Runners(paths, store, _hear_nothing, devices=devices, sweep=sweep, tell=warn, tell_of_waiting=warn)
    jobs = Jobs(paths, store)
    has_devices = True
    with stop_on_signals() as stop, _Board(store, len(runs), as_json=as_json) as board:
        runners.start()
        try:
            while not board.is_over(found := _read(store, runs)) and not stop.wait(_SECONDS_BETWEEN_LOOKS):
                jobs.look(found)
                if runners.join(0) and all(run.status is not RunStatus.RUNNING for run in found):
                    has_devices = False  # each has said why it takes no more runs
                    break
        finally:
            runners.shut_down()
            runners.join()
        board.is_over(_read(store, runs))
    return has_devices


def _hear_nothing(run_id: str, event: Event) -> None:
    """What runs say is read off their folders, whichever process trains them."""


def _read(store: RunStore, runs: Sequence[Run]) -> list[Run]:
    """Return the runs as they stand; one that was removed is left out."""
    found = []
    for run in runs:
        with contextlib.suppress(StoreError):
            found.append(store.get(run.id))
    return found


class _Board:
    """A line for each run that ends, and on a terminal a bar for the epochs of all of them."""

    def __init__(self, store: RunStore, count: int, *, as_json: bool) -> None:
        self._store = store
        self._count = count
        self._as_json = as_json
        self._told: dict[str, int] = {}
        """The runs that have ended, and how many epochs each trained."""
        self._reader_is_gone = False
        self._progress: Progress | None = None
        if sys.stdout.isatty() and not as_json:
            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                TextColumn("{task.fields[detail]}", markup=False),
                console=Console(), transient=True, speed_estimate_period=_SECONDS_TO_ESTIMATE_FROM,
            )  # fmt: skip
            self._bar = self._progress.add_task("epochs", total=None, detail="")

    def __enter__(self) -> "_Board":
        if self._progress:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def is_over(self, runs: Sequence[Run]) -> bool:
        """Show how the runs stand; return whether all have ended."""
        for run in runs:
            if has_ended(run) and run.id not in self._told:
                self._told[run.id] = len(self._store.epochs(run.id))
                self._tell(run)
        if self._progress:
            self._move(self._progress, runs)
        return all(has_ended(run) for run in runs)

    def _move(self, progress: Progress, runs: Sequence[Run]) -> None:
        done = total = 0
        for run in runs:
            if has_ended(run):  # no epoch is left to wait for, though not all were trained
                trained = planned = self._told[run.id]
            else:
                trained, planned = len(self._store.epochs(run.id)), run.config.training.epochs
            done += trained
            total += planned
        names = ", ".join(printable(run.title) for run in runs if run.status is RunStatus.RUNNING)
        progress.update(self._bar, total=total, completed=done, detail=names)

    def _tell(self, run: Run) -> None:
        results = run.record.results
        if self._as_json:
            accuracy = results.test_accuracy if results else None
            self._print(json.dumps({"run": run.id, "status": run.status, "test_accuracy": accuracy}))
            return
        outcome = run.status.value
        if results:
            outcome = f"test {percent(results.test_accuracy)} %, {duration(results.seconds)}"
        elif run.record.error:
            outcome += f": {run.record.error}"
        self._print(printable(f"[{len(self._told)}/{self._count}] {run.title}: {outcome}"))

    def _print(self, line: str) -> None:
        if self._reader_is_gone:
            return
        try:
            if self._progress:
                self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
            else:
                print(line, flush=True)
        except OSError:  # the runs go on where nobody reads the output any more
            self._reader_is_gone = True
