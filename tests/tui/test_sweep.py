"""A sweep's screen while its runs train."""

import threading
from collections.abc import Sequence

import pytest
from textual.widgets import Static

from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.sweep import SweepScreen

from .conftest import RunMaker, running, until


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
