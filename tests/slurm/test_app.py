"""Slurm from the app: handed over by the form, seen on Live, cancelled by a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, TabbedContent

from cifar_tui.config import Source
from cifar_tui.paths import find_paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.widgets.config_form import ConfigForm

from ..tui.conftest import running, until
from .cluster import Cluster


@pytest.fixture
def app(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CifarApp]:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    app = CifarApp(find_paths(tmp_path / "home"))
    yield app
    app.runner.shut_down()
    assert app.runner.join(timeout=60)


async def _hand_over(app: CifarApp, pilot: Pilot[None], options: str) -> Run:
    """Have the form's run handed to Slurm."""
    await pilot.press("o")
    await until(pilot, lambda: isinstance(app.screen, AskScreen))
    app.screen.query_one("#answer", Input).value = options
    await pilot.press("enter")
    form = app.query_one(ConfigForm)
    await until(pilot, lambda: "on Slurm" in str(form.border_title))
    for path, value in {("data", "source"): Source.SYNTHETIC.value, ("training", "epochs"): "1000"}.items():
        form.set_field(path, value)
    await pilot.press("t")
    await until(pilot, lambda: len(app.store.ids()) == 1 and _run(app).record.slurm is not None)
    await until(pilot, lambda: "Handed to Slurm as job" in _told(app))
    assert app.query_one(TabbedContent).active == "launch"  # who does something else by then stays there
    await pilot.press("2")
    return _run(app)


def _run(app: CifarApp) -> Run:
    return app.store.get(app.store.ids()[0])


def _told(app: CifarApp) -> str:
    return "\n".join(str(toast.message) for toast in app._notifications)


def _states(app: CifarApp) -> list[str]:
    table = app.query_one("#queue", DataTable)
    if "State" not in [str(column.label) for column in table.ordered_columns]:
        return []
    return [str(table.get_row_at(row)[2]) for row in range(table.row_count)]


async def test_a_run_that_trains_is_stopped_with_its_job(app: CifarApp, cluster: Cluster) -> None:
    async with running(app, (160, 50)) as pilot:
        run = await _hand_over(app, pilot, "time=10")
        await until(pilot, lambda: _run(app).status is RunStatus.RUNNING)
        await until(pilot, lambda: app.store.progress(run.id) is not None)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: _run(app).status is RunStatus.STOPPED)
    assert (run.folder / "checkpoint.pt").is_file()
    slurm = _run(app).record.slurm
    assert slurm
    assert slurm.id
    cluster.wait_for(slurm.id, "CANCELLED", "COMPLETED")


async def test_a_run_that_waits_says_why_and_is_taken_back(app: CifarApp, cluster: Cluster) -> None:
    async with running(app, (160, 50)) as pilot:
        run = await _hand_over(app, pilot, "time=10 begin=now+1hour")
        job = run.record.slurm.id if run.record.slurm else None
        assert job
        await until(pilot, lambda: _states(app) == [f"slurm {job} pending (BeginTime)"])
        await pilot.press("delete")
        await until(pilot, lambda: _run(app).status is RunStatus.STOPPED)
        await until(pilot, lambda: app.query_one("#queue", DataTable).row_count == 0)
        cluster.wait_for(job, "CANCELLED")


async def test_a_partition_that_is_not_there_is_one_sentence(app: CifarApp) -> None:
    async with running(app, (160, 50)) as pilot:
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        app.screen.query_one("#answer", Input).value = "partition=nope"
        await pilot.press("enter")
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: "on Slurm" in str(form.border_title))
        form.set_field(("data", "source"), Source.SYNTHETIC.value)
        await pilot.press("t")
        await until(pilot, lambda: "Slurm refuses the job: invalid partition specified: nope." in _told(app))
        assert app.store.ids() == []
