"""Runs under one name: what a sweep still needs, its grid, cancelling and going on."""

from collections.abc import Callable

import pytest

from cifar_tui.config import RunConfig, with_values
from cifar_tui.config.grid import make_grid
from cifar_tui.events import Results
from cifar_tui.runs.cells import grid_of
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.runs.sweep import (
    cancel_sweep,
    carry_out,
    check_sweep_name,
    counted,
    plan,
    runs_of_sweep,
    sweep_name,
    sweeps,
)

MLP = RunConfig.model_validate({"preset": "part1/mlp", "model": {"name": "mlp"}})
CNN = RunConfig.model_validate({"preset": "part1/simple_cnn", "model": {"name": "simple_cnn"}})
GRID = make_grid([MLP], ["training.lr=1e-3,3e-4"], "0..1")


def _become(store: RunStore, run: Run, status: RunStatus, results: Results | None = None) -> Run:
    return store.change(run.id, lambda record: record.model_copy(update={"status": status, "results": results}))


@pytest.mark.parametrize(
    ("configs", "name"),
    [
        (GRID, "mlp-lr-seed"),
        ((MLP,), "mlp"),
        (make_grid([MLP, CNN], [], "0..1"), "mlp-simple_cnn-seed"),
        (
            make_grid([MLP], ["training.lr=1,2", "training.batch_size=2,3", "data.flip=off,random"], None),
            "mlp-batch_size-flip-lr",
        ),
    ],
)
def test_is_called_after_its_presets_and_what_varies(configs: tuple[RunConfig, ...], name: str) -> None:
    assert sweep_name(configs) == name
    assert check_sweep_name(name) == name


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65, "a\x1b[31m", "[red]"])
def test_a_name_is_one_word(name: str) -> None:
    with pytest.raises(StoreError, match="is one word of letters"):
        check_sweep_name(name)


def test_only_what_is_missing_is_added(queue: RunQueue) -> None:
    store = queue.store
    first = carry_out(queue, "s", plan(store, "s", GRID[:2]))
    assert [run.config for run in first] == list(GRID[:2])
    renamed = with_values(GRID[0], {("name",): "called something else", ("training", "device"): "cpu"})
    what = plan(store, "s", [renamed, *GRID[1:]])
    assert what.missing == GRID[2:]
    assert [run.id for run in what.present] == [run.id for run in first]
    carry_out(queue, "s", what)
    assert len(runs_of_sweep(store, "s")) == 4
    assert plan(store, "s", GRID).missing == ()
    assert plan(store, "other", GRID).missing == GRID


def test_what_did_not_reach_its_end_goes_on(queue: RunQueue) -> None:
    store = queue.store
    runs = carry_out(queue, "s", plan(store, "s", GRID))
    for run, status in zip(runs, (RunStatus.FAILED, RunStatus.STOPPED, RunStatus.FINISHED), strict=False):
        _become(store, run, status)
    what = plan(store, "s", GRID)
    assert [run.id for run in what.unfinished] == [run.id for run in runs[:2]]
    resumed = carry_out(queue, "s", what)
    assert [run.id for run in resumed] == [run.id for run in runs[:2]]
    assert counted(runs_of_sweep(store, "s")) == "4 runs: 3 queued, 1 finished"


@pytest.mark.parametrize(
    ("status", "job", "is_to_go_on", "is_to_go_on_in_slurm"),
    [
        (RunStatus.QUEUED, None, False, True),
        (RunStatus.QUEUED, SlurmJob(), True, True),  # its hand-over was cut off
        (RunStatus.QUEUED, SlurmJob(id="7"), False, False),
        (RunStatus.INTERRUPTED, None, True, True),
        (RunStatus.INTERRUPTED, SlurmJob(id="7"), False, False),  # its node died
        (RunStatus.FAILED, SlurmJob(id="7"), True, True),
    ],
)
def test_what_slurm_has_is_left_to_it_and_what_it_never_got_is_not(
    store: RunStore, status: RunStatus, job: SlurmJob | None, is_to_go_on: bool, is_to_go_on_in_slurm: bool
) -> None:
    store.create(MLP, status, sweep="s", slurm=job)
    what = plan(store, "s", [MLP])
    assert [bool(here.unfinished) for here in (what, what.for_slurm())] == [is_to_go_on, is_to_go_on_in_slurm]
    assert [bool(here.present) for here in (what, what.for_slurm())] == [not is_to_go_on, not is_to_go_on_in_slurm]


