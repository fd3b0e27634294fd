"""Run folders that cannot be read, on the leaderboard."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TabbedContent

from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.state import ViewState, save_state
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, running, until


@pytest.fixture(autouse=True)
def _without_the_report(paths: Paths) -> None:
    save_state(paths.data / "state.json", ViewState(tab="leaderboard", with_given=False))


@pytest.fixture
def reasons(runs: RunMaker, queue_held: None, make_unreadable: Callable[[Path], dict[str, str]]) -> dict[str, str]:
    """Two runs, and a folder of every kind that cannot be read; what is wrong with each."""
    runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.6012)
    runs.make("part5/gru_row", RunStatus.QUEUED)
    return make_unreadable(runs.store.folder)


def keys(table: RunTable) -> list[str]:
    return [row.key for row in table.rows_shown]


async def opened(app: CifarApp, pilot: Pilot[None], rows: int) -> RunTable:
    table = app.query_one(RunTable)
    await until(pilot, lambda: len(table.rows_shown) == rows)
    return table


async def at(pilot: Pilot[None], table: RunTable, key: str) -> None:
    table.move_cursor(row=keys(table).index(key))
    await until(pilot, lambda: table.chosen is not None and table.chosen.key == key)


async def filtered(app: CifarApp, pilot: Pilot[None], text: str) -> None:
    await pilot.press("/")
    app.query_one("#filter", Input).value = text
    await pilot.press("enter")


def toasts(app: CifarApp) -> list[str]:
    return [str(toast.message) for toast in app._notifications]


async def test_each_has_a_row_that_says_what_is_wrong(app: CifarApp, reasons: dict[str, str]):
    async with running(app, (120, 40)) as pilot:
        table = await opened(app, pilot, 2 + len(reasons))
        assert table.border_title == f"2 runs · {len(reasons)} unreadable"
        await filtered(app, pilot, "status:unreadable")
        await until(pilot, lambda: sorted(keys(table)) == sorted(reasons))
        for key, reason in reasons.items():
            assert str(table.get_cell(key, "status")) == "? unreadable"
            assert str(table.get_cell(key, "note")).removesuffix("…") in reason
            await at(pilot, table, key)
            await until(pilot, lambda reason=reason: reason in str(table.border_subtitle))
        assert str(table.get_cell("newer", "name")) == "? From the future"


@pytest.mark.parametrize("folder", ["newer", "itself"])
async def test_nothing_is_done_with_one_and_it_is_said_why(app: CifarApp, reasons: dict[str, str], folder: str):
    async with running(app, (120, 40)) as pilot:
        table = await opened(app, pilot, 2 + len(reasons))
        before = {path: path.lstat().st_mtime_ns for path in app.store.folder.rglob("*")}
        said = f"{'From the future' if folder == 'newer' else folder}: {reasons[folder]}"
        for key in ("enter", "n", "N", "t", "asterisk", "A", "space", "v", "c", "a", "f"):
            await at(pilot, table, folder)
            app.clear_notifications()  # what is shown already would not be shown again
            await pilot.press(key)
            await until(pilot, lambda: toasts(app).count(said) == 1)
        assert len(app.screen_stack) == 1
        assert app.query_one(TabbedContent).active == "leaderboard"
        assert app.marked == []
        assert before == {path: path.lstat().st_mtime_ns for path in app.store.folder.rglob("*")}


async def test_any_can_be_deleted_and_brought_back(app: CifarApp, reasons: dict[str, str]):
    async with running(app, (120, 40)) as pilot:
        table = await opened(app, pilot, 2 + len(reasons))
        rows = {row.key: row for row in table.rows_shown}
        for key in reasons:
            await at(pilot, table, key)
            await pilot.press("delete")
            await until(pilot, lambda key=key: key not in keys(table))
        assert app.store.ids() == ["run-01", "run-02"]
        await pilot.press(*["u"] * len(reasons))
        await until(pilot, lambda: {row.key: row for row in table.rows_shown} == rows)
        assert not [text for text in toasts(app) if "deleted; u brings it back" not in text]


async def test_one_that_breaks_while_it_is_marked_costs_only_itself(app: CifarApp, runs: RunMaker, queue_held: None):
    marked = [runs.make("part1/mlp", RunStatus.STOPPED) for _ in range(3)]
    async with running(app, (120, 40)) as pilot:
        table = await opened(app, pilot, 3)
        for key in marked:
            await at(pilot, table, key)
            await pilot.press("space")
        await until(pilot, lambda: app.marked == marked)
        (runs.store.folder / "run-02" / "run.json").write_text("{")
        await until(pilot, lambda: "1 unreadable" in str(table.border_title))
        await pilot.press("v")
        await until(pilot, lambda: any("run-02/run.json is damaged" in text for text in toasts(app)))
        assert len(app.screen_stack) == 1
        app.clear_notifications()
        await pilot.press("asterisk")
        await until(pilot, lambda: any("run-02/run.json is damaged" in text for text in toasts(app)))
        assert [app.store.get(key).record.starred for key in ("run-01", "run-03")] == [True, True]


async def test_every_order_and_every_file_takes_them(app: CifarApp, reasons: dict[str, str], tmp_path: Path):
    async with running(app, (160, 40)) as pilot:
        table = await opened(app, pilot, 2 + len(reasons))
        await pilot.press("g")
        for _ in table.columns_shown:
            await pilot.press("greater_than_sign", "r")
            column = next((str(key.value) for key, shown in table.columns.items() if str(shown.label)[-1] in "↑↓"), "")
            if column not in ("name", "status", "note"):
                assert sorted(reasons) == sorted(keys(table)[-len(reasons) :])
        await filtered(app, pilot, "status:unreadable")
        texts = {}
        for suffix in ("csv", "md", "json"):
            file = tmp_path / f"out.{suffix}"
            await pilot.press("E")
            await until(pilot, lambda: isinstance(app.screen, AskScreen))
            app.screen.query_one("#answer", Input).value = str(file)
            await pilot.press("enter")
            await until(pilot, lambda: not isinstance(app.screen, AskScreen))
            texts[suffix] = file.read_text()
        assert {row["key"]: row["note"] for row in json.loads(texts["json"])} == reasons
        assert sorted(row["Note"] for row in csv.DictReader(texts["csv"].splitlines())) == sorted(reasons.values())
        assert len(texts["md"].splitlines()) == 2 + len(reasons)
        assert all(reason in texts["md"] for reason in reasons.values())
