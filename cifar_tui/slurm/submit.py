"""Hands runs to Slurm: one job for one run, one array for several."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.queue import awaits_hand_over
from cifar_tui.runs.record import RunRecord, RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.job import RunJob
from cifar_tui.slurm.options import SlurmOptions

_LARGEST_ARRAY = 500
"""Slurm's own limit is 1001 unless it is told otherwise."""
_SECONDS_BEFORE_THE_LIMIT = 60
"""For the checkpoint; Slurm looks every half minute."""
_MOST_TIMEOUTS = 10_000
"""A run goes on as often as its time limit asks for."""
_MINUTES = 60
"""What submitit takes the limit for; the options hold the one that counts."""


def check_slurm() -> None:
    """Return when runs can be handed to Slurm from here.

    Raises:
        SlurmError: there is no Slurm, or no submitit.
    """
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise SlurmError("There is no Slurm here: sbatch and srun are not on the PATH.")
    try:
        _import_submitit()
    except ImportError:
        raise SlurmError("Handing runs to Slurm needs submitit: pip install submitit.") from None


def submit(paths: Paths, store: RunStore, runs: Sequence[Run], options: SlurmOptions) -> tuple[str, ...]:
    """Hand runs to Slurm that wait for it (`RunRecord.slurm` without an id), and write down their jobs' ids.

    Returns:
        The ids of the jobs; of an array its own, without the places in it.

    Args:
        paths: the shared home.
        store: where the runs are.
        runs: one or more.
        options: what sbatch is asked for.

    Raises:
        SlurmError: Slurm refuses some of them, of which those that have trained before are stopped again and the
            others removed; or it has them, and a run cannot be written.
    """
    check_slurm()
    jobs: list[str] = []
    try:
        starts = range(0, len(runs), _LARGEST_ARRAY)
        at_once = max(1, options.at_once // len(starts))  # each array counts its own
        for start in starts:
            several = runs[start : start + _LARGEST_ARRAY]
            accepted = _sbatch(paths, several, options, at_once)
            jobs += accepted
            for run, job_id in zip(several, accepted, strict=True):
                _note_job(store, run.id, job_id)
    except (SlurmError, StoreError) as error:
        if not jobs:
            raise
        handed = f"{len(jobs)} of the {len(runs)} runs are handed over all the same, as job {', '.join(_whole(jobs))}."
        raise SlurmError(f"{error} {handed}") from error
    finally:
        for run in runs[len(jobs) :]:
            with contextlib.suppress(StoreError):  # why Slurm took none of them is what a person must know
                _give_back(store, run.id)
    return _whole(jobs)


def _whole(jobs: Sequence[str]) -> tuple[str, ...]:
    """Return jobs' ids, and of an array its own once instead of those of its places."""
    return tuple(dict.fromkeys(job_id.partition("_")[0] for job_id in jobs))


def _sbatch(paths: Paths, runs: Sequence[Run], options: SlurmOptions, at_once: int) -> list[str]:
    submitit = _import_submitit()
    folder = paths.data / "slurm"
    name = runs[0].record.sweep or runs[0].title
    try:
        make_folder(folder)
        executor = submitit.SlurmExecutor(folder, max_num_timeout=_MOST_TIMEOUTS)
        executor.update_parameters(
            job_name=re.sub(r"[^\w.+-]+", "-", f"cifar-tui {name}")[:64],
            time=_MINUTES,
            signal_delay_s=_SECONDS_BEFORE_THE_LIMIT,
            array_parallelism=at_once,
            additional_parameters={"requeue": True} | {key: value or True for key, value in options.sbatch.items()},
        )
        job = RunJob(paths)
        with _silenced():
            if len(runs) == 1:
                return [str(executor.submit(job, runs[0].id).job_id)]
            return [str(found.job_id) for found in executor.map_array(job, [run.id for run in runs])]
    except submitit.core.utils.FailedSubmissionError as error:
        raise SlurmError(f"Slurm told no job's id: {error}") from error
    except submitit.core.utils.FailedJobError as error:
        raise SlurmError(f"Slurm refuses the job: {_reason(str(error))}.") from error
    except OSError as error:
        raise SlurmError(f"{folder} cannot be written to: {error.strerror}.") from error


def _reason(text: str) -> str:
    """Return what sbatch said, without its own name: the first error is the precise one."""
    lines = [line.partition("error:")[2].strip() for line in text.splitlines() if "error:" in line]
    return (lines[0] if lines else text.strip().splitlines()[-1]).rstrip(".")


def _note_job(store: RunStore, run_id: str, job_id: str) -> None:
    def note(record: RunRecord) -> RunRecord:
        if record.slurm is None or record.slurm.id is not None:  # the job was quicker than this
            return record
        return record.model_copy(update={"slurm": record.slurm.model_copy(update={"id": job_id})})

    store.change(run_id, note)


def _give_back(store: RunStore, run_id: str) -> None:
    def take_back(record: RunRecord) -> RunRecord:
        if not awaits_hand_over(record):
            raise StoreError(f"Another process took {record.title} meanwhile.")
        return record.model_copy(update={"status": RunStatus.STOPPED, "slurm": None})

    if store.change(run_id, take_back).record.started_at is None:
        store.delete(run_id)


def slurm_job(options: SlurmOptions) -> SlurmJob:
    """Return what a run's record holds that waits to be handed to Slurm."""
    return SlurmJob(options=dict(options.sbatch))


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep submitit's repetition of what sbatch says off the terminal: the sentence of ours has it."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
        yield


def _import_submitit() -> Any:
    os.environ.setdefault("SUBMITIT_LOG_LEVEL", "CRITICAL")  # it would log onto the screen
    import submitit
    import submitit.core.utils

    return submitit
