"""What the app does with Slurm; each call takes its time, and is made in a thread."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.slurm.errors import SlurmError

if TYPE_CHECKING:
    from cifar_tui.slurm.options import SlurmOptions
    from cifar_tui.slurm.states import SlurmWatch


class SlurmDesk:
    """Hands runs over, takes them back, and asks after them."""

    def __init__(self, paths: Paths, store: RunStore, queue: RunQueue) -> None:
        self._paths, self._store, self._queue = paths, store, queue

    def defaults(self) -> str:
        """Return the options that a person begins with, `partition=gpu time=02:00:00`.

        Raises:
            SlurmError: there is no Slurm here, or the configuration file cannot be understood.
        """
        from cifar_tui.slurm.options import read_options  # not before the first frame
        from cifar_tui.slurm.submit import check_slurm

        check_slurm()
        return read_options(self._paths).text

    def accept(self, text: str) -> str:
        """Return options as a person wrote them, when they can be used.

        Raises:
            StoreError: they cannot.
        """
        try:
            return self._options(text).text
        except SlurmError as error:
            raise StoreError(str(error)) from None

    def hand_over(
        self, configs: Sequence[RunConfig], on: str, *, is_sweep: bool
    ) -> tuple[tuple[Run, ...], tuple[str, ...]]:
        """Hand runs to Slurm; return them, and the ids of their jobs.

        Args:
            configs: what they compute.
            on: the options of sbatch.
            is_sweep: whether they are one sweep, of which those that are there already are not made again.

        Raises:
            SlurmError: Slurm refuses them.
            StoreError: a run cannot be written.
        """
        from cifar_tui.runs.sweep import carry_out, plan, sweep_name
        from cifar_tui.slurm.submit import slurm_job, submit

        options = self._options(on)
        job = slurm_job(options)
        if is_sweep:
            name = sweep_name(configs)
            runs = carry_out(self._queue, name, plan(self._store, name, configs).for_slurm(), slurm=job)
        else:
            runs = tuple(self._queue.add_all(configs, slurm=job))
        return runs, submit(self._paths, self._store, runs, options) if runs else ()

    def cancel(self, run: Run) -> None:
        """Cancel the job of a run.

        Raises:
            SlurmError: Slurm does not answer.
            StoreError: the run cannot be written.
        """
        from cifar_tui.slurm.cancel import cancel_jobs

        cancel_jobs(self._store, [run])

    def look(self, runs: Sequence[Run]) -> dict[str, str]:
        """Return what Slurm says of runs that it has, by their ids.

        Raises:
            SlurmError: Slurm does not answer.
        """
        return {run_id: state.text for run_id, state in self._watch.look(runs).items()}

    @cached_property
    def _watch(self) -> "SlurmWatch":
        from cifar_tui.slurm.states import SlurmWatch

        return SlurmWatch(self._store, self._paths.data / "slurm")

    def _options(self, text: str) -> "SlurmOptions":
        from cifar_tui.slurm.options import parse_options

        return parse_options(self._paths, text)
