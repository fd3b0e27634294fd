"""The legend of a chart, in as much room as its border leaves."""

from textual.app import App, ComposeResult

from cifar_tui.tui.plot import BLUE, GREEN, ORANGE, PURPLE, ChartData, Series
from cifar_tui.tui.widgets.chart import Chart

POINTS = ((1.0, 93.88), (2.0, 92.3))
OWN = (Series("train", POINTS, BLUE, "●"), Series("val", POINTS, ORANGE, "◆"))
OVERLAYS = (
    Series("part1/softmax_regression seed=1", POINTS, GREEN, "▲"),
    Series("part1/softmax_regression seed=2", POINTS, PURPLE, "■"),
)


class OneChart(App[None]):
    def compose(self) -> ComposeResult:
        yield Chart("Loss", "{:.3g}".format, "{:g}".format)


async def legend(data: ChartData, width: int) -> str:
    app = OneChart()
    async with app.run_test(size=(width, 12)) as pilot:
        app.query_one(Chart).show(data)
        await pilot.pause()
        drawn = app.screen._compositor.render_strips()[0].text
        return drawn.strip("╭╮─ ")


async def test_a_legend_with_room_tells_all():
    told = await legend(ChartData(OWN + OVERLAYS, x_max=2, reference=90.0), 160)
    assert told == (
        "Loss ● train 92.3 ◆ val 92.3 ▲ part1/softmax_regression seed=1 92.3"
        " ■ part1/softmax_regression seed=2 92.3 ─ report 90"
    )


async def test_each_run_of_a_crowded_legend_has_a_name():
    told = await legend(ChartData(OWN + OVERLAYS, x_max=2), 60)
    assert told == "Loss ● train 92.3 ◆ val 92.3 ▲ part1…ed=1 ■ part1…ed=2"


async def test_a_legend_without_room_for_names_keeps_the_signs():
    told = await legend(ChartData(OWN + OVERLAYS, x_max=2), 24)
    assert [sign for sign in told if sign in "●◆▲■"] == ["●", "◆", "▲", "■"]
