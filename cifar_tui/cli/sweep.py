"""`cifar-tui sweep`: many runs under one name, begun, looked at, cancelled and gone on with."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

import typer
from rich.table import Table
from rich.text import Text

from cifar_tui.bench.estimate import estimate
from cifar_tui.cli.configs import check_images, configure
from cifar_tui.cli.console import FAILED, INTERRUPTED, USAGE, fail, make_console, warn
from cifar_tui.cli.follow import follow_runs
from cifar_tui.cli.placing import hand_over, settle_jobs
from cifar_tui.cli.stores import open_store
from cifar_tui.config import ConfigError, RunConfig
from cifar_tui.config.grid import make_grid
from cifar_tui.paths import Paths
from cifar_tui.runs.cells import Cell, Grid, grid_of
from cifar_tui.runs.columns import duration, percent
from cifar_tui.runs.queue import RunQueue, has_ended
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.runs.sweep import (
    Plan,
    cancel_sweep,
    carry_out,
    check_sweep_name,
    counted,
    plan,
    plan_rest,
    runs_of_sweep,
    sweep_name,
    sweeps,
)
from cifar_tui.slurm.cancel import cancel_jobs
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.options import SlurmOptions
from cifar_tui.slurm.states import JobState
from cifar_tui.slurm.submit import slurm_job
from cifar_tui.text import printable

_MOST_WITHOUT_A_QUESTION = 50
_MOST_LISTED = 20


def start_sweep(
    paths: Paths,
    presets: Sequence[str],
    settings: Sequence[str],
    axes: Sequence[str],
    seeds: str | None,
    name: str | None,
    *,
    devices: tuple[str, ...],
    slurm: SlurmOptions | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Train every preset with every combination, as far as the sweep does not have them, and return the exit code.

    Args:
        paths: where presets are found and runs are kept.
        presets: keys, or paths that end in `.toml`.
        settings: `KEY=VALUE` each, for all runs.
        axes: `KEY=VALUE,VALUE` each, crossed with one another.
        seeds: such as `0..4`; None keeps the seed of the settings.
        name: of the sweep; None makes it from the presets and the axes.
        devices: what to train on here (see `devices.parse_devices`).
        slurm: for runs that Slurm is to train instead.
        dry_run: only say what would be trained.
        yes: ask nothing.
        as_json: print lines of JSON; of a dry run, what would be trained as one object.
    """
    try:
        configs = make_grid([configure(paths, preset, settings) for preset in presets], axes, seeds)
        name = check_sweep_name(name) if name is not None else sweep_name(configs)
    except (ConfigError, StoreError) as error:
        fail(str(error), USAGE)
    if not dry_run:
        check_images(paths, configs)
    store = open_store(paths)
    if not dry_run:
        settle_jobs(paths, store, runs_of_sweep(store, name))
    what = plan(store, name, configs)
    if slurm is not None:
        what = what.for_slurm()
    if not as_json:
        _print_plan(name, what, len(configs))
        if slurm is None:  # what this machine needs says nothing of its nodes
            _print_estimate(paths, [*what.missing, *(run.config for run in what.unfinished)])
    elif dry_run:
        print(json.dumps(_plan_as_object(name, what), indent=2))
    if dry_run:
        return 0
    count = len(what.missing) + len(what.unfinished)
    if count > _MOST_WITHOUT_A_QUESTION and not yes:
        _ask(count)
    carried_out = _carried_out(RunQueue(store), name, what, slurm)
    if slurm is not None:
        hand_over(paths, store, carried_out, slurm, as_json=as_json)
        if carried_out and not as_json:
            print(f"`cifar-tui sweep status {name}` and the app show how they are.")
        return 0
    under_way = tuple(run for run in what.present if not has_ended(run))
    return _train(paths, store, name, (*carried_out, *under_way), devices, as_json=as_json)


