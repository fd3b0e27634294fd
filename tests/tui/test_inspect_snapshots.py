"""How a finished run looks from inside."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.look import Looker
from cifar_tui.tui.screens.inspect import InspectScreen
from cifar_tui.tui.widgets.class_table import ClassTable
from cifar_tui.tui.widgets.image_grid import ImageGrid
from cifar_tui.tui.widgets.inside_view import InsideView

from .conftest import RunMaker, drawn, until

SIZES = [(80, 24), (160, 50)]
VIEWS = {"classes": "c", "confused": "f", "matrix": "m", "calibration": "a"}


@pytest.fixture
def predicted(runs: RunMaker, queue_held: None) -> RunMaker:
    runs.make(
        "part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.6012, name="SimpleCNN [red]wide[/] " + "x" * 60
    )
    runs.predict("run-01")
    return runs


def _showing(app: CifarApp, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.is_furnished)
        app.push_screen(InspectScreen(Looker(app.store, app.run_queue, app.library).inspection("run-01", app.paths)))
        await until(pilot, lambda: any(table.row_count for table in app.screen.query(ClassTable)))
        await pilot.press(*keys)
        await pilot.pause()

    return look


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", VIEWS)
def test_a_view(snap_compare, app: CifarApp, predicted: RunMaker, view: str, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=_showing(app, VIEWS[view]))


def test_the_matrix_of_all_classes(snap_compare, app: CifarApp, predicted: RunMaker):
    keys = ("m", "s", *["pagedown"] * 2, *["right"] * 40)
    assert snap_compare(app, terminal_size=(80, 24), run_before=_showing(app, *keys))


def test_the_matrix_in_the_terminals_own_colours(snap_compare, app: CifarApp, predicted: RunMaker):
    app.theme = "terminal"
    assert snap_compare(app, terminal_size=(80, 24), run_before=_showing(app, "m", "down", "right"))


def test_images(snap_compare, app: CifarApp, predicted: RunMaker):
    predicted.keep_images(app.paths)

    async def look(pilot: Pilot[None]) -> None:
        await _showing(app, "enter")(pilot)
        await until(pilot, lambda: "▄" in drawn(app.screen.query_one(ImageGrid)).plain)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_images_that_are_not_here(snap_compare, app: CifarApp, predicted: RunMaker):
    async def look(pilot: Pilot[None]) -> None:
        await _showing(app, "enter")(pilot)
        await until(pilot, lambda: "not here" in app.screen.query_one(ImageGrid).render_line(0).text)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_inside(snap_compare, app: CifarApp, predicted: RunMaker):
    predicted.keep_weights("run-01")

    async def look(pilot: Pilot[None]) -> None:
        await _showing(app, "l")(pilot)
        await until(pilot, lambda: len(app.screen.query_one(InsideView).captions) == 32)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)


def test_nothing_to_see_inside(snap_compare, app: CifarApp, predicted: RunMaker):
    async def look(pilot: Pilot[None]) -> None:
        await _showing(app, "l")(pilot)
        await until(pilot, lambda: "checkpoint" in app.screen.query_one(InsideView).render_line(0).text)

    assert snap_compare(app, terminal_size=(80, 24), run_before=look)