def test_cancelling_stops_what_waits_and_trains_and_loses_nothing(queue: RunQueue) -> None:
    store = queue.store
    runs = carry_out(queue, "s", plan(store, "s", GRID))
    other = queue.add(MLP)
    _become(store, runs[0], RunStatus.RUNNING)
    with store.training_lock(runs[0].id):
        cancelled = cancel_sweep(queue, "s")
    assert (cancelled.waiting, cancelled.asked) == (3, 1)
    assert (runs[0].folder / "stop").read_text() == "batch"
    assert [run.id for run in queue.waiting()] == [other.id]
    assert len(runs_of_sweep(store, "s")) == 4


def test_cancelling_stops_what_a_runner_takes_meanwhile(queue: RunQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    store = queue.store
    runs = carry_out(queue, "s", plan(store, "s", GRID))
    monkeypatch.setattr("cifar_tui.runs.sweep.runs_of_sweep", lambda *_: runs)  # as they were a moment ago
    _become(store, runs[1], RunStatus.RUNNING)
    with store.training_lock(runs[1].id):
        cancelled = cancel_sweep(queue, "s")
    assert (cancelled.waiting, cancelled.asked) == (3, 1)
    assert (runs[1].folder / "stop").read_text() == "batch"


def test_lists_all_sweeps(queue: RunQueue) -> None:
    carry_out(queue, "b", plan(queue.store, "b", GRID[:1]))
    carry_out(queue, "a", plan(queue.store, "a", GRID[:2]))
    queue.add(MLP)
    assert {name: len(runs) for name, runs in sweeps(queue.store).items()} == {"b": 1, "a": 2}


def test_a_grid_has_a_cell_for_each_combination_with_the_mean_of_its_seeds(
    queue: RunQueue, make_results: Callable[..., Results]
) -> None:
    store = queue.store
    runs = carry_out(queue, "s", plan(store, "s", GRID))
    for run, accuracy in zip(runs, (0.20, 0.24, 0.30), strict=False):
        _become(store, run, RunStatus.FINISHED, make_results(test_accuracy=accuracy, val_accuracy=0.5))
    grid = grid_of(runs_of_sweep(store, "s"))
    (axis,) = grid.axes
    assert (axis.title, axis.texts) == ("Learning rate", ("0.0003", "0.001"))
    low, high = grid.cells
    assert (low.test.text, low.val.text, low.state) == ("30.00", "50.00", "1 queued, 1 finished")
    assert high.test.mean == pytest.approx(0.22)
    assert high.test.deviation == pytest.approx(0.0282842712)
    assert (high.test.text, high.val.text, high.state) == ("22.00 ± 2.83", "50.00 ± 0.00", "2 finished")
    assert grid.at("0.001") == high
    assert grid.at("7") is None


def test_the_best_cell_is_chosen_by_validation_and_of_as_many_seeds_as_the_others(
    queue: RunQueue, make_results: Callable[..., Results]
) -> None:
    """By test accuracy it would be the first one; of fewer seeds, the second before its last run ends."""
    store = queue.store
    runs = carry_out(queue, "s", plan(store, "s", GRID))

    def end(number: int, val: float, test: float) -> list[bool]:
        _become(store, runs[number], RunStatus.FINISHED, make_results(val_accuracy=val, test_accuracy=test))
        grid = grid_of(runs_of_sweep(store, "s"))
        return [grid.at(lr).is_best for lr in ("0.001", "0.0003")]

    assert end(0, val=0.3, test=0.9) == [False, False]
    assert end(2, val=0.4, test=0.1) == [False, True]
    assert end(1, val=0.3, test=0.9) == [False, False]
    assert end(3, val=0.4, test=0.1) == [False, True]


def test_several_presets_are_an_axis_and_have_axes_of_their_own(queue: RunQueue) -> None:
    configs = [*make_grid([MLP], ["model.dropout=0.1,0.2"], None), *make_grid([CNN], ["training.lr=0.1,0.2"], None)]
    grid = grid_of(carry_out(queue, "s", plan(queue.store, "s", configs)))
    assert [axis.title for axis in grid.axes] == ["Preset", "Dropout", "Learning rate"]
    assert [cell.texts for cell in grid.cells] == [
        ("part1/mlp", "0.1", "0.001"),
        ("part1/mlp", "0.2", "0.001"),
        ("part1/simple_cnn", "0.3", "0.1"),
        ("part1/simple_cnn", "0.3", "0.2"),
    ]