def resume_sweep(
    paths: Paths, name: str, *, devices: tuple[str, ...], slurm: SlurmOptions | None, as_json: bool
) -> int:
    """Go on with all runs of a sweep that are not finished, and return the exit code."""
    store = open_store(paths)
    settle_jobs(paths, store, _find(store, name))
    what = plan_rest(_find(store, name))
    resumed = _carried_out(RunQueue(store), name, what.for_slurm() if slurm is not None else what, slurm)
    if slurm is not None:
        hand_over(paths, store, resumed, slurm, as_json=as_json)
        return 0
    under_way = tuple(run for run in what.present if not has_ended(run))
    return _train(paths, store, name, (*resumed, *under_way), devices, as_json=as_json)


def cancel(paths: Paths, name: str) -> None:
    """Take a sweep's runs out of the queue, and stop those that train."""
    store = open_store(paths)
    handed = [run for run in _find(store, name) if run.is_with_slurm]
    try:
        cancelled = cancel_sweep(RunQueue(store), name)
        cancel_jobs(store, handed)
    except (StoreError, SlurmError) as error:
        fail(str(error))
    if not cancelled.waiting and not cancelled.asked and not handed:
        print(f"Nothing of {name} waits or trains.")
        return
    parts = [f"{cancelled.waiting} taken out of the queue", f"{cancelled.asked} told to stop at the next batch"]
    parts += [f"{len(handed)} cancelled in Slurm"] if handed else []
    there = " --on slurm" if handed else ""
    print(f"{name}: {', '.join(parts)}. `cifar-tui sweep resume {name}{there}` goes on with them.")


def show_status(paths: Paths, name: str | None, *, as_json: bool) -> None:
    """Print how far a sweep is, and its grid; without a name, all sweeps."""
    store = open_store(paths)
    if name is None:
        _list(store, as_json=as_json)
        return
    jobs = settle_jobs(paths, store, _find(store, name))
    runs = _find(store, name)
    if as_json:
        grid = grid_of(runs)
        print(json.dumps({"sweep": name, "cells": [_as_object(cell, grid) for cell in grid.cells]}, indent=2))
    else:
        _print_status(name, runs)
        _print_jobs(jobs)


def _print_plan(name: str, what: Plan, count: int) -> None:
    print(f"Sweep {name}: {count} run{'' if count == 1 else 's'}.")
    for titles, word in (
        ([run.title for run in what.present], "there already"),
        ([run.title for run in what.unfinished], "to go on with"),
        ([config.title for config in what.missing], "to train"),
    ):
        if titles:
            print(f"{len(titles)} {word}:")
            for title in titles[:_MOST_LISTED]:
                print(f"  {printable(title)}")
            if len(titles) > _MOST_LISTED:
                print(f"  … and {len(titles) - _MOST_LISTED} more")


def _plan_as_object(name: str, what: Plan) -> dict[str, object]:
    return {
        "sweep": name,
        "present": {run.id: run.title for run in what.present},
        "unfinished": {run.id: run.title for run in what.unfinished},
        "missing": [config.title for config in what.missing],
    }


def _print_estimate(paths: Paths, configs: Sequence[RunConfig]) -> None:
    if not configs:
        return

    def tell(kinds: int) -> None:
        if sys.stderr.isatty():
            print(f"Trying out {kinds} kind{'' if kinds == 1 else 's'} of run …", file=sys.stderr)

    found = estimate(configs, paths.data / "estimates.json", tell)
    if found.unknown == len(configs):
        print("No estimate of the time: that is known for CIFAR-100 alone, and where a few batches can be tried.")
        return
    without = f", without {found.unknown} that could not be tried" if found.unknown else ""
    print(f"Estimate: {duration(found.seconds)} on {found.device}, one run after the other{without}.")


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        fail(f"These are {count} runs; --yes trains more than {_MOST_WITHOUT_A_QUESTION} without a question.", USAGE)
    if not typer.confirm(f"Train {count} runs?", err=True):
        raise typer.Exit(USAGE)


