"""How the three tabs look, at the smallest size and at a comfortable one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import SelectionList, Static

from cifar_tui.config import with_values
from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunRecord, RunStatus, SlurmJob
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.look import Looker, load_tested_pixels
from cifar_tui.tui.meters import GPUReading, Meters, Reading
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.columns import ColumnsScreen
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.dataset import DatasetScreen
from cifar_tui.tui.screens.help import HelpScreen
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.screens.sweep import SweepScreen
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.vitals import Vitals

from .conftest import RunMaker, until

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def _no_cursor_blink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(autouse=True)
def _one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = GPUReading("Some GPU", 0.97, 6_200_000_000, 24_000_000_000, 64, 271.0)
    reading = Reading(0.52, 7_300_000_000, 33_600_000_000, (gpu,))
    monkeypatch.setattr(Meters, "read", lambda _: reading)


async def _on_launch(pilot: Pilot[None]) -> None:
    app = pilot.app
    await until(pilot, lambda: app.is_furnished)
    await until(pilot, lambda: app.query_one(ConfigForm).border_subtitle == "346,628 parameters")
    await until(pilot, lambda: bool(app.query_one("#live-title").content))


async def _on_live(pilot: Pilot[None]) -> None:
    await _on_launch(pilot)
    await pilot.press("2")
    await until(pilot, lambda: len(pilot.app.query_one("#loss-chart", Chart).data.series) == 2)
    await until(pilot, lambda: "cpu" in str(pilot.app.query_one("#vitals", Vitals).content))


async def _on_leaderboard(pilot: Pilot[None]) -> None:
    await _on_launch(pilot)
    await pilot.press("3")
    await until(pilot, lambda: pilot.app.query_one("#table").row_count == 22)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_launch(snap_compare, app: CifarApp, furnished: RunMaker, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=_on_launch)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_live(snap_compare, app: CifarApp, furnished: RunMaker, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=_on_live)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_leaderboard(snap_compare, app: CifarApp, furnished: RunMaker, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=_on_leaderboard)


def test_readme_picture(snap_compare, app: CifarApp, furnished: RunMaker):
    """The picture that the README shows."""
    assert snap_compare(app, terminal_size=(110, 32), run_before=_on_live)


def test_launch_with_a_wrong_field(snap_compare, app: CifarApp, queue_held: None):
    async def type_nonsense(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("e", *"many")
        await until(pilot, lambda: bool(app.query_one(ConfigForm).errors))

    assert snap_compare(app, terminal_size=(80, 24), run_before=type_nonsense)


def test_live_without_a_run(snap_compare, app: CifarApp, queue_held: None):
    async def look(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("2")

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_the_data_dialog(snap_compare, app: CifarApp, queue_held: None):
    async def ask(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))

    assert snap_compare(app, terminal_size=(80, 24), run_before=ask)


def test_the_help(snap_compare, app: CifarApp, queue_held: None):
    async def ask(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("3", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))

    assert snap_compare(app, terminal_size=(80, 24), run_before=ask)


@pytest.mark.parametrize("theme", ["light", "terminal"])
def test_other_colours(snap_compare, app: CifarApp, furnished: RunMaker, theme: str):
    async def look(pilot: Pilot[None]) -> None:
        app.theme = theme
        await _on_live(pilot)

    assert snap_compare(app, terminal_size=(110, 32), run_before=look)


def test_without_colours(snap_compare, paths: Paths, furnished: RunMaker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = CifarApp(paths)
    assert snap_compare(app, terminal_size=(110, 32), run_before=_on_live)
    app.runner.shut_down()
    assert app.runner.join(timeout=60)


def test_the_leaderboard_without_runs(snap_compare, app: CifarApp, queue_held: None):
    async def look(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("3", "h")
        await until(pilot, lambda: "no run yet" in str(app.query_one("#table").border_subtitle))

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_folders_that_cannot_be_read(
    snap_compare,
    app: CifarApp,
    furnished: RunMaker,
    make_unreadable: Callable[[Path], dict[str, str]],
    size: tuple[int, int],
):
    reasons = make_unreadable(furnished.store.folder)

    async def look(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("3", "h", "end")
        await until(pilot, lambda: "run.json" in str(app.query_one("#table").border_subtitle))
        assert app.query_one("#table").row_count == 9 + len(reasons)

    assert snap_compare(app, terminal_size=size, run_before=look)


def test_a_filter_that_is_wrong(snap_compare, app: CifarApp, furnished: RunMaker):
    async def look(pilot: Pilot[None]) -> None:
        await _on_leaderboard(pilot)
        await pilot.press("slash", *"test>many")
        await until(pilot, lambda: bool(str(app.query_one("#filter-note", Static).content)))

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


async def _on_a_run(pilot: Pilot[None], app: CifarApp, run_id: str) -> None:
    await _on_launch(pilot)
    detail = Looker(app.store, app.run_queue, app.library).detail(run_id, app.library)
    run = replace(detail.history.run, folder=Path("/home/ann/runs") / run_id)
    app.push_screen(RunScreen(replace(detail, history=replace(detail.history, run=run))))
    await until(pilot, lambda: isinstance(app.screen, RunScreen))


def test_runs_that_were_interrupted(snap_compare, app: CifarApp, runs: RunMaker, queue_held: None):
    """Their process is gone, and nobody was told yet."""
    runs.make("part3/custom_vit", RunStatus.RUNNING, epochs=7, name="[red]ViT[/]")
    runs.make("part1/mlp", RunStatus.RUNNING)

    async def start(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: pilot.app.is_furnished)
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.query("Toast"))
        await until(pilot, lambda: pilot.app.query_one("#table").row_count == 15)

    assert snap_compare(app, terminal_size=(80, 24), run_before=start)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_run(snap_compare, app: CifarApp, furnished: RunMaker, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=lambda pilot: _on_a_run(pilot, app, "run-02"))


def test_a_run_that_failed(snap_compare, app: CifarApp, furnished: RunMaker):
    assert snap_compare(app, terminal_size=(80, 24), run_before=lambda pilot: _on_a_run(pilot, app, "run-05"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_comparison(snap_compare, app: CifarApp, furnished: RunMaker, size: tuple[int, int]):
    async def look(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        histories = Looker(app.store, app.run_queue, app.library).histories(["run-01", "run-02"])
        app.push_screen(CompareScreen(histories, partial(load_tested_pixels, paths=app.paths)))
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))

    assert snap_compare(app, terminal_size=size, run_before=look)


def _make_sweep(runs: RunMaker) -> None:
    """Eight runs over two settings and two seeds, two of them training, one waiting for Slurm."""
    accuracies = iter((0.3512, 0.3555, 0.4021, 0.4102, 0.3711))
    for lr in (3e-4, 1e-3):
        for smoothing in (0.0, 0.1):
            for seed in (0, 1):
                accuracy = next(accuracies, None)
                waits = accuracy is None and lr == 1e-3 and smoothing > 0 and seed == 0
                status = RunStatus.FINISHED if accuracy else RunStatus.QUEUED if waits else RunStatus.RUNNING
                epochs = 30 if accuracy else 0 if waits else 9 + round(30 * smoothing)
                name = f"part1/simple_cnn lr={lr} label_smoothing={smoothing} seed={seed}"
                run_id = runs.make("part1/simple_cnn", status, epochs=epochs, accuracy=accuracy, name=name)
                changes = {("training", "lr"): lr, ("training", "label_smoothing"): smoothing}
                runs.store.change(run_id, partial(_in_sweep, changes | {("training", "seed"): seed}))


def _in_sweep(changes: dict[tuple[str, ...], object], record: RunRecord) -> RunRecord:
    slurm = SlurmJob(id="4711_6", options={"partition": "gpu"}) if record.status is RunStatus.QUEUED else None
    config = with_values(record.config, changes)
    return record.model_copy(update={"config": config, "sweep": "cnn-lr-smoothing", "slurm": slurm})


@pytest.fixture
def swept(runs: RunMaker, queue_held: None) -> Iterator[RunMaker]:
    _make_sweep(runs)
    with ExitStack() as locks:
        for run in runs.store.scan().runs:
            if run.record.status is not RunStatus.FINISHED:
                locks.enter_context(runs.store.training_lock(run.id))
        yield runs


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_sweep(snap_compare, app: CifarApp, swept: RunMaker, size: tuple[int, int]):
    async def look(pilot: Pilot[None]) -> None:
        await _on_launch(pilot)
        await pilot.press("3", "w")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    assert snap_compare(app, terminal_size=size, run_before=look)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_several_runs_at_once(snap_compare, app: CifarApp, swept: RunMaker, size: tuple[int, int]):
    async def look(pilot: Pilot[None]) -> None:
        app.jobs = {"run-07": "pending (Resources)"}
        await _on_launch(pilot)
        await pilot.press("2")
        await until(pilot, lambda: len(app.query_one("#loss-chart", Chart).data.series) == 3)
        await until(pilot, lambda: "cpu" in str(app.query_one("#vitals", Vitals).content))

    assert snap_compare(app, terminal_size=size, run_before=look)


def test_the_columns(snap_compare, app: CifarApp, furnished: RunMaker):
    async def look(pilot: Pilot[None]) -> None:
        await _on_leaderboard(pilot)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen))
        await pilot.press("end")
        chooser = app.screen.query_one(SelectionList)
        await until(pilot, lambda: chooser.scroll_y == chooser.max_scroll_y > 0)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_a_question(snap_compare, app: CifarApp, furnished: RunMaker):
    async def look(pilot: Pilot[None]) -> None:
        await _on_leaderboard(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_a_terminal_that_is_too_small(snap_compare, app: CifarApp, queue_held: None):
    assert snap_compare(app, terminal_size=(50, 12))
