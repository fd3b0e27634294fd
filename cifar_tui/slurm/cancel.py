"""Takes runs back from Slurm."""

import subprocess
from collections.abc import Sequence

from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.stopping import StopAt, ask_to_stop
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.slurm.errors import SlurmError, last_words

_SECONDS_FOR_SLURM = 20.0
_MOST_AT_ONCE = 200


def cancel_jobs(store: RunStore, runs: Sequence[Run]) -> None:
    """Cancel the jobs of runs: those that train stop with a checkpoint, those that wait are stopped at once.

    Args:
        store: where the runs are.
        runs: any; those that are not Slurm's, or are over, are passed over.

    Raises:
        SlurmError: Slurm does not answer; what trains stops all the same.
        StoreError: a run cannot be written.
    """
    jobs: list[str] = []
    for run in runs:
        if run.record.slurm is None or not run.is_with_slurm:
            continue
        if run.record.slurm.id is not None:
            jobs.append(run.record.slurm.id)
        if run.status is RunStatus.RUNNING:
            ask_to_stop(run.folder, StopAt.BATCH)  # however long a signal takes to get there
        else:
            store.change(run.id, _taken_back)
    for start in range(0, len(jobs), _MOST_AT_ONCE):
        _scancel(jobs[start : start + _MOST_AT_ONCE])


def _scancel(jobs: Sequence[str]) -> None:
    try:
        subprocess.run(["scancel", *jobs], capture_output=True, text=True, timeout=_SECONDS_FOR_SLURM, check=True)
    except subprocess.CalledProcessError as error:
        raise SlurmError(f"The jobs cannot be cancelled: {last_words(error.stderr, 'scancel failed')}.") from None
    except (OSError, subprocess.TimeoutExpired):
        raise SlurmError("The jobs cannot be cancelled: scancel is missing, or took too long.") from None


def _taken_back(record: RunRecord) -> RunRecord:
    # Without its job, so that one that starts in this moment finds that the run is not its own any more.
    if record.status not in (RunStatus.QUEUED, RunStatus.RUNNING):
        return record
    return record.model_copy(update={"status": RunStatus.STOPPED, "slurm": None})
