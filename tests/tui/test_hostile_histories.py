"""Runs whose files hold what no trainer writes: every screen draws them, and says what it left out."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.state import ViewState, save_state
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, curve, running, until

pytestmark = pytest.mark.timeout(200)

SOUND = "".join(json.dumps(asdict(epoch)) + "\n" for epoch in curve(3))
EXTREME = [
    asdict(curve(1)[0]) | {"epoch": epoch, "train_loss": loss, "val_loss": loss, "lr": 1e12, "grad_norm": 1e39}
    for epoch, loss in ((1, 0.0), (2, 1e39), (500_000, 5e-324), (10**6, 1.0))
]


def _write(file: Path, content: str | bytes) -> None:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


HISTORIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nan": (lambda file: _write(file, SOUND + SOUND.replace("4.2", "NaN", 1)), "1 of its lines is no epoch"),
    "huge": (lambda file: _write(file, SOUND + SOUND.replace("20.0", "1e308")), "3 of its lines are no epochs"),
    "binary": (lambda file: _write(file, SOUND.encode() + bytes(range(256)) * 9 + b"\n"), "of its lines are no epochs"),
    "long": (lambda file: _write(file, SOUND + "x" * 10**7 + "\n"), "1 of its lines is no epoch"),
    "folder": (Path.mkdir, "cannot be read: it is not a plain file"),
    "pipe": (os.mkfifo, "cannot be read: it is not a plain file"),
    "device": (lambda file: file.symlink_to("/dev/zero"), "cannot be read: it is not a plain file"),
    "itself": (lambda file: file.symlink_to(file), "cannot be read: Too many levels"),
    "extreme": (lambda file: _write(file, "".join(json.dumps(epoch) + "\n" for epoch in reversed(EXTREME))), ""),
}


@pytest.fixture
def app(paths: Paths, queue_held: None) -> Iterator[CifarApp]:
    """The app as it was left: on the leaderboard, with every way of drawing that differs from the first."""
    state = ViewState(tab="leaderboard", with_given=False, with_log=True, log_scale=True, smoothing=True)
    save_state(paths.data / "state.json", state)
    app = CifarApp(paths)
    yield app
    app.runner.shut_down()
    assert app.runner.join(timeout=60)


async def chosen(app: CifarApp, pilot: Pilot[None], run_id: str) -> None:
    table = app.query_one(RunTable)
    await until(pilot, lambda: run_id in [row.key for row in table.rows_shown])
    table.move_cursor(row=[row.key for row in table.rows_shown].index(run_id))
    await until(pilot, lambda: table.chosen is not None and table.chosen.key == run_id)


def title_of(app: CifarApp) -> str:
    return str(app.screen.query_one("#live-title", Static).content)


async def test_every_history_is_shown_alone_beside_others_and_followed(app: CifarApp, runs: RunMaker):
    says: dict[str, str] = {}
    for put, sentence in HISTORIES.values():
        run_id = runs.make("part1/mlp", RunStatus.STOPPED, name="x")
        put(runs.store.folder / run_id / "epochs.jsonl")
        (runs.store.folder / run_id / "log.txt").write_bytes(b"\x00\x1b[31m\xff" * 1000)
        says[run_id] = sentence
    async with running(app, (120, 40)) as pilot:
        for run_id, sentence in says.items():
            await chosen(app, pilot, run_id)
            await pilot.press("space")
            await chosen(app, pilot, run_id)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, RunScreen))
            assert sentence in title_of(app)
            assert ("epochs.jsonl" in title_of(app)) == bool(sentence)
            await pilot.press("plus", "l", "s", "right", "left", "escape")
            await until(pilot, lambda: not isinstance(app.screen, RunScreen))
        await until(pilot, lambda: len(app.marked) == len(says))
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("plus", "l", "s", "right", "y", "escape")
        await until(pilot, lambda: not isinstance(app.screen, CompareScreen))
        await pilot.press("Y")
        assert len(app.clipboard.splitlines()) == 2 + len(says)
        for run_id, sentence in says.items():
            await pilot.press("3")
            await chosen(app, pilot, run_id)
            await pilot.press("f")
            await until(pilot, lambda sentence=sentence: app.query("#live-title") and sentence in title_of(app))
        charts = app.query("#live Chart").results(Chart)
        await until(pilot, lambda: all(chart.data.series for chart in charts))


POSITIONS: list[tuple[bytes, str]] = [
    (b"\x00\xff", "starting"),
    (b"[]", "starting"),
    (b"x" * 10**7, "starting"),
    (b'{"batches": 0}', "starting"),
    (b'{"train_loss": NaN}', "starting"),
    (b'{"epoch": 5}', "starting"),
    (b'{"train_loss": 1e39, "lr": 1e12, "images_per_second": 0}', "batch 176/352  loss 1e+39  0 img/s"),
    (b'{"batch": 999999999999999, "batches": 1, "grad_norm": 1e39}', "batch 999999999999999/1 "),
]


async def test_every_position_is_shown(app: CifarApp, runs: RunMaker):
    run_id = runs.make("part1/mlp", RunStatus.RUNNING, name="under way")
    file = runs.store.folder / run_id / "progress.json"

    async def shows(text: str) -> None:
        app.look()
        await until(pilot, lambda: text in str(app.query_one("#epoch-detail", Static).content))

    with runs.store.training_lock(run_id):
        async with running(app, (120, 40)) as pilot:
            await pilot.press("2")
            for content, text in POSITIONS:
                runs.train(run_id, 1)
                await shows("batch 176/352  loss 2.345  2,412 img/s")
                with contextlib.suppress(ValueError, TypeError):  # or it is none, and stays as it is
                    content = json.dumps(json.loads(file.read_bytes()) | json.loads(content)).encode()
                _write(file, content)
                await shows(text)
