"""The rows of bars under the charts: what they tell, and that they stay in their places."""

import pytest

from cifar_tui.events import BatchProgress
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.meters import GPUReading, Meters, Reading
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.vitals import Vitals

from .conftest import RunMaker, curve, running, until


def trace(count: int) -> tuple[BatchProgress, ...]:
    return tuple(
        BatchProgress(1, batch, 100, 2.3, 1e-3 * (1 - batch / 1e4), 10 / batch, 900.0 + 50 * batch)
        for batch in range(1, count + 1)
    )


async def test_what_the_rows_tell_stays_in_its_place(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)):
        vitals = app.query_one("#vitals", Vitals)
        seen = []
        for points in (trace(1), trace(4), trace(40)):
            vitals.show((), points)
            seen.append(str(vitals.content).splitlines()[0])
        assert len({(line.index("grad norm"), line.index("img/s")) for line in seen}) == 1
        assert max(len(line) for line in seen) <= 78
        vitals.show(tuple(curve(20)), ())
        assert "grad norm" not in str(vitals.content)


async def test_a_rate_that_hardly_falls_is_drawn_so(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 40)):
        vitals = app.query_one("#vitals", Vitals)
        vitals.show((), trace(40))
        assert str(vitals.content).startswith(f"lr {symbols().bars[-1] * 10} 0.001 ")


async def test_the_meters_are_bars(app: CifarApp, furnished: RunMaker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Meters, "read", lambda _: Reading(0.05, 4_500_000_000, 18_000_000_000, ()))
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2")
        vitals = app.query_one("#vitals", Vitals)
        await until(pilot, lambda: "cpu ░░░░░░░░   5%   memory ██░░░░░░  4.5/18.0 GB" in str(vitals.content))


@pytest.mark.parametrize(
    ("gpus", "line"),
    [
        (1, "gpu 0  97%  6.2/24.0 GB 64 °C 271 W   cpu  52%   memory  7.3/33.6 GB"),
        (2, "cpu  52%   memory  7.3/33.6 GB   gpu 0  97%  6.2/24.0 GB   gpu 1  97%  6.2/24.0 GB"),
    ],
)
async def test_the_numbers_stay_where_the_gauges_have_no_room(
    app: CifarApp, furnished: RunMaker, monkeypatch: pytest.MonkeyPatch, gpus: int, line: str
):
    gpu = GPUReading("Some GPU", 0.97, 6_200_000_000, 24_000_000_000, 64, 271.0)
    monkeypatch.setattr(Meters, "read", lambda _: Reading(0.52, 7_300_000_000, 33_600_000_000, (gpu,) * gpus))
    async with running(app, (160, 40)) as pilot:
        await pilot.press("2")
        vitals = app.query_one("#vitals", Vitals)
        await until(pilot, lambda: "cpu ████░░░░  52%   memory ██░░░░░░  7.3/33.6 GB" in str(vitals.content))
        await pilot.resize_terminal(80, 40)
        await until(pilot, lambda: str(vitals.content).splitlines()[1] == line)
