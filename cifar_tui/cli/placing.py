"""Where runs are trained when a command says so: here, or by Slurm."""

import json
from collections.abc import Sequence

from cifar_tui.cli.console import USAGE, fail
from cifar_tui.paths import Paths
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.options import SlurmOptions, read_options
from cifar_tui.slurm.states import JobState, SlurmWatch
from cifar_tui.slurm.submit import check_slurm, submit


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
    if as_json or not runs:
        return
    count = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    at_once = f", {options.at_once} at once" if len(runs) > options.at_once else ""
    print(f"Handed to Slurm: {count} as job {', '.join(jobs)} ({options.text}{at_once}).")


def job_states(paths: Paths, store: RunStore, runs: Sequence[Run]) -> dict[str, JobState]:
    """Return how the jobs of `runs` stand, by the runs' ids; leaves with a sentence where Slurm does not answer."""
    try:
        return dict(SlurmWatch(store, paths.data / "slurm").look(runs))
    except SlurmError as error:
        fail(str(error))
