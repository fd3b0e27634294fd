"""What Slurm says of the jobs that train runs, and what is written into a run whose job ended without a word."""

import contextlib
import getpass
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cifar_tui.files import append_line
from cifar_tui.runs.reading import read_log
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError, now
from cifar_tui.slurm.errors import SlurmError, last_words

_SECONDS_FOR_SLURM = 10.0
_SECONDS_UNTIL_SURE = 3.0
"""A run whose job is over has so long to say so itself; then this is said for it."""
_SECONDS_UNTIL_SURE_OF_SUCCESS = 30.0
"""A job that ended well has written its end, which a shared file system may show late."""
_LINES_OF_A_LOG = 20
_GONE = "GONE"
_CANCELLED = ("CANCELLED", "DEADLINE", "REVOKED")
_OVER = (*_CANCELLED, _GONE, "COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "PREEMPTED")


@dataclass(frozen=True)
class JobState:
    """One job as Slurm sees it."""

    state: str
    """Such as PENDING, RUNNING, REQUEUED, CANCELLED."""
    node: str = ""
    reason: str = ""
    """Why it waits."""

    @property
    def is_over(self) -> bool:
        """Whether the job will not run any more."""
        return self.state in _OVER

    @property
    def text(self) -> str:
        """As a person reads it: `pending (Resources)`, `running on node3`."""
        word = self.state.lower().replace("_", " ")
        if self.state == "PENDING" and self.reason not in ("", "None"):
            return f"{word} ({self.reason})"
        return f"{word} on {self.node}" if self.node and self.state == "RUNNING" else word


def read_states() -> dict[str, JobState]:
    """Ask Slurm for all jobs of this user, those that ended a while ago too; by their ids, `12` or `12_3`.

    Raises:
        SlurmError: there is no Slurm, or it does not answer.
    """
    if shutil.which("squeue") is None:
        raise SlurmError("There is no Slurm here: squeue is not on the PATH.")
    command = [
        "squeue", "--noheader", f"--user={getpass.getuser()}", "--states=all", "--array", "--format=%i|%T|%N|%r",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_FOR_SLURM, check=True)
    except subprocess.CalledProcessError as error:
        raise SlurmError(f"Slurm does not answer: {last_words(error.stderr, 'squeue failed')}.") from None
    except (OSError, subprocess.TimeoutExpired):
        raise SlurmError("Slurm does not answer: squeue took too long.") from None
    found = {}
    for line in done.stdout.splitlines():
        job_id, state, node, reason = [*line.split("|"), "", "", ""][:4]
        found[job_id.strip()] = JobState(state.strip(), node.strip(), reason.strip())
    return found


class SlurmWatch:
    """Follows the jobs of runs; one thread calls `look`."""

    def __init__(self, store: RunStore, logs: Path) -> None:
        """Follow the runs of `store`.

        Args:
            store: where they are.
            logs: the folder of what jobs print before their run's log takes it.
        """
        self._store = store
        self._logs = logs
        self._over_since: dict[tuple[str, str], float] = {}
        self._turn = threading.Lock()

    def look(self, runs: Iterable[Run]) -> Mapping[str, JobState]:
        """Return how the jobs of `runs` stand, by the runs' ids; write an end into those that lost their job.

        Raises:
            SlurmError: Slurm does not answer.
        """
        with self._turn:
            theirs = [run for run in runs if run.is_with_slurm]
            if not theirs:
                return {}
            states = read_states()
            found = {}
            for run in theirs:
                job_id = run.record.slurm.id if run.record.slurm else None
                if job_id is None:
                    continue
                state = states.get(job_id, JobState(_GONE))
                found[run.id] = state
                self._settle(run, job_id, state)
            return found

    def settle(self, runs: Sequence[Run]) -> Mapping[str, JobState]:
        """Like `look`, but stay, where a job is over, until it is certain that its run will not say so itself.

        Raises:
            SlurmError: Slurm does not answer.
        """
        found = self.look(runs)
        if any(state.is_over for state in found.values()):
            time.sleep(_SECONDS_UNTIL_SURE)
            found = self.look(runs)
        return found

    def _settle(self, run: Run, job_id: str, state: JobState) -> None:
        key = (run.id, job_id)
        if not state.is_over or run.status is RunStatus.RUNNING:
            self._over_since.pop(key, None)
            return
        since = self._over_since.setdefault(key, time.monotonic())
        is_success = state.state == "COMPLETED"
        if time.monotonic() - since < (_SECONDS_UNTIL_SURE_OF_SUCCESS if is_success else _SECONDS_UNTIL_SURE):
            return
        status, sentence = _ending(run, job_id, state)
        with contextlib.suppress(StoreError):
            self._store.change(run.id, lambda record: _ended(record, job_id, status, sentence))
        if status is RunStatus.FAILED:
            self._keep_log(run, job_id)

    def _keep_log(self, run: Run, job_id: str) -> None:
        """Copy the end of what the job printed before the run's own log took it: why it could not begin."""
        lines = read_log(self._logs / f"{job_id}_0_log.err", _LINES_OF_A_LOG)
        with contextlib.suppress(OSError):
            for line in lines:
                append_line(run.folder / "log.txt", f"{now():%Y-%m-%d %H:%M:%S} slurm: {line}")


def _ending(run: Run, job_id: str, state: JobState) -> tuple[RunStatus, str]:
    if state.state in _CANCELLED:
        return RunStatus.STOPPED, f"Slurm job {job_id} was cancelled."
    if state.state == _GONE:
        sentence = f"Slurm no longer knows job {job_id}: it was cancelled, or ended without a word"
        return RunStatus.FAILED, f"{sentence}; the run's log has what it said."
    where = f" on {state.node}" if state.node else ""
    sentence = f"Slurm job {job_id} ended{where} with {state.state}"
    if run.record.started_at is None:
        sentence += "; is the data folder on a file system that the nodes share? The run's log has what the job said"
    return RunStatus.FAILED, f"{sentence}."


def _ended(record: RunRecord, job_id: str, status: RunStatus, sentence: str) -> RunRecord:
    if record.slurm is None or record.slurm.id != job_id or record.results is not None:
        return record
    if record.status not in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.INTERRUPTED):
        return record
    return record.model_copy(update={"status": status, "error": sentence, "ended_at": now()})
