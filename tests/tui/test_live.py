import json
from dataclasses import asdict

import pytest
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable, ProgressBar, Static

from cifar_tui.runs.record import RunStatus
from cifar_tui.training.checkpoint import read_checkpoint
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.curves import Curves
from cifar_tui.tui.widgets.key_bar import KeyBar
from cifar_tui.tui.widgets.queue_table import QueueTable

from .conftest import RunMaker, curve, running, small_run, until


async def test_a_run_of_another_process_is_followed(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        loss = app.query_one("#loss-chart", Chart)
        await until(pilot, lambda: len(loss.data.series) == 2)
        assert [len(series.points) for series in loss.data.series] == [13, 12]  # the epoch under way is drawn too
        assert "SimpleCNN, label smoothing" in str(app.query_one("#live-title", Static).content)
        assert app.query_one("#accuracy-chart", Chart).data.reference == 0.3588
        assert "batch 176/352" in str(app.query_one("#epoch-detail", Static).content)


async def test_the_queue_is_shown_in_its_order_and_a_run_can_be_taken_out(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        table = app.query_one("#queue", DataTable)
        await until(pilot, lambda: table.row_count == 2)
        assert str(table.get_row_at(0)[1]) == "part1/simple_vit"
        await pilot.press("delete")
        await until(pilot, lambda: table.row_count == 1)
        assert str(table.get_row_at(0)[1]) == "part5/gru_row"
        assert [run.config.preset for run in app.run_queue.waiting()] == ["part5/gru_row"]


@pytest.mark.parametrize(("width", "extra"), [(120, []), (170, ["0.0003", "0"])])
async def test_the_columns_of_the_queue_fit_what_stands_in_them_at_once(
    app: CifarApp, furnished: RunMaker, width: int, extra: list[str]
):
    async with running(app, (width, 40)) as pilot:
        await pilot.press("2")
        table = app.query_one("#queue", DataTable)
        await until(pilot, lambda: table.row_count == 2)
        texts = [str(cell) for cell in table.get_row_at(0)]
        assert texts[5:] == extra
        for column, text in zip(table.ordered_columns, texts, strict=True):
            assert column.get_render_width(table) >= len(text)
        await pilot.resize_terminal(290 - width, 40)
        await until(pilot, lambda: len(table.columns) == (5 if extra else 7))


async def test_an_epoch_leaves_a_long_queue_where_it_was_scrolled_to(app: CifarApp, runs: RunMaker, queue_held: None):
    training = [runs.make("part1/mlp", RunStatus.RUNNING, epochs=3) for _ in range(2)]
    for position in range(30):
        runs.make("part1/mlp", RunStatus.QUEUED, position=position)
    with runs.store.training_lock(training[0]), runs.store.training_lock(training[1]):
        async with running(app, (120, 40)) as pilot:
            await pilot.press("2")
            table = app.query_one("#queue", DataTable)
            await until(pilot, lambda: table.max_scroll_y > 20)
            table.scroll_to(y=20, animate=False)  # as a wheel does, without the cursor
            line = json.dumps(asdict(curve(4)[-1])) + "\n"
            with (runs.store.folder / training[0] / "epochs.jsonl").open("a") as file:
                file.write(line)
            await until(pilot, lambda: str(table.get_cell(training[0], "Epochs")) == "4/30")
            assert (table.scroll_y, table.cursor_row) == (20, 0)


@pytest.mark.parametrize(
    ("compile_", "device", "text"),
    [
        ("auto", "cuda:0 (NVIDIA H200)", "compiling the model …"),
        ("auto", "cpu (2 threads)", "starting …"),
        ("off", "cuda:0 (NVIDIA H200)", "starting …"),
    ],
)
async def test_says_what_the_first_batch_waits_for(
    app: CifarApp, runs: RunMaker, compile_: str, device: str, text: str
):
    run_id = runs.make("part3/custom_vit", RunStatus.RUNNING)
    file = runs.store.folder / run_id / "run.json"
    record = json.loads(file.read_text())
    record["config"]["training"]["compile"], record["started"]["device"] = compile_, device
    file.write_text(json.dumps(record))
    with runs.store.training_lock(run_id):
        async with running(app, (120, 40)) as pilot:
            await pilot.press("2")
            detail = app.query_one("#epoch-detail", Static)
            await until(pilot, lambda: str(detail.content) == text)


async def test_stop_asks_and_stops_at_the_next_batch(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        run = app.run_queue.add(small_run(epochs=1000))
        app.runner.wake()
        await pilot.press("2")
        title = app.query_one("#live-title", Static)
        await until(pilot, lambda: "running" in str(title.content))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: app.store.get(run.id).status is RunStatus.STOPPED)


async def test_leaving_asks_while_a_run_trains(app: CifarApp):
    async with running(app, (80, 24)) as pilot:
        run = app.run_queue.add(small_run(epochs=1000))
        app.runner.wake()
        await until(pilot, lambda: app.runner.current == (run.id,) and app.store.epochs(run.id) != ())
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
        assert app.store.get(run.id).status is RunStatus.RUNNING
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
    app.runner.shut_down()
    assert app.runner.join(timeout=30)
    assert app.store.get(run.id).status is RunStatus.STOPPED


async def test_the_demo_trains_at_once(paths):
    app = CifarApp(paths, demo=True)
    async with running(app, (80, 24)) as pilot:
        assert app.query_one("TabbedContent").active == "live"
        await until(pilot, lambda: bool(app.runner.current))
        assert app.store.get(app.store.ids()[0]).config.model.name == "simple_cnn"
        app.runner.shut_down()
    assert app.runner.join(timeout=60)


async def test_a_run_stops_at_the_end_of_its_epoch(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        run = app.run_queue.add(small_run(epochs=1000))
        app.runner.wake()
        await pilot.press("2")
        await until(pilot, lambda: app.store.epochs(run.id) != ())
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: app.store.get(run.id).status is RunStatus.STOPPED)
    state = read_checkpoint(run.folder / "checkpoint.pt")
    assert state["position"]["batch"] == 0
    assert state["position"]["epoch"] == len(app.store.epochs(run.id)) + 1


async def test_the_queue_is_put_into_another_order(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        table = app.query_one("#queue", DataTable)
        await until(pilot, lambda: table.row_count == 2)
        await pilot.press("J")
        await until(pilot, lambda: str(table.get_row_at(0)[1]) == "part5/gru_row")
        assert table.cursor_row == 1  # it stays on the run that moved
        await pilot.press("K")
        await until(pilot, lambda: str(table.get_row_at(0)[1]) == "part1/simple_vit")


async def test_a_paused_queue_starts_nothing_until_it_goes_on(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2", "w")
        await until(pilot, lambda: "paused" in str(app.query_one("#queue", DataTable).border_title))
        run = app.run_queue.add(small_run())
        app.runner.wake()
        await until(pilot, lambda: app.query_one("#queue", DataTable).row_count == 1)
        assert app.store.get(run.id).status is RunStatus.QUEUED
        await pilot.press("w")
        await until(pilot, lambda: app.store.get(run.id).status is RunStatus.FINISHED)


async def test_the_end_of_a_run_is_told(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    written: list[str] = []
    async with running(app, (120, 40)) as pilot:
        monkeypatch.setattr(app._driver, "write", written.append)
        app.run_queue.add(small_run("My [b]run[/]\x1b]0;x\x07"))
        app.runner.wake()
        await until(pilot, lambda: any("finished, test" in toast.message for toast in app._notifications))
        (told,) = [text for text in written if text.startswith("\x1b]9;")]
        assert "My [b]run[/]�]0;x�: finished" in told
        assert "\x1b" not in told[1:-2]
        written.clear()
        await pilot.press("b")
        app.run_queue.add(small_run("silent"))
        app.runner.wake()
        await until(pilot, lambda: any("silent: finished" in toast.message for toast in app._notifications))
        assert not any("silent" in text for text in written)


async def test_curves_are_zoomed_panned_and_read_off(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        loss, accuracy = app.query_one("#loss-chart", Chart), app.query_one("#accuracy-chart", Chart)
        await until(pilot, lambda: bool(loss.data.series))
        assert (loss.data.x_min, loss.data.x_max) == (0, 30)
        await pilot.press("left", "left")
        assert loss.data.cursor == accuracy.data.cursor == 11
        assert "at 11" in str(loss.border_title)
        await pilot.press("+")
        low, high = loss.data.x_min, loss.data.x_max
        assert high - low == 15
        assert low <= 11 <= high
        await pilot.press("shift+left")
        assert loss.data.x_min < low
        assert (loss.data.x_min, loss.data.x_max) == (accuracy.data.x_min, accuracy.data.x_max)
        await pilot.press("-", "0")
        assert (loss.data.x_min, loss.data.x_max, loss.data.cursor) == (0, 30, None)


async def test_smoothing_keeps_the_raw_curve_and_is_remembered(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        loss = app.query_one("#loss-chart", Chart)
        await until(pilot, lambda: len(loss.data.series) == 2)
        raw = loss.data.series[1].points
        await pilot.press("s", "l")
        assert [series.is_faint for series in loss.data.series] == [True, False, True, False]
        assert loss.data.series[2].points == raw
        assert loss.data.log_scale
        await until(pilot, lambda: app.state.smoothing and app.state.log_scale)
    assert CifarApp(app.paths).state.smoothing


async def test_the_log_is_shown_on_demand(app: CifarApp, furnished: RunMaker):
    (furnished.store.folder / "run-07" / "log.txt").write_text("2026-03-02 09:30:00 first\nsecond [b]line[/]\n")
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        assert not app.query_one("#log").display
        await pilot.press("g")
        log = app.query_one("#log-text", Static)
        await until(pilot, lambda: str(log.content) == "09:30:00 first\nsecond [b]line[/]")


async def test_the_queue_is_drawn_as_wide_as_the_log_leaves_it(
    app: CifarApp, furnished: RunMaker, monkeypatch: pytest.MonkeyPatch
):
    (furnished.store.folder / "run-07" / "log.txt").write_text("".join(f"line {count}\n" for count in range(60)))
    drawn: list[int] = []
    render_lines = QueueTable.render_lines

    def noted(table: QueueTable, crop: Region) -> list[Strip]:
        strips = render_lines(table, crop)
        drawn.append(strips[0].text.find("╮"))
        return strips

    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        log = app.query_one("#log-text", Static)
        monkeypatch.setattr(QueueTable, "render_lines", noted)
        await pilot.press("g")
        await until(pilot, lambda: "line 59" in str(log.content))
        await until(pilot, lambda: drawn[-1:] == [59], seconds=5)


async def test_a_run_that_broke_off_shows_the_epoch_it_reached(app: CifarApp, runs: RunMaker, queue_held: None):
    runs.make("part1/mlp", RunStatus.INTERRUPTED, epochs=7)
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        title = app.query_one("#live-title", Static)
        await until(pilot, lambda: "interrupted" in str(title.content))
        assert "epoch 7/30" in str(title.content)
        assert app.query_one("#run-bar", ProgressBar).progress == pytest.approx(7 / 30)
        assert app.query_one("#epoch-bar", ProgressBar).progress == 0


async def test_a_finished_run_fills_both_bars(app: CifarApp, runs: RunMaker, queue_held: None):
    runs.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.3)
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        title = app.query_one("#live-title", Static)
        await until(pilot, lambda: "epoch 30/30" in str(title.content))
        assert [app.query_one(f"#{name}-bar", ProgressBar).progress for name in ("run", "epoch")] == [1, 1]


async def test_the_line_of_keys_names_what_can_be_done_with_the_shown_run(
    app: CifarApp, runs: RunMaker, queue_held: None
):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        bar = app.screen.query_one(KeyBar)
        await until(pilot, lambda: str(bar.content).split() == ["w", "Wait", "q", "Quit", "?", "Help"])
        run_id = runs.make("part1/mlp", RunStatus.INTERRUPTED, epochs=7)
        await until(pilot, lambda: "c Continue" in str(bar.content))
        assert "x Stop run" not in str(bar.content)
        app.store.discard(run_id)
        await until(pilot, lambda: "c Continue" not in str(bar.content))
        await pilot.press("l")
        assert app.query_one("#loss-chart", Chart).data.series == ()


async def test_nothing_is_left_of_the_last_run_when_it_is_deleted(app: CifarApp, runs: RunMaker, queue_held: None):
    runs.make("part1/simple_cnn", RunStatus.STOPPED, epochs=4)
    async with running(app, (160, 50)) as pilot:
        await pilot.press("2")
        title = app.query_one("#live-title", Static)
        await until(pilot, lambda: "epoch 4/30" in str(title.content))
        app.store.discard("run-01")
        await until(pilot, lambda: str(title.content).startswith("No run yet."))
        assert app.query_one(Curves)._curve.epochs == ()


async def test_leaving_does_not_ask_after_a_run_that_was_removed(
    app: CifarApp, runs: RunMaker, queue_held: None, monkeypatch: pytest.MonkeyPatch
):
    async with running(app, (160, 50)) as pilot:
        monkeypatch.setattr(type(app.runner), "current", ("gone",))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_a_paused_queue_is_told_of_where_runs_are_added(app: CifarApp):
    app.run_queue.pause()
    async with running(app, (160, 50)) as pilot:
        app._launch_pane.form.load(small_run("waits"))
        await pilot.press("t")
        hint = "Queued: waits. The queue is paused; w on Live lets it go on."
        await until(pilot, lambda: hint in [str(note.message) for note in app._notifications])
        await until(
            pilot, lambda: "Queue · paused, w goes on · 1 waiting" in str(app.query_one(QueueTable).border_title)
        )


async def test_a_stopped_run_goes_on_from_live(app: CifarApp, runs: RunMaker, queue_held: None):
    run_id = runs.make("part1/mlp", RunStatus.STOPPED, epochs=3)
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "stopped" in str(app.query_one("#live-title", Static).content))
        await pilot.press("c")
        await until(pilot, lambda: app.store.get(run_id).status is RunStatus.QUEUED)
