"""Where runs are trained when a command says so: here, or by Slurm."""

import contextlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence

from cifar_tui.cli.console import USAGE, fail, warn
from cifar_tui.paths import Paths
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.options import SlurmOptions, read_options
from cifar_tui.slurm.states import JobState, SlurmWatch
from cifar_tui.slurm.submit import check_slurm, submit

_SECONDS_BETWEEN_QUESTIONS = 5.0


def slurm_options(paths: Paths, on: str, wishes: Sequence[str], at_once: int | None) -> SlurmOptions | None:
    """Return what to ask Slurm for; None where runs are trained here. Leaves with a sentence where neither can be.

    Args:
        paths: where the configuration file is.
        on: `local` or `slurm`.
        wishes: `KEY=VALUE` each, options of sbatch.
        at_once: runs of one sweep that may run at the same time; None leaves it to the file.
    """
    if on == "local":
        if wishes or at_once is not None:
            fail(f"{'--slurm' if wishes else '--at-once'} goes with --on slurm.", USAGE)
        return None
    try:
        options = read_options(paths, wishes, at_once)
        check_slurm()
    except SlurmError as error:
        fail(str(error), USAGE)
    return options


def hand_over(
    paths: Paths, store: RunStore, runs: Sequence[Run], options: SlurmOptions, *, as_json: bool = False
) -> None:
    """Hand runs to Slurm that wait for it, and say as which jobs; leaves with a sentence where Slurm refuses them."""
    try:
        jobs = submit(paths, store, runs, options) if runs else ()
    except (SlurmError, StoreError) as error:
        fail(str(error))
    if as_json:
        print(json.dumps({"jobs": jobs, "runs": [run.id for run in runs]}))
    if as_json:
        return
    if not runs:
        print("Nothing is left to hand to Slurm.")
        return
    count = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    at_once = f", {options.at_once} at once" if len(runs) > options.at_once else ""
    print(f"Handed to Slurm: {count} as job {', '.join(jobs)} ({options.text}{at_once}).")


def settle_jobs(paths: Paths, store: RunStore, runs: Sequence[Run]) -> Mapping[str, JobState]:
    """Return how the jobs of `runs` stand, by the runs' ids, once the runs of those that are over have their end.

    Where Slurm does not answer this warns, and there is nothing in it.
    """
    try:
        return SlurmWatch(store, paths.data / "slurm").settle(runs)
    except SlurmError as error:
        warn(str(error))
        return {}


class Jobs:
    """Asks Slurm now and then after the jobs of runs, which may end without a word in the runs' folders."""

    def __init__(self, paths: Paths, store: RunStore) -> None:
        self._watch = SlurmWatch(store, paths.data / "slurm")
        self._next = 0.0

    def look(self, runs: Iterable[Run]) -> None:
        """Write an end into those of `runs` that lost their job, unless Slurm was asked a moment ago."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS_BETWEEN_QUESTIONS
        with contextlib.suppress(SlurmError):  # the folders tell enough, as a rule
            self._watch.look(runs)
