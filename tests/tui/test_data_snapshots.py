"""How the Data tab looks."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from cifar_tui.config import Source
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.count_table import CountTable
from cifar_tui.tui.widgets.data_images import DataImages

from .conftest import until

SIZES = [(80, 24), (160, 50)]


def _showing(app: CifarApp, *keys: str, images: int) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.is_furnished)
        app.query_one(ConfigForm).set_field(("data", "source"), Source.SYNTHETIC.value)
        await pilot.press("4")
        await until(pilot, lambda: app.query_one(CountTable).row_count == 121)
        await pilot.press(*keys)
        await until(pilot, lambda: app.query_one(DataImages).count == images)

    return look


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_images_of_a_class(snap_compare, app: CifarApp, size: tuple[int, int]):
    assert snap_compare(app, terminal_size=size, run_before=_showing(app, "down", "enter", "right", images=100))


def test_images_of_a_superclass(snap_compare, app: CifarApp):
    assert snap_compare(app, terminal_size=(80, 24), run_before=_showing(app, "up", "s", "s", images=100))


def test_variants(snap_compare, app: CifarApp):
    assert snap_compare(app, terminal_size=(80, 24), run_before=_showing(app, "enter", "a", images=60))


def test_in_the_terminals_own_colours(snap_compare, app: CifarApp):
    app.theme = "terminal"
    assert snap_compare(app, terminal_size=(60, 18), run_before=_showing(app, "enter", images=100))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_data_set_that_is_not_here(snap_compare, app: CifarApp, size: tuple[int, int]):
    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.is_furnished)
        await pilot.press("4")
        await until(pilot, lambda: "not here" in app.query_one(DataImages).render_line(0).text)

    assert snap_compare(app, terminal_size=size, run_before=look)
