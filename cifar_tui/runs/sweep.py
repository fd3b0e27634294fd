"""Sweeps: runs that were asked for together, under one name, and are found by it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import filterfalse

from cifar_tui.config import FieldPath, RunConfig, with_values
from cifar_tui.runs.cells import kind_of, statuses
from cifar_tui.runs.compare import differences
from cifar_tui.runs.queue import RunQueue, awaits_hand_over, has_ended, stop_waiting
from cifar_tui.runs.record import LONGEST_SWEEP, RunStatus, SlurmJob
from cifar_tui.runs.stopping import StopAt, ask_to_stop
from cifar_tui.runs.store import Run, RunStore, StoreError

_NAME = re.compile(rf"[\w.+-]{{1,{LONGEST_SWEEP}}}")
_WITHOUT_EFFECT = {("name",): "", ("preset",): None, ("part",): None, ("training", "device"): "auto"}
"""What two configurations may differ in and still compute the same."""


@dataclass(frozen=True)
class Plan:
    """What a sweep of some configurations still needs."""

    missing: tuple[RunConfig, ...]
    """No run of the sweep computes these."""
    unfinished: tuple[Run, ...]
    """These ended before their end, or were to be handed to Slurm and never were; they can be resumed."""
    present: tuple[Run, ...]
    """These are finished, under way, or wait."""

    def for_slurm(self) -> "Plan":
        """Return the plan of one who hands it to Slurm: what waits on this machine is to go on there."""

        def waits_here(run: Run) -> bool:
            return run.status is RunStatus.QUEUED and run.record.slurm is None

        unfinished = (*self.unfinished, *filter(waits_here, self.present))
        return Plan(self.missing, unfinished, tuple(filterfalse(waits_here, self.present)))


@dataclass(frozen=True)
class Cancelled:
    """What became of a sweep's runs."""

    waiting: int
    """So many were taken out of the queue."""
    asked: int
    """So many train, and stop at their next batch."""


def check_sweep_name(name: str) -> str:
    """Return `name`.

    Raises:
        StoreError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise StoreError(f"A sweep's name is one word of letters, digits and . _ + - ; {name[:80]!r} is none.")
    return name


def sweep_name(configs: Sequence[RunConfig]) -> str:
    """Return what a sweep is called that nobody gave a name: the same for the same presets and settings that vary.

    Args:
        configs: of its runs, one or more.
    """
    kinds = dict.fromkeys(kind_of(config) for config in configs)
    varied: set[FieldPath] = set()
    for kind in kinds:
        own = [config for config in configs if kind_of(config) == kind]
        varied |= {difference.path for difference in differences(own)}
    words = [*(kind.rpartition("/")[2] for kind in kinds), *sorted(path[-1] for path in varied)]
    return re.sub(r"[^\w.+-]+", "-", "-".join(words))[:LONGEST_SWEEP].strip("-") or "sweep"


def runs_of_sweep(store: RunStore, name: str) -> tuple[Run, ...]:
    """Return the runs of a sweep, in the order in which they were made."""
    return tuple(run for run in store.scan().runs if run.record.sweep == name)


def sweeps(store: RunStore) -> dict[str, tuple[Run, ...]]:
    """Return all sweeps by their names, the one that was begun last at the end."""
    found: dict[str, list[Run]] = {}
    for run in store.scan().runs:
        if run.record.sweep is not None:
            found.setdefault(run.record.sweep, []).append(run)
    return {name: tuple(runs) for name, runs in found.items()}


def plan(store: RunStore, name: str, configs: Sequence[RunConfig]) -> Plan:
    """Compare `configs` with the runs that the sweep has: whatever is there is not made again."""
    runs = {_identity(run.config): run for run in runs_of_sweep(store, name)}
    missing, known = [], {}
    for config in configs:
        identity = _identity(config)
        if identity in runs:
            known[identity] = runs[identity]
        else:
            missing.append(config)
    return plan_rest(tuple(known.values()), tuple(missing))


def plan_rest(runs: Sequence[Run], missing: tuple[RunConfig, ...] = ()) -> Plan:
    """Return what is left to do of the runs that a sweep has, and of what is `missing`."""

    def needs_resuming(run: Run) -> bool:
        return awaits_hand_over(run.record) or (run.status.can_go_on and has_ended(run))

    return Plan(missing, tuple(filter(needs_resuming, runs)), tuple(filterfalse(needs_resuming, runs)))


def carry_out(
    queue: RunQueue, name: str, what: Plan, *, first: bool = False, slurm: SlurmJob | None = None
) -> tuple[Run, ...]:
    """Queue what a plan asks for: what is unfinished, to go on from its checkpoint, and what is missing.

    Args:
        queue: where they wait.
        name: of the sweep.
        what: see `plan`.
        first: before all that wait already.
        slurm: for runs that are then handed to Slurm.

    Raises:
        StoreError: a run cannot be written; those before it are queued.
    """
    for run in what.unfinished:
        if run.status is RunStatus.QUEUED and run.record.slurm is None:
            queue.store.change(run.id, stop_waiting)
    resumed = queue.resume_all([run.id for run in what.unfinished], slurm=slurm)
    return (*resumed, *queue.add_all(what.missing, first=first, sweep=name, slurm=slurm))


def cancel_sweep(queue: RunQueue, name: str) -> Cancelled:
    """Take a sweep's waiting runs out of the queue, and stop those that train at their next batch.

    All can be resumed: none is removed. What was handed to Slurm is for `slurm.cancel`.

    Raises:
        StoreError: a run cannot be written.
    """
    waiting = asked = 0
    runs = [run for run in runs_of_sweep(queue.store, name) if run.record.slurm is None]
    # What trains comes last: a runner that is told to stop takes the next that still waits.
    for run in sorted(runs, key=lambda run: run.status is not RunStatus.QUEUED):
        if run.status is RunStatus.QUEUED:
            try:
                run = queue.store.change(run.id, stop_waiting)
                waiting += 1
            except StoreError:
                run = queue.store.get(run.id)  # a runner may have taken it in the meantime
                if run.status is RunStatus.QUEUED:
                    raise
        if run.status is RunStatus.RUNNING:
            ask_to_stop(run.folder, StopAt.BATCH)
            asked += 1
    return Cancelled(waiting, asked)


def counted(runs: Sequence[Run]) -> str:
    """Return how many runs stand where: `12 runs: 5 finished, 1 running, 6 queued`."""
    return f"{len(runs)} run{'' if len(runs) == 1 else 's'}: {statuses(runs) or 'none'}"


def _identity(config: RunConfig) -> str:
    return with_values(config, _WITHOUT_EFFECT).model_dump_json()
