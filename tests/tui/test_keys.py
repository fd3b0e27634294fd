"""The one table of keys: everything that shows or hears a key says the same."""

from pathlib import Path

import pytest
from textual.dom import DOMNode

from cifar_tui.tui.app import TABS, CifarApp
from cifar_tui.tui.keys import SCOPES, markdown
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.data import DataPane
from cifar_tui.tui.screens.help import HelpScreen
from cifar_tui.tui.screens.inspect import InspectScreen
from cifar_tui.tui.screens.launch import LaunchPane
from cifar_tui.tui.screens.leaderboard import LeaderboardPane
from cifar_tui.tui.screens.live import LivePane
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.screens.sweep import SweepScreen
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.key_bar import KeyBar

from .conftest import running, until

OWNERS: dict[str, type[DOMNode]] = {
    "app": CifarApp,
    "form": ConfigForm,
    "run": RunScreen,
    "inspect": InspectScreen,
    "sweep": SweepScreen,
    "compare": CompareScreen,
    "launch": LaunchPane,
    "live": LivePane,
    "leaderboard": LeaderboardPane,
    "data": DataPane,
}


def test_the_readme_lists_every_key():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    listed = readme.partition("<!-- keys -->\n")[2].partition("<!-- end of keys -->")[0]
    assert listed.splitlines() == list(markdown())


@pytest.mark.parametrize("scope", SCOPES)
def test_every_key_is_bound_once_to_an_action_that_exists(scope: str):
    keys = [name for key in SCOPES[scope].keys for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))
    for key in SCOPES[scope].keys:
        assert hasattr(OWNERS[scope], f"action_{key.action.partition('(')[0]}"), key
        assert key.help.endswith("."), key


async def test_a_tabs_keys_do_not_hide_the_apps(app: CifarApp):
    everywhere = {name for key in SCOPES["app"].keys for name in key.keys.split(",")}
    for tab in TABS:
        assert everywhere.isdisjoint(name for key in SCOPES[tab].keys for name in key.keys.split(","))


async def test_the_help_lists_the_keys_of_the_tab(app: CifarApp):
    async with running(app, (120, 60)) as pilot:
        await pilot.press("3", "?")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        shown = "\n".join(strip.text for strip in app.screen.query_one("Static").render_lines(app.screen.region))
        for key in (*SCOPES["leaderboard"].keys, *SCOPES["app"].keys):
            assert key.help in shown
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_the_palette_runs_an_action_of_another_tab(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        offered = " ".join(commands)
        assert all(key.label in offered for tab in TABS for key in SCOPES[tab].keys if key.action != "leave_form")
        commands["Leaderboard: Filter (/)"].callback()
        await until(pilot, lambda: app.query_one("#filter").has_focus)
        assert app.query_one("TabbedContent").active == "leaderboard"


async def test_colours_change_and_are_kept(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        for expected in ("light", "terminal", "dark", "light"):
            await pilot.press("T")
            assert app.theme == expected
    assert CifarApp(app.paths).theme == "light"


async def test_a_terminal_that_is_too_small_is_told_so(app: CifarApp):
    async with running(app, (59, 24)) as pilot:
        await until(pilot, lambda: app.query_one("#too-small").display)
        await pilot.resize_terminal(60, 18)
        await until(pilot, lambda: not app.query_one("#too-small").display)
        assert app.query_one("TabbedContent").display


async def test_a_click_on_a_key_presses_it(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        bar = app.query_one(KeyBar)
        await until(pilot, lambda: "Help" in str(bar.content))
        await pilot.click(bar, offset=(str(bar.content).index("Help"), 0))
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_the_bar_follows_the_tab(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        bar = app.query_one(KeyBar)
        await until(pilot, lambda: "Queue part" in str(bar.content))
        await pilot.press("3")
        await until(pilot, lambda: "Compare" in str(bar.content) and "Queue part" not in str(bar.content))


@pytest.mark.parametrize("tab", ["1", "2", "3", "4"])
async def test_leaving_and_help_stand_at_the_bars_end_on_the_narrowest_terminal(app: CifarApp, tab: str):
    async with running(app, (60, 18)) as pilot:
        await pilot.press(tab)
        bar = app.query_one(KeyBar)
        await until(pilot, lambda: str(bar.content).endswith(" q Quit   ? Help  "))
        assert bar.content.cell_length == 60


async def test_the_bar_names_keys_that_work_while_a_letter_is_typed_as_one(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        bar = app.query_one(KeyBar)
        await pilot.press("e")
        await until(pilot, lambda: "ctrl+t Train" in str(bar.content))
        words = str(bar.content).split()
        assert {"ctrl+g", "ctrl+r", "ctrl+q", "f1"} <= set(words)
        assert not {"t", "a", "/", "q", "?"} & set(words)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_the_focus_comes_back_when_the_terminal_is_enlarged(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("3")
        table = app.query_one("#table")
        await until(pilot, lambda: table.has_focus)
        await pilot.resize_terminal(50, 15)
        await until(pilot, lambda: app.query_one("#too-small").display)
        await until(pilot, lambda: not table.has_focus)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: table.has_focus)


async def test_a_tab_that_is_clicked_does_not_look_as_if_it_had_the_focus(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        tree, queue = app.query_one("#presets"), app.query_one("#queue")
        await until(pilot, lambda: app.focused is tree)
        await pilot.press("2")
        await until(pilot, lambda: app.focused is queue and queue.has_focus)
        await pilot.click("#--content-tab-launch")
        await until(pilot, lambda: tree.region.width > 0 and not tree.has_focus)
        assert app.focused not in (tree, queue)
        await pilot.press("2", "1")
        await until(pilot, lambda: app.focused is tree and tree.has_focus)


async def test_the_focus_is_left_behind_with_a_tab_that_had_it_elsewhere(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        table, line = app.query_one("#table"), app.query_one("#filter")
        await pilot.press("3", "slash")
        await until(pilot, lambda: line.has_focus)
        await pilot.click("#--content-tab-live")
        await pilot.press("3")
        await until(pilot, lambda: app.focused is table and table.has_focus and not line.has_focus)


async def test_the_bar_of_a_screen_that_was_left_writes_nothing(app: CifarApp):
    async with running(app, (120, 40)):
        bar = app.query_one(KeyBar)
        before = bar.content
        await bar.remove()
        bar._write()  # it was to be called after a refresh, which came after the end of the screen
        assert bar.content == before


async def test_an_error_while_the_app_ends_is_not_shown(app: CifarApp):
    async with running(app, (120, 40)):
        app.exit()
        app._handle_exception(RuntimeError("a widget was gone"))  # as Textual does with whatever a widget raises
    assert app.return_code == 0
    assert app._exception is None


async def test_an_error_before_that_ends_the_app(app: CifarApp):
    async def fail() -> None:
        async with running(app, (120, 40)) as pilot:
            app._handle_exception(RuntimeError("a widget failed"))
            await pilot.pause()

    with pytest.raises(RuntimeError, match="a widget failed"):
        await fail()
    assert app.return_code == 1
