"""Trains one run of the store in the calling thread, writing everything to its folder first."""

import contextlib
import logging
import os
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from filelock import Timeout

from cifar_tui.config import RunConfig, with_values
from cifar_tui.events import (
    BatchProgress,
    EpochFinished,
    Event,
    Outcome,
    RunEnded,
    RunStarted,
    Tested,
    WritingFailed,
    WritingRecovered,
)
from cifar_tui.files import NO_ROOM, append_line, remove_unfinished, replacing
from cifar_tui.paths import Paths
from cifar_tui.runs.backlog import Backlog
from cifar_tui.runs.devices import AUTO, suits
from cifar_tui.runs.environment import describe_environment
from cifar_tui.runs.heartbeat import beating, lives_elsewhere
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.stopping import StopAt, let_go_on, wanted_stop
from cifar_tui.runs.store import Run, RunStore, StoreError, now
from cifar_tui.text import printable
from cifar_tui.training.allocator import keep_freed_memory

if TYPE_CHECKING:
    from cifar_tui.runs.checkpoints import Checkpoints
    from cifar_tui.training.loop import State

logger = logging.getLogger(__name__)

Listener = Callable[[str, Event], None]
"""Told the run's id and what it said, after the run folder was written."""

_SECONDS_TO_WAIT_FOR_THE_LOCK = 2.0
"""A reader that asks whether the run lives holds the lock for a moment."""

_SECONDS_A_TRY = 0.1
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_TO_INSIST = 600.0
"""What a run came to is written as soon as it can be; a full disk is waited for, as it takes no other run either."""

_WRITTEN_BY_TRAINING_ALONE = ("checkpoint.pt", "epochs.jsonl", "progress.json", "predictions.npz")

_STATUS = {
    Outcome.FINISHED: RunStatus.FINISHED,
    Outcome.STOPPED: RunStatus.STOPPED,
    Outcome.FAILED: RunStatus.FAILED,
}


class RunTakenError(Exception):
    """Another process trains the run already."""


def execute(
    paths: Paths,
    store: RunStore,
    run_id: str,
    should_stop: Callable[[], bool],
    listener: Listener,
    *,
    device: str = AUTO,
    only_if: RunStatus | None = None,
) -> RunEnded:
    """Train a run to its end and return its last word. Whatever goes wrong becomes that word: `failed`, a sentence.

    A run with a checkpoint goes on from there; what follows is the same, to the bit on a CPU, as if it had never ended.

    Args:
        paths: where the data sets are.
        store: where the run is.
        run_id: the run.
        should_stop: asked before every step.
        listener: told what the run says, after its folder was written.
        device: where a run trains that leaves the choice, or asks for any GPU.
        only_if: train it only if it stands there once nobody else can take it.

    Raises:
        RunTakenError: another process holds the run, or it stands elsewhere by now.
        StoreError: the run folder cannot be read or written.
    """
    if lives_elsewhere(store.folder / run_id):
        raise RunTakenError(f"{run_id} is being trained on another host.")
    with _held(store, run_id, only_if):
        keep_freed_memory()
        with beating(store.folder / run_id, os.environ.get("SLURM_JOB_ID")):
            try:
                return _Execution(paths, store, run_id, should_stop, listener, device).run(only_if)
            finally:
                _release()


def execute_now(
    paths: Paths, store: RunStore, config: RunConfig, should_stop: Callable[[], bool], listener: Listener
) -> tuple[Run, RunEnded]:
    """Make a run and train it here, past the queue: it is never `queued`, so that no runner can take it.

    Raises:
        StoreError: the run folder cannot be made, read or written.
    """
    run = store.create(config, RunStatus.RUNNING)
    ended = execute(paths, store, run.id, should_stop, listener)
    return store.get(run.id), ended


def _held(store: RunStore, run_id: str, only_if: RunStatus | None) -> AbstractContextManager[object]:
    """Hold the run's lock; waits no longer for it than until the run is seen to be somebody else's."""
    end = time.monotonic() + _SECONDS_TO_WAIT_FOR_THE_LOCK
    while True:
        store.get(run_id)  # each time: taking the lock would make the folder of a run that was discarded meanwhile
        try:
            return store.training_lock(run_id).acquire(timeout=_SECONDS_A_TRY)
        except Timeout:
            is_taken = only_if is not None and store.get(run_id).status is not only_if
            if is_taken or time.monotonic() >= end:
                raise RunTakenError(f"{run_id} is being trained by another process.") from None


def _release() -> None:
    """Give back what the run held, on the device and here: a process may live for days after it."""
    with contextlib.suppress(ImportError, OSError):  # of torch, which then was not there for the run either
        from cifar_tui.training.memory import release

        release()


