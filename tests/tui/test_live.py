from textual.widgets import DataTable, Static

from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.widgets.chart import Chart

from .conftest import RunMaker, small_run, until


async def test_a_run_of_another_process_is_followed(app: CifarApp, furnished: RunMaker):
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        loss = app.query_one("#loss-chart", Chart)
        await until(pilot, lambda: len(loss.data.series) == 2)
        assert [len(series.points) for series in loss.data.series] == [13, 12]  # the epoch under way is drawn too
        assert "SimpleCNN, label smoothing" in str(app.query_one("#live-title", Static).content)
        assert app.query_one("#accuracy-chart", Chart).data.reference == 0.3588
        assert "batch 176/352" in str(app.query_one("#epoch-detail", Static).content)


async def test_the_queue_is_shown_in_its_order_and_a_run_can_be_taken_out(app: CifarApp, furnished: RunMaker):
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        table = app.query_one("#queue", DataTable)
        await until(pilot, lambda: table.row_count == 2)
        assert str(table.get_row_at(0)[1]) == "part1/simple_vit"
        await pilot.press("delete")
        await until(pilot, lambda: table.row_count == 1)
        assert str(table.get_row_at(0)[1]) == "part5/gru_row"
        assert [run.config.preset for run in app.run_queue.waiting()] == ["part5/gru_row"]


async def test_stop_asks_and_stops_at_the_next_batch(app: CifarApp):
    async with app.run_test(size=(120, 40)) as pilot:
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
    async with app.run_test(size=(80, 24)) as pilot:
        run = app.run_queue.add(small_run(epochs=1000))
        app.runner.wake()
        await until(pilot, lambda: app.runner.current == run.id and app.store.epochs(run.id) != ())
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
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.query_one("TabbedContent").active == "live"
        await until(pilot, lambda: app.runner.current is not None)
        assert app.store.get(app.store.ids()[0]).config.model.name == "simple_cnn"
        app.runner.shut_down()
    assert app.runner.join(timeout=60)
