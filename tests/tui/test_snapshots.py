"""How the three tabs look, at the smallest size and at a comfortable one."""

import pytest
from textual.pilot import Pilot

from cifar_tui.config import RunConfig
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.probe import Probe
from cifar_tui.tui.screens.dataset import DatasetScreen
from cifar_tui.tui.screens.help import HelpScreen
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.config_form import ConfigForm

from .conftest import RunMaker, until

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def _no_cursor_blink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(autouse=True)
def _nothing_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Probe.ask

    async def ask_for_layers(self: Probe, config: RunConfig, *, measure: bool) -> None:
        await ask(self, config, measure=False)

    monkeypatch.setattr(Probe, "ask", ask_for_layers)


async def _on_launch(pilot: Pilot[None]) -> None:
    app = pilot.app
    await until(pilot, lambda: app.query_one(ConfigForm).border_subtitle == "346,628 parameters")
    await until(pilot, lambda: bool(app.query_one("#live-title").content))


async def _on_live(pilot: Pilot[None]) -> None:
    await _on_launch(pilot)
    await pilot.press("2")
    await until(pilot, lambda: len(pilot.app.query_one("#loss-chart", Chart).data.series) == 2)


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
