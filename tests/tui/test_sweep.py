"""A sweep's screen while its runs train."""

import threading
from collections.abc import Sequence
from functools import partial

import pytest
from textual.widgets import Static

from cifar_tui.config import with_values
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import Run
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.sweep import SweepScreen

from .conftest import RunMaker, drawn, running, until


async def test_a_home_that_is_slower_than_the_looks_at_it_is_shown_all_the_same(
    app: CifarApp, runs: RunMaker, queue_held: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cifar_tui.tui.screens.sweep._SECONDS_BETWEEN_LOOKS", 0.01)
    first, second = (
        runs.store.get(runs.make("part1/mlp", RunStatus.FINISHED, seed=seed, epochs=3, accuracy=0.3)) for seed in (0, 1)
    )
    at_once: list[int] = [0]
    most: list[int] = [0]

    def read() -> Sequence[Run]:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.2)  # as long as many looks
        at_once[0] -= 1
        return (first, second)

    async with running(app, (120, 40)) as pilot:
        app.push_screen(SweepScreen("mine", (first,), read))
        await until(pilot, lambda: "2 runs" in str([part.border_title for part in app.screen.query("#sweep-scroll")]))
        assert app.screen.query_one("#sweep-cells", Static).content
        assert most == [1]


def _with_settings(lr: float, smoothing: float, record: RunRecord) -> RunRecord:
    changes: dict[tuple[str, ...], object] = {("training", "lr"): lr, ("training", "label_smoothing"): smoothing}
    return record.model_copy(update={"config": with_values(record.config, changes)})


async def test_a_plane_that_is_broader_than_the_terminal_scrolls(app: CifarApp, runs: RunMaker, queue_held: None):
    for lr, smoothing in [(3e-4, 0.0), *((1e-3, place / 20) for place in range(10))]:
        run_id = runs.make("part1/mlp", RunStatus.FINISHED, epochs=3, accuracy=0.3)
        runs.store.change(run_id, partial(_with_settings, lr, smoothing))
    swept = runs.store.scan().runs
    async with running(app, (80, 24)) as pilot:
        app.push_screen(SweepScreen("mine", swept, lambda: swept))
        await until(pilot, lambda: bool(app.screen.query("#sweep-plane")))
        scroll, plane = app.screen.query_one("#sweep-scroll"), app.screen.query_one("#sweep-plane")
        await until(pilot, lambda: scroll.max_scroll_x > 0)
        assert drawn(plane, 0).plain.split()[-10:] == ["0", *(f"{place / 20:g}" for place in range(1, 10))]
        assert [drawn(plane, y).plain.split()[0] for y in (1, 2)] == ["0.0003", "0.001"]