def _carried_out(queue: RunQueue, name: str, what: Plan, slurm: SlurmOptions | None) -> tuple[Run, ...]:
    try:
        return carry_out(queue, name, what, slurm=slurm_job(slurm) if slurm else None)
    except StoreError as error:
        fail(str(error))


def _train(
    paths: Paths, store: RunStore, name: str, runs: Sequence[Run], devices: tuple[str, ...], *, as_json: bool
) -> int:
    """Train `runs` here, or watch them being trained by whoever works the queue; print what came of the sweep."""
    if not runs:
        if not as_json:
            _print_status(name, _find(store, name))
        return 0
    has_devices = follow_runs(paths, store, runs, name, devices, as_json=as_json)
    ended = _find(store, name)
    if not as_json:
        _print_status(name, ended)
    statuses = {run.status for run in ended if run.id in {followed.id for followed in runs}}
    if RunStatus.FAILED in statuses:
        return FAILED
    if statuses != {RunStatus.FINISHED}:
        warn(f"Not all runs are finished; `cifar-tui sweep resume {name}` goes on with them.")
        return INTERRUPTED if has_devices else FAILED
    return 0


def _find(store: RunStore, name: str) -> tuple[Run, ...]:
    runs = runs_of_sweep(store, name)
    if not runs:
        known = ", ".join(sweeps(store))
        fail(f"There is no sweep {name!r}; {f'there are {known}' if known else 'there is none yet'}.", USAGE)
    return runs


def _list(store: RunStore, *, as_json: bool) -> None:
    found = sweeps(store)
    if as_json:
        print(json.dumps({name: [run.id for run in runs] for name, runs in found.items()}, indent=2))
    elif not found:
        print("There is no sweep yet; `cifar-tui sweep PRESET --grid KEY=VALUE,VALUE` makes one.")
    for name, runs in found.items() if not as_json else ():
        print(f"{name}: {counted(runs)}")


def _print_status(name: str, runs: Sequence[Run]) -> None:
    grid = grid_of(runs)
    print(f"Sweep {name}: {counted(runs)}.")
    console = make_console()
    console.print(_cell_table(grid))
    if any(cell.is_best for cell in grid.cells):
        console.print("★ has the best mean validation accuracy.")
    if len(grid.axes) == 2:
        console.print()
        console.print(_plane_table(grid))


def _print_jobs(states: Mapping[str, JobState]) -> None:
    if states:
        counts = Counter(state.text for state in states.values())
        print(f"Slurm: {', '.join(f'{number} {printable(text)}' for text, number in counts.items())}.")


def _cell_table(grid: Grid) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for axis in grid.axes:
        table.add_column(axis.title)
    table.add_column("Val %", justify="right")
    table.add_column("", width=1)
    table.add_column("Test %", justify="right")
    table.add_column("Runs")
    for cell in grid.cells:
        best = "★" if cell.is_best else ""
        table.add_row(*(Text(printable(text)) for text in cell.texts), cell.val.text, best, cell.test.text, cell.state)
    return table


def _plane_table(grid: Grid) -> Table:
    """Two axes as rows and columns, with the mean validation accuracy where they meet."""
    down, across = grid.axes
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(Text(f"{down.title} ↓  {across.title} →"))
    for text in across.texts:
        table.add_column(Text(printable(text)), justify="right")
    for row in down.texts:
        cells = [grid.at(row, column) for column in across.texts]
        table.add_row(Text(printable(row)), *(percent(cell.val.mean) if cell else "" for cell in cells))
    return table


def _as_object(cell: Cell, grid: Grid) -> dict[str, object]:
    return {
        "settings": {".".join(axis.path): text for axis, text in zip(grid.axes, cell.texts, strict=True)},
        "val_accuracy": cell.val.mean,
        "val_deviation": cell.val.deviation,
        "test_accuracy": cell.test.mean,
        "test_deviation": cell.test.deviation,
        "runs": {run.id: run.status.value for run in cell.runs},
    }
