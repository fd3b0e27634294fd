import pytest
from textual.widgets import DataTable, Input, Static

from cifar_tui.runs.columns import COLUMNS
from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, running, until


def names(table: DataTable) -> list[str]:
    return [str(table.get_row_at(place)[1]).split(" ", 1)[1] for place in range(table.row_count)]


def keys(table: DataTable) -> list[str]:
    return [str(key.value) for key in table.rows]


async def opened(app: CifarApp, pilot) -> DataTable:
    await pilot.press("3")
    table = app.query_one("#table", DataTable)
    await until(pilot, lambda: table.row_count == 13 + 9)
    return table


async def test_the_best_test_accuracy_stands_first_with_the_report_among_the_runs(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        assert names(table)[:3] == ["embedded data", "part1/simple_cnn", "CNN+Transformer hybrid"]
        ranks = [str(table.get_row_at(place)[0]) for place in range(5)]
        assert ranks == ["🥇", "🥇", "🥈", "🥉", "4"]  # each data set has its own ranking
        assert str(table.get_cell("report:part4/cnn_transformer", "status")) == "¶ report"


async def test_every_column_sorts_by_key_and_by_click(app: CifarApp, furnished: RunMaker):
    async with running(app, (200, 50)) as pilot:
        table = await opened(app, pilot)
        before = keys(table)
        await pilot.press("r")
        assert keys(table)[0] == "report:part1/softmax_regression"
        await pilot.press("r", ">")
        assert str(table.columns["report"].label).endswith("↓")
        await pilot.press("<", "<")
        parts = [cell for cell in (str(table.get_row_at(place)[3]) for place in range(table.row_count)) if cell]
        assert parts == sorted(parts)

        def heading() -> str:
            return str(table.columns["test"].label)

        await pilot.pause()
        x = sum(column.get_render_width(table) for column in table.ordered_columns[:4]) + 3
        await pilot.click(table, offset=(x, 1))
        await until(pilot, lambda: heading().endswith("↓") and keys(table) == before)
        await pilot.pause()  # the new headings have to be drawn before they can be clicked
        await pilot.click(table, offset=(x, 1))
        await until(pilot, lambda: heading().endswith("↑"))


async def test_the_order_passes_over_columns_that_are_not_there(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        assert isinstance(table, RunTable)
        titles = {column.title for column in table.columns_shown}
        assert len(titles) < len(COLUMNS)
        for _ in range(len(titles)):
            before = table.border_subtitle
            await pilot.press(">")
            await until(pilot, lambda before=before: table.border_subtitle != before)
            assert str(table.border_subtitle).removeprefix("sorted by ") in titles


async def test_the_cursor_stays_on_its_run_when_the_order_changes(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        await pilot.press("down", "down", "down")
        marked = keys(table)[table.cursor_row]
        await pilot.press("r")
        assert keys(table)[table.cursor_row] == marked
        await pilot.press(">")
        assert keys(table)[table.cursor_row] == marked


async def test_the_cursor_follows_a_run_into_the_row_of_its_seeds_and_back(app: CifarApp, runs: RunMaker):
    for seed in (0, 1):
        runs.make("part1/mlp", RunStatus.FINISHED, epochs=3, accuracy=0.2, seed=seed)
    runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=3, accuracy=0.6)
    async with running(app, (160, 50)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: table.chosen is not None and table.row_count == 16)
        await pilot.press("h")
        await until(pilot, lambda: table.row_count == 3)
        await pilot.press("down")
        member = table.chosen.key
        await pilot.press("g")
        await until(pilot, lambda: table.row_count == 2)
        assert member in table.chosen.members
        await pilot.press("g")
        await until(pilot, lambda: table.row_count == 3)
        assert table.cursor_row == 1


async def test_the_same_notice_is_not_shown_twice_at_once(app: CifarApp, furnished: RunMaker):
    async with running(app, (80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("home", "space", "space", "space")
        await until(pilot, lambda: bool(app._notifications))
        assert len([note for note in app._notifications if "cannot be marked" in note.message]) == 1


async def test_the_first_result_is_seen_below_what_others_measured(app: CifarApp, runs: RunMaker):
    async with running(app, (80, 24)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: table.row_count == 13)
        assert table.cursor_row == 0
        run_id = runs.make("part1/softmax_regression", RunStatus.FINISHED, epochs=3, accuracy=0.05)
        app.look()
        await until(pilot, lambda: table.row_count == 14)
        assert table.chosen is not None
        assert (table.chosen.key, table.cursor_row) == (run_id, 13)
        await pilot.press("home")
        runs.make("part1/softmax_regression", RunStatus.FINISHED, epochs=3, accuracy=0.04)
        app.look()
        await until(pilot, lambda: table.row_count == 15)
        assert table.cursor_row == 0


async def test_a_first_result_leaves_the_cursor_on_ones_own_run(app: CifarApp, runs: RunMaker):
    runs.make("part1/mlp", RunStatus.STOPPED, epochs=3)
    async with running(app, (80, 24)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: table.row_count == 14)
        await pilot.press("h")
        await until(pilot, lambda: table.row_count == 1)
        assert table.chosen is not None
        stopped = table.chosen.key
        runs.make("part1/softmax_regression", RunStatus.FINISHED, epochs=3, accuracy=0.05)
        app.look()
        await until(pilot, lambda: table.row_count == 2)
        assert table.chosen.key == stopped


async def test_filter_by_words_and_clear(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        await pilot.press("/", *"gru report", "enter")
        assert set(names(table)) == {"GRU-row", "GRU-patch4"}
        await pilot.press("escape")
        await until(pilot, lambda: table.row_count == 22)
        assert not app.query_one("#filter-bar").display


async def test_the_reports_rows_can_be_hidden(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        await pilot.press("h")
        assert table.row_count == 9
        assert not any(key.startswith("report:") for key in keys(table))


async def test_a_run_is_seen_on_live(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await opened(app, pilot)
        await pilot.press("f")
        await until(pilot, lambda: "embedded data" in str(app.query_one("#live-title").content))
        assert app.query_one("TabbedContent").active == "live"
        await pilot.press("f")
        await until(pilot, lambda: "label smoothing" in str(app.query_one("#live-title").content))


async def test_names_are_shown_and_never_obeyed(app: CifarApp, furnished: RunMaker):
    async with running(app, (260, 50)) as pilot:
        table = await opened(app, pilot)
        assert "MLP [red]wide[/] xxx" in str(table.get_cell("run-02", "name"))


async def test_a_stopped_run_can_go_on(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        table.move_cursor(row=keys(table).index("run-04"))
        await pilot.press("c")
        await until(pilot, lambda: str(table.get_cell("run-04", "status")) == "… queued")
        assert [run.id for run in app.run_queue.waiting()][-1] == "run-04"


async def test_a_finished_run_is_trained_on_as_a_new_one(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        parent = app.store.get("run-01")
        (parent.folder / "checkpoint.pt").write_bytes(b"weights")
        assert parent.record.results
        done = parent.record.results.epochs
        table.move_cursor(row=keys(table).index("run-01"))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        line = app.screen.query_one("#answer", Input)
        assert line.value == str(2 * done)
        line.value = str(done)
        await pilot.press("enter")
        note = app.screen.query_one("#ask-note", Static)
        await until(pilot, lambda: f"above {done}" in str(note.content))
        line.value = str(done + 7)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, AskScreen))
        await until(pilot, lambda: app.run_queue.waiting()[-1].record.parent == "run-01")
        child = app.run_queue.waiting()[-1]
        assert child.config.training.epochs == done + 7
        assert app.store.epochs(child.id) == app.store.epochs("run-01")


async def test_what_waits_cannot_be_continued(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)
        table.move_cursor(row=keys(table).index(app.run_queue.waiting()[0].id))
        await pilot.press("c")
        await until(pilot, lambda: any("only a stopped" in str(toast.message) for toast in app._notifications))


@pytest.mark.parametrize("width", [80, 100, 120, 139, 160, 200])
async def test_no_column_is_cut_at_the_right_edge(app: CifarApp, furnished: RunMaker, width: int):
    async with running(app, (width, 50)) as pilot:
        table = await opened(app, pilot)
        assert isinstance(table, RunTable)
        await until(pilot, lambda: bool(table.columns_in_sight))
        await pilot.pause()
        drawn = table.render_line(0).text
        for place, column in enumerate(table.columns_shown):
            assert (column.title in drawn) is (place < len(table.columns_in_sight)), column.title


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (200, "a name that is longer than thirty characters"),
        (120, "a name that …y characters"),
    ],
)
async def test_names_have_the_room_that_there_is_and_lose_their_middle_without(
    app: CifarApp, runs: RunMaker, queue_held: None, width: int, shown: str
):
    name = "a name that is longer than thirty characters"
    runs.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.9, name=name, synthetic=True)
    async with running(app, (width, 50)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: table.row_count == 14 and shown in table.render_line(1).text)
        drawn = table.render_line(1).text
        assert (name in drawn) is (shown == name)
        assert "✓ finished" in drawn


async def test_the_chosen_row_is_not_dim(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await opened(app, pilot)

        def is_dim(key: str) -> bool:
            line = table.render_line(keys(table).index(key) + 1)
            return any(segment.style is not None and segment.style.dim for segment in line)

        await until(pilot, lambda: is_dim("report:part1/mlp"))
        table.move_cursor(row=keys(table).index("report:part1/mlp"))
        await until(pilot, lambda: not is_dim("report:part1/mlp"))
        assert is_dim("report:part5/gru_row")
