"""What a Slurm job executes: one run, from its last checkpoint if it has one.

Before the time limit and before a preemption Slurm sends SIGUSR2, on which submitit calls `checkpoint` and requeues the
job. SIGTERM alone comes from `scancel`, or where preemption sends nothing else: then the run stops with a checkpoint,
and the job is requeued unless Slurm has ended it.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cifar_tui.events import Event, Outcome, RunEnded
from cifar_tui.paths import Paths
from cifar_tui.runs.execute import RunTakenError, execute
from cifar_tui.runs.heartbeat import host_name
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import RunStore, StoreError

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

_SECONDS_A_WAIT = 0.5
"""Python hears signals between two of them."""
_SECONDS_FOR_SLURM = 30.0
_STILL_RUNS = ("RUNNING", "SIGNALING", "SUSPENDED", "STOPPED")
_FAILED = 1


class RunJob:
    """Called once in each start of a job; submitit pickles it in between."""

    def __init__(self, paths: Paths) -> None:
        self._paths = {name: str(getattr(paths, name)) for name in ("data", "datasets", "presets")}
        self._training: _Training | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"_paths": self._paths, "_training": None}

    def __call__(self, run_id: str) -> None:
        """Train the run to its end, or to the signal that asks to leave.

        Raises:
            SystemExit: the run failed, or this node does not see its folder.
        """
        paths = self._home
        store = RunStore(paths.runs)
        job = own_job_id()
        if not _take(store, run_id, job):
            return
        if cores := os.environ.get("SLURM_CPUS_ON_NODE"):
            os.environ.setdefault("OMP_NUM_THREADS", cores)  # torch would take all that the node has
        _write_output_to(store.folder / run_id / "log.txt")
        self._training = _Training(lambda stop: _train(paths, store, run_id, stop))
        signal.signal(signal.SIGTERM, self._training.hear_terminate)
        self._training.run()
        if self._training.is_terminated and _still_runs(job):
            signal.raise_signal(signal.SIGUSR2)  # a preemption that sends nothing else: submitit requeues the job
        if self._training.has_failed:
            sys.exit(_FAILED)

    def checkpoint(self, run_id: str) -> "DelayedSubmission":
        """Called by submitit when the job has to leave: stop with a checkpoint, and say what is to be started again.

        Raises:
            SystemExit: there is nothing left to do.
        """
        from submitit.helpers import DelayedSubmission

        if self._training is not None:
            self._training.stop()
            if self._training.is_over:
                sys.exit(_FAILED if self._training.has_failed else 0)
        store = RunStore(self._home.runs)
        store.change(run_id, lambda record: record.model_copy(update={"status": RunStatus.QUEUED}))
        return DelayedSubmission(RunJob(self._home), run_id)

    @property
    def _home(self) -> Paths:
        return Paths(**{name: Path(path) for name, path in self._paths.items()})


class _Training:
    """A run in a thread of its own, so that a signal can stop it at a batch's end and wait for its checkpoint."""

    def __init__(self, train: Callable[[threading.Event], RunEnded | None]) -> None:
        self._stop = threading.Event()
        self._ended: RunEnded | None = None
        self._train = train
        self._thread = threading.Thread(target=self._work, name="training", daemon=False)
        self.is_terminated = False

    @property
    def has_failed(self) -> bool:
        """Whether it came to an end that a person has to look at."""
        return self._ended is None or self._ended.outcome is Outcome.FAILED

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to go on with: it came to its own end, or a person stopped it."""
        return self._ended is None or self._ended.outcome is not Outcome.STOPPED or not self._stop.is_set()

    def run(self) -> None:
        self._thread.start()
        while self._thread.is_alive():
            self._thread.join(_SECONDS_A_WAIT)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def hear_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.is_terminated = True
        self._stop.set()

    def _work(self) -> None:
        self._ended = self._train(self._stop)


def own_job_id() -> str | None:
    """Return the id of the job that this process runs in, with its place in an array; None outside of Slurm."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def _take(store: RunStore, run_id: str, job: str | None) -> bool:
    """Write into the run which job and node it runs on; False where it is no longer this job's to train.

    Raises:
        SystemExit: this node does not see the run's folder.
    """

    def note(record: RunRecord) -> RunRecord:
        if record.slurm is None or record.slurm.id not in (None, job) or record.status is RunStatus.FINISHED:
            raise RunTakenError(f"{run_id} is no longer for job {job} to train.")
        place = record.slurm.model_copy(update={"id": job, "node": host_name()})
        return record.model_copy(update={"slurm": place})

    try:
        store.change(run_id, note)
    except RunTakenError as error:
        print(error, flush=True)
        return False
    except StoreError as error:
        print(f"{host_name()} cannot use the run's folder; is it on a shared file system? {error}", file=sys.stderr)
        sys.exit(_FAILED)
    return True


def _train(paths: Paths, store: RunStore, run_id: str, stop: threading.Event) -> RunEnded | None:
    try:
        return execute(paths, store, run_id, stop.is_set, _hear_nothing)
    except (RunTakenError, StoreError) as error:
        print(error, file=sys.stderr, flush=True)
        return None


def _hear_nothing(run_id: str, event: Event) -> None:
    """What the run says is read off its folder."""


def _write_output_to(log: Path) -> None:
    """Let what this process prints end in the run's log."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _still_runs(job: str | None) -> bool:
    command = ["squeue", "--noheader", f"--jobs={job}", "--format=%T"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_FOR_SLURM, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return found.stdout.strip() in _STILL_RUNS