class _Execution:
    def __init__(
        self,
        paths: Paths,
        store: RunStore,
        run_id: str,
        should_stop: Callable[[], bool],
        listener: Listener,
        device: str,
    ) -> None:
        self.paths = paths
        self.store = store
        self.run_id = run_id
        self.should_stop = should_stop
        self.listener = listener
        self.device = device
        self.folder = store.folder / run_id
        self.backlog = Backlog(self._tell_of_the_disk)
        self.epochs = 0
        self._is_asked = False
        self._next_look = 0.0

    def run(self, only_if: RunStatus | None) -> RunEnded:
        record = self._begin(only_if)
        let_go_on(self.folder)  # a wish from before, of whoever stopped it then
        for name in _WRITTEN_BY_TRAINING_ALONE:
            remove_unfinished(self.folder / name)
        config = record.config
        self.epochs = config.training.epochs
        try:
            from cifar_tui.data.load import load
            from cifar_tui.runs.checkpoints import Checkpoints
            from cifar_tui.training.loop import train

            checkpoints = Checkpoints(self.folder)
            state = checkpoints.read()
            # The history may be an epoch ahead of the checkpoint, when the process died between the two.
            self.store.keep_epochs(self.run_id, state["position"]["epoch"] - 1 if state else 0)
            self._log(f"{record.title}: loading data")
            dataset = load(config.data, self.paths)
            train(
                _placed(config, self.device),
                dataset,
                self._hear,
                self._should_stop,
                lambda new: self._save(checkpoints, new),
                state,
            )
            if self.last_word.outcome is Outcome.FINISHED:
                checkpoints.forget_the_previous()
        except Exception as error:
            logger.debug("run %s failed", self.run_id, exc_info=True)
            self._log(traceback.format_exc())
            self._hear(RunEnded(Outcome.FAILED, error=_sentence(error)))
        return self.last_word

    def _begin(self, only_if: RunStatus | None) -> RunRecord:
        environment = describe_environment()

        def begin(record: RunRecord) -> RunRecord:
            # Not before: in this moment somebody may take the run out of the queue.
            if only_if is not None and record.status is not only_if:
                raise RunTakenError(f"{self.run_id} is no longer {only_if}.")
            begun = {"status": RunStatus.RUNNING, "started_at": now(), "ended_at": None, "error": None}
            return record.model_copy(update={**begun, "environment": environment})

        return self.store.change(self.run_id, begin).record

    def _should_stop(self) -> bool:
        """Whether to stop before the next step; looks for a wish in the run folder twice a second."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS
            self._is_asked |= wanted_stop(self.folder) is StopAt.BATCH
        return self._is_asked or self.should_stop()

    def _save(self, checkpoints: "Checkpoints", state: "State") -> None:
        # Never ahead of the history: a run that goes on from here must find all epochs before it there.
        if self.backlog.flush():
            self.backlog.attempt("checkpoint.pt", lambda: checkpoints.write(state))

    def _hear(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._log(f"training on {event.device}: {event.parameters:,} parameters, {event.train_images:,} images")
                self.backlog.write("run.json", lambda: self._change(started=event))
            case BatchProgress():
                if self.backlog.attempt("progress.json", lambda: self.store.write_progress(self.run_id, event)):
                    self.backlog.flush()
            case EpochFinished():
                self.backlog.write("epochs.jsonl", lambda: self.store.append_epoch(self.run_id, event))
                self._log(_epoch_line(event))
                # What remains after the last epoch is the test alone.
                self._is_asked |= wanted_stop(self.folder) is not None and event.epoch < self.epochs
            case Tested():
                self.backlog.write("predictions.npz", lambda: self._write_predictions(event))
            case RunEnded():
                self.last_word = event
                self._log(event.error or event.outcome.value)
                status, ended_at = _STATUS[event.outcome], now()
                self.backlog.write(
                    "run.json",
                    lambda: self._change(status=status, ended_at=ended_at, results=event.results, error=event.error),
                )
                if not self.backlog.insist(_SECONDS_TO_INSIST, self.should_stop):
                    logger.error("%s: its end could not be written", self.run_id)
                with contextlib.suppress(StoreError):
                    let_go_on(self.folder)
        self.listener(self.run_id, event)

    def _tell_of_the_disk(self, problem: str | None) -> None:
        self.listener(self.run_id, WritingRecovered() if problem is None else WritingFailed(problem))

    def _write_predictions(self, event: Tested) -> None:
        import numpy as np

        with replacing(self.folder / "predictions.npz") as file:
            # With the names, so that they are known when the data set is gone.
            np.savez(
                file,
                labels=event.labels,
                probabilities=event.probabilities.astype(np.float16),
                # Rounded, two probabilities can be equal that were not.
                predicted=event.probabilities.argmax(axis=1),
                class_names=np.array(event.class_names, dtype=np.str_),
                superclass_names=np.array(event.superclass_names, dtype=np.str_),
                superclass_of=np.array(event.superclass_of, dtype=np.int64),
            )

    def _change(self, **changes: object) -> RunRecord:
        return self.store.change(self.run_id, lambda record: record.model_copy(update=changes)).record

    def _log(self, text: str) -> None:
        # A log that cannot be written is no reason to lose the run, least of all while it says why it failed.
        with contextlib.suppress(OSError):
            append_line(self.folder / "log.txt", f"{now():%Y-%m-%d %H:%M:%S} {text.rstrip()}")


def _placed(config: RunConfig, device: str) -> RunConfig:
    """Return what to train where the run leaves the device to the machine; what was asked for is kept as it was."""
    if device == AUTO or not suits(config.training.device, device, is_first=False):
        return config
    return with_values(config, {("training", "device"): device})


def _epoch_line(epoch: EpochFinished) -> str:
    line = f"epoch {epoch.epoch}: train loss {epoch.train_loss:.4f}, accuracy {epoch.train_accuracy:.2%}; "
    if epoch.val_loss is not None and epoch.val_accuracy is not None:
        line += f"validation loss {epoch.val_loss:.4f}, accuracy {epoch.val_accuracy:.2%}; "
    return line + f"{epoch.seconds:.1f} s"


def _sentence(error: Exception) -> str:
    """Say what went wrong in one sentence; errors of ours are such sentences already."""
    # Told by the module: to import the classes would fail again where torch itself cannot be imported.
    if type(error).__module__.startswith("cifar_tui."):
        return str(error)
    first_line = (str(error).splitlines() or [""])[0]
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return "The disk is full: make room and resume the run; it goes on from its last checkpoint."
    if isinstance(error, OSError):
        return printable(f"{error.filename or 'The run folder'}: {error.strerror or error}.")
    return printable(f"{type(error).__name__}: {first_line} (the run's log.txt has the details)")
