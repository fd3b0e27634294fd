"""`cifar-tui watch`: what a run says, read off its folder, whichever process trains it."""

from collections.abc import Iterator

from cifar_tui.cli.console import FAILED, INTERRUPTED, fail, warn
from cifar_tui.cli.placing import Jobs
from cifar_tui.cli.progress import make_reporter
from cifar_tui.cli.signals import stop_on_signals
from cifar_tui.cli.stores import open_store
from cifar_tui.cli.train import find_run
from cifar_tui.events import Event, Outcome, RunEnded
from cifar_tui.paths import Paths
from cifar_tui.runs.queue import has_ended
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError

_EXIT_CODES = {Outcome.FINISHED: 0, Outcome.FAILED: FAILED, Outcome.STOPPED: INTERRUPTED}
_SECONDS_BETWEEN_LOOKS = 0.5
_OUTCOMES = {
    RunStatus.FINISHED: Outcome.FINISHED,
    RunStatus.STOPPED: Outcome.STOPPED,
    RunStatus.FAILED: Outcome.FAILED,
}


def watch_run(paths: Paths, wanted: str, *, as_json: bool) -> int:
    """Report a run until it ends, and return the process's exit code.

    Args:
        paths: where the run is kept.
        wanted: the run's id, any part of it that no other run has, or its name.
        as_json: print events as lines of JSON.
    """
    store = open_store(paths)
    run = find_run(store, wanted)
    watched = _Watched(store, run.id)
    jobs = Jobs(paths, store)
    try:
        with stop_on_signals() as stop, make_reporter(run.config.training.epochs, as_json=as_json) as reporter:
            has_told = False
            while True:
                run = store.get(run.id)
                for event in watched.news(run):
                    reporter.hear(run.id, event)
                if has_ended(run):
                    break
                if run.status is RunStatus.INTERRUPTED and not has_told:
                    has_told = True
                    warn(f"{run.id} was interrupted; this waits for Slurm, which may start its job again.")
                jobs.look([run])
                if stop.wait(_SECONDS_BETWEEN_LOOKS):
                    return INTERRUPTED
            ended = _last_word(run)
            if ended is None:
                fail(f"{run.id} was interrupted; `cifar-tui resume {run.id}` goes on with it.", FAILED)
            reporter.hear(run.id, ended)
            reporter.conclude(run, ended)
    except StoreError as error:
        fail(str(error))
    if ended.error is not None:
        fail(ended.error, _EXIT_CODES[ended.outcome])
    return _EXIT_CODES[ended.outcome]


class _Watched:
    """Knows what was told already."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._is_introduced = False
        self._epochs = 0
        self._progress: Event | None = None
        self._problem: str | None = None

    def news(self, run: Run) -> Iterator[Event]:
        """Yield what came since the last time."""
        if run.record.started is not None and not self._is_introduced:
            self._is_introduced = True
            yield run.record.started
        epochs, problem = self._store.history(self._run_id)
        if problem is not None and problem != self._problem:
            warn(problem)
        self._problem = problem
        yield from epochs[self._epochs :]
        self._epochs = len(epochs)  # fewer than before where a run went on from a checkpoint
        progress = self._store.progress(self._run_id)
        if progress is not None and progress != self._progress and run.status is RunStatus.RUNNING:
            self._progress = progress
            yield progress


def _last_word(run: Run) -> RunEnded | None:
    outcome = _OUTCOMES.get(run.status)
    return RunEnded(outcome, run.record.results, run.record.error) if outcome else None
