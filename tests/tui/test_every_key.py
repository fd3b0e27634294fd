"""Each action of the table of keys, by its first key, in a state where it has an effect that a person sees."""

import json
from collections.abc import Awaitable, Callable

import pytest
from textual.binding import Binding
from textual.command import CommandList, CommandPalette
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Button, DataTable, Input, Static, TabbedContent

from cifar_tui.config import RunConfig, Source
from cifar_tui.presets import load_presets
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.stopping import wanted_stop
from cifar_tui.tui.app import SCREENS, CifarApp
from cifar_tui.tui.commands import NOT_OFFERED
from cifar_tui.tui.keys import SCOPES
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.columns import ColumnsScreen
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.screens.dataset import DatasetScreen
from cifar_tui.tui.screens.help import HelpScreen
from cifar_tui.tui.screens.inspect import InspectScreen
from cifar_tui.tui.screens.main import MainScreen
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.screens.sweep import SweepScreen
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.class_table import ClassTable
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.count_table import CountTable
from cifar_tui.tui.widgets.data_images import DataImages
from cifar_tui.tui.widgets.image_grid import ImageGrid
from cifar_tui.tui.widgets.inside_view import InsideView
from cifar_tui.tui.widgets.matrix_view import MatrixView
from cifar_tui.tui.widgets.model_panel import ModelPanel
from cifar_tui.tui.widgets.preset_tree import PresetTree
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, drawn, running, until

LR = ("training", "lr")
ALL_ROWS = 22
RUNS = 9
TRAINING = "run-07"
STOPPED = "run-04"


class Stage:
    """The app, and the key that is tried."""

    def __init__(self, app: CifarApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.key = ""
        self.presses = 0

    async def press(self) -> None:
        """Press the key that is tried."""
        self.presses += 1
        await self.pilot.press(self.key)

    async def first(self, *keys: str) -> None:
        """Press other keys."""
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], bool]) -> None:
        await until(self.pilot, condition, seconds=20)

    async def until_on(self, screen: type) -> None:
        await self.until(lambda: isinstance(self.app.screen, screen))

    async def answer(self, text: str) -> None:
        await self.until_on(AskScreen)
        self.app.screen.query_one("#answer", Input).value = text
        await self.pilot.press("enter")

    async def go(self, tab: str) -> None:
        """Go to a tab as a person would, from wherever the focus is."""
        if self.field is not None or not isinstance(self.app.screen, MainScreen):
            await self.pilot.press("escape")  # in the form a digit is text
            await self.until_on(MainScreen)
        if self.tab != tab:
            await self.pilot.press({"launch": "1", "live": "2", "leaderboard": "3", "data": "4"}[tab])

    async def at(self, run_id: str) -> None:
        """Go to the leaderboard's row of a run."""
        await self.go("leaderboard")
        await self.until(lambda: run_id in self.rows)
        self.table.move_cursor(row=self.rows.index(run_id))
        await self.until(lambda: self.table.chosen is not None and self.table.chosen.key == run_id)

    def text(self, selector: str) -> str:
        return str(self.app.screen.query_one(selector, Static).content)

    def record(self, run_id: str) -> RunRecord:
        return self.app.store.get(run_id).record

    @property
    def view(self) -> str:
        """What is shown of a run that is inspected."""
        names = ("classes", "confused", "matrix", "calibration", "images", "inside")
        (shown,) = [name for name in names if self.app.screen.query_one(f"#{name}").display]
        return shown

    @property
    def tab(self) -> str:
        return self.app.screen_stack[0].query_one(TabbedContent).active

    @property
    def told(self) -> str:
        return "\n".join(str(toast.message) for toast in self.app._notifications)

    @property
    def kept(self) -> dict[str, object]:
        """What the next start finds of the view."""
        file = self.app.paths.data / "state.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def form(self) -> ConfigForm:
        return self.app.query_one(ConfigForm)

    @property
    def config(self) -> RunConfig:
        """What the form says."""
        assert self.form.config is not None
        return self.form.config

    @property
    def tree(self) -> PresetTree:
        return self.app.query_one(PresetTree)

    @property
    def field(self) -> str | None:
        """The last part of the focused field's path."""
        return row.field.path[-1] if (row := self.form.focused_row) else None

    @property
    def waiting(self) -> list[str]:
        """What waits, next first."""
        return [run.title for run in self.app.run_queue.waiting()]

    @property
    def chart(self) -> Chart:
        return self.app.screen.query_one("#loss-chart", Chart)

    @property
    def window(self) -> tuple[float, float]:
        return self.chart.data.x_min, self.chart.data.x_max

    @property
    def queue(self) -> list[str]:
        table = self.app.query_one("#queue", DataTable)
        return [str(table.get_row_at(place)[1]) for place in range(table.row_count)]

    @property
    def table(self) -> RunTable:
        return self.app.query_one(RunTable)

    @property
    def rows(self) -> list[str]:
        return [str(key.value) for key in self.table.rows]

    @property
    def classes(self) -> CountTable:
        """The classes of the data set."""
        return self.app.query_one(CountTable)

    @property
    def images(self) -> DataImages:
        """Images of a class, or the variants of one."""
        return self.app.query_one(DataImages)

    @property
    def images_title(self) -> str:
        return str(self.images.border_title)

    async def read_the_embedded_set(self) -> None:
        """Have the form name the embedded set."""
        self.form.set_field(("data", "source"), Source.SYNTHETIC.value)
        await self.first("3", "4")
        await self.until(lambda: self.images.count > 0)

    @property
    def title(self) -> str:
        return str(self.table.border_title)

    @property
    def heading(self) -> str:
        """The heading of the column that gives the order."""
        headings = [str(column.label) for column in self.table.ordered_columns]
        return next(heading for heading in headings if heading.endswith(("↓", "↑")))

    def cell(self, run_id: str, column: str) -> str:
        return str(self.table.get_cell(run_id, column))


Check = Callable[[Stage], Awaitable[None]]
CHECKS: dict[tuple[str, str], Check] = {}
"""By scope and action, in the order in which a scope's keys are tried."""


def tries(action: str, *scopes: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        for scope in scopes:
            assert (scope, action) not in CHECKS
            CHECKS[scope, action] = check
        return check

    return keep


# Where each scope's keys work: called before each of them.


async def on_launch(stage: Stage) -> None:
    await stage.go("launch")
    await stage.until(lambda: stage.tree.has_focus and stage.tree.cursor_node is not None)


async def in_the_form(stage: Stage) -> None:
    await on_launch(stage)
    await stage.first("e")
    await stage.until(lambda: stage.field == "epochs")


async def on_live(stage: Stage) -> None:
    await stage.go("live")
    await stage.until(lambda: bool(stage.chart.data.series) and bool(stage.queue))


async def on_the_leaderboard(stage: Stage) -> None:
    await stage.at("run-01")


async def on_data(stage: Stage) -> None:
    await stage.go("data")
    if stage.images.count == 0:
        await stage.read_the_embedded_set()
    if stage.images.has_focus:
        await stage.first("escape", "escape")
    await stage.until(lambda: stage.classes.has_focus and stage.images_title.startswith("Train"))


async def on_a_run(stage: Stage) -> None:
    if not isinstance(stage.app.screen, RunScreen):
        await stage.at(STOPPED)
        await stage.first("enter")
        await stage.until_on(RunScreen)
    await stage.until(lambda: bool(stage.chart.data.series))


async def on_an_inspection(stage: Stage) -> None:
    if not isinstance(stage.app.screen, InspectScreen):
        maker = RunMaker(stage.app.paths)
        maker.predict("run-01")
        maker.keep_images(stage.app.paths)
        maker.keep_weights("run-01")
        await stage.at("run-01")
        await stage.first("i")
        await stage.until_on(InspectScreen)


async def on_a_sweep(stage: Stage) -> None:
    if not isinstance(stage.app.screen, SweepScreen):
        await _make_a_sweep(stage)
        await stage.first("w")
        await stage.until_on(SweepScreen)


async def _make_a_sweep(stage: Stage) -> None:
    """Have the two finished runs on CIFAR-100 belong to one, and be at the first."""
    for run_id in ("run-01", "run-02"):
        stage.app.store.change(run_id, lambda record: record.model_copy(update={"sweep": "mine"}))
    await stage.at("run-01")
    await stage.until(lambda: stage.table.chosen is not None and stage.table.chosen.sweep == "mine")


async def on_a_comparison(stage: Stage) -> None:
    if not isinstance(stage.app.screen, CompareScreen):
        for run_id in ("run-01", "run-02"):
            await stage.at(run_id)
            if run_id not in stage.app.marked:
                await stage.first("space")
        await stage.first("v")
        await stage.until_on(CompareScreen)
    await stage.until(lambda: bool(stage.chart.data.series))


ENTER: dict[str, Check] = {
    "app": on_launch,
    "launch": on_launch,
    "form": in_the_form,
    "live": on_live,
    "leaderboard": on_the_leaderboard,
    "data": on_data,
    "run": on_a_run,
    "inspect": on_an_inspection,
    "sweep": on_a_sweep,
    "compare": on_a_comparison,
}


# Everywhere


@tries("show_tab('leaderboard')", "app")
async def shows_the_leaderboard(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.tab == stage.kept.get("tab") == "leaderboard" and stage.table.has_focus)


@tries("show_tab('live')", "app")
async def shows_live(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.tab == stage.kept.get("tab") == "live" and stage.app.query_one("#queue").has_focus)


@tries("show_tab('launch')", "app")
async def shows_launch(stage: Stage) -> None:
    await stage.first("2")
    await stage.press()
    await stage.until(lambda: stage.tab == stage.kept.get("tab") == "launch" and stage.tree.has_focus)


@tries("show_tab('data')", "app")
async def shows_data(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.tab == stage.kept.get("tab") == "data" and stage.classes.has_focus)


@tries("command_palette", "app")
async def opens_the_palette(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(CommandPalette)
    await stage.until(lambda: stage.app.screen.query_one(CommandList).option_count > 0)
    await stage.first("escape")
    await stage.until_on(MainScreen)


@tries("toggle_bell", "app")
async def silences_the_bell(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "Silent when a run ends." in stage.told and stage.kept.get("bell") is False)


@tries("next_theme", "app")
async def takes_other_colours(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.app.theme == stage.kept.get("theme") == "light")


@tries("help", "app")
async def shows_help(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(HelpScreen)
    assert stage.app.screen.query_one(VerticalScroll).border_title == "Keys on Launch"
    await stage.first("escape")
    await stage.until_on(MainScreen)


@tries("resume_all", "app")
async def resumes_what_was_interrupted(stage: Stage) -> None:
    await stage.until(lambda: "run-06" in stage.rows)
    await stage.press()
    await stage.until(lambda: stage.record("run-06").status is RunStatus.QUEUED)
    assert "1 queued to go on." in stage.told


@tries("quit", "app")
@tries("leave", "app")
async def leaves(stage: Stage) -> None:
    assert stage.app.return_code is None
    await stage.press()
    await stage.until(lambda: stage.app.return_code == 0)


# Launch


@tries("get_data", "launch")
async def offers_the_embedded_set(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(DatasetScreen)
    await stage.first("e")  # which lets the other keys train without CIFAR-100
    await stage.until(lambda: stage.config.data.source is Source.SYNTHETIC)


@tries("edit", "launch")
async def moves_into_the_form(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.field == "epochs")


@tries("leave_form", "launch")
async def moves_back_to_the_presets(stage: Stage) -> None:
    await stage.first("e")
    await stage.until(lambda: stage.field == "epochs")
    await stage.press()
    await stage.until(lambda: stage.tree.has_focus)


@tries("search", "launch")
async def searches_presets(stage: Stage) -> None:
    groups = len(stage.tree.root.children)
    await stage.press()
    await stage.first(*"gru", "enter")
    await stage.until(lambda: stage.tree.has_focus)
    found = [leaf.data.key for branch in stage.tree.root.children for leaf in branch.children]
    of_the_report = ["part5/gru_col", "part5/gru_patch4", "part5/gru_patch8", "part5/gru_row"]
    assert found == [*of_the_report, "beyond/gru_patch4", "beyond/gru_row"]
    await stage.until(lambda: str(stage.form.border_title) == "part5/gru_col")
    await stage.first("escape")
    await stage.until(lambda: len(stage.tree.root.children) == groups)
    await stage.until(lambda: stage.tree.cursor_node.data.key == "part5/gru_col")
    stage.tree.select("part1/softmax_regression")
    await stage.until(lambda: str(stage.form.border_title) == "part1/softmax_regression")


@tries("toggle_advanced", "launch")
async def shows_all_fields(stage: Stage) -> None:
    (row,) = [row for row in stage.form.rows if row.field.path[-1] == "ema_decay"]
    assert not row.display
    await stage.press()
    await stage.until(lambda: row.display and stage.kept.get("with_advanced") is True)


@tries("toggle_model", "launch")
async def shows_the_model_for_the_form(stage: Stage) -> None:
    panel = stage.app.query_one(ModelPanel)
    assert not panel.display
    await stage.press()
    assert panel.display
    assert not stage.app.query_one("#launch-middle").display
    await stage.first("e")


@tries("reset", "launch")
async def puts_every_field_back(stage: Stage) -> None:
    stage.form.set_field(LR, "0.5")
    await stage.press()
    await stage.until(lambda: not stage.form.is_changed)


@tries("undo", "launch")
async def takes_a_change_back(stage: Stage) -> None:
    await stage.press()  # what was reset above
    await stage.until(lambda: stage.config.training.lr == 0.5)


@tries("enqueue", "launch")
async def queues_last(stage: Stage) -> None:
    stage.form.set_field(("name",), "patient")
    await stage.press()
    await stage.until(lambda: stage.waiting == ["part1/simple_vit", "part5/gru_row", "patient"])


@tries("train", "launch")
async def trains_first(stage: Stage) -> None:
    stage.form.set_field(("name",), "hasty")
    await stage.press()
    await stage.until(lambda: stage.waiting == ["hasty", "part1/simple_vit", "part5/gru_row", "patient"])
    assert stage.tab == "live"


@tries("enqueue_part", "launch")
async def queues_the_part(stage: Stage) -> None:
    part = [preset.key for preset in stage.app.library.of_part(1)]
    await stage.press()
    await stage.until(lambda: [run.config.preset for run in stage.app.run_queue.waiting()][4:] == part)


@tries("choose_place", "launch")
async def hands_runs_to_slurm_from_now_on(stage: Stage) -> None:
    await stage.press()
    await stage.answer("partition=gpu gres=gpu:1")
    title = "on Slurm: time=01:00:00 partition=gpu gres=gpu:1"
    await stage.until(lambda: title in str(stage.form.border_title))
    assert str(stage.app.query_one("#train", Button).label) == "Hand to Slurm"
    await stage.press()
    await stage.until(lambda: "Slurm" not in str(stage.form.border_title))


@tries("save", "launch")
async def saves_a_preset(stage: Stage) -> None:
    await stage.press()
    await stage.answer("Mine, by key")
    await stage.until(lambda: stage.form.border_title == "my/mine-by-key")
    assert load_presets(stage.app.paths).find("my/mine-by-key").config.training.lr == 0.5


# The form


@tries("next_field", "form")
async def moves_a_field_down(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.field == "batch_size")


@tries("previous_field", "form")
async def moves_a_field_up(stage: Stage) -> None:
    await stage.first("down")
    await stage.until(lambda: stage.field == "batch_size")
    await stage.press()
    await stage.until(lambda: stage.field == "epochs")


@tries("reset_field", "form")
async def puts_a_field_back(stage: Stage) -> None:
    stage.form.set_field(LR, "0.5")
    await stage.first("7")
    await stage.until(lambda: stage.config.training.epochs == 7)
    await stage.press()
    await stage.until(lambda: stage.config.training.epochs == 50)
    assert stage.config.training.lr == 0.5


@tries("undo", "form")
async def takes_a_fields_change_back(stage: Stage) -> None:
    await stage.first(*"64")
    await stage.until(lambda: stage.config.training.epochs == 64)
    await stage.press()
    await stage.until(lambda: stage.config.training.epochs == 50)


# The curves of Live, of a run and of a comparison


CURVES = ("live", "run", "compare")


@tries("cursor(-1)", *CURVES)
async def reads_the_epoch_before(stage: Stage) -> None:
    await stage.first("0")
    await stage.press()  # the first time it goes to the newest
    newest = stage.chart.data.cursor
    await stage.press()
    assert stage.chart.data.cursor == newest - 1
    assert f"Loss at {newest - 1}" in str(stage.chart.border_title)


@tries("cursor(1)", *CURVES)
async def reads_the_next_epoch(stage: Stage) -> None:
    await stage.first("0", "left", "left")
    before = stage.chart.data.cursor
    await stage.press()
    assert stage.chart.data.cursor == before + 1


@tries("zoom(1)", *CURVES)
async def shows_fewer_epochs(stage: Stage) -> None:
    await stage.first("0", "left")
    await stage.press()
    low, high = stage.window
    assert high - low == 15
    assert low <= stage.chart.data.cursor <= high


@tries("zoom(-1)", *CURVES)
async def shows_more_epochs(stage: Stage) -> None:
    await stage.first("0", "plus", "plus")
    low, high = stage.window
    await stage.press()
    assert stage.window[1] - stage.window[0] == 2 * (high - low) == 15


@tries("pan(1)", *CURVES)
async def moves_to_later_epochs(stage: Stage) -> None:
    await stage.first("0", "plus", "shift+left", "shift+left", "shift+left", "shift+left")
    assert stage.window == (0, 15)
    await stage.press()
    assert stage.window == (3.75, 18.75)


@tries("pan(-1)", *CURVES)
async def moves_to_earlier_epochs(stage: Stage) -> None:
    await stage.first("0", "plus", "shift+right", "shift+right", "shift+right", "shift+right")
    assert stage.window == (15, 30)
    await stage.press()
    assert stage.window == (11.25, 26.25)


@tries("show_all", *CURVES)
async def shows_the_whole_run(stage: Stage) -> None:
    await stage.first("left", "plus")
    await stage.press()
    assert (stage.window, stage.chart.data.cursor) == ((0, 30), None)


@tries("smooth", *CURVES)
async def smooths(stage: Stage) -> None:
    raw = [series.points for series in stage.chart.data.series]
    await stage.press()
    assert [series.points for series in stage.chart.data.series if series.is_faint] == raw


@tries("log_scale", *CURVES)
async def takes_a_logarithmic_scale(stage: Stage) -> None:
    await stage.press()
    assert str(stage.chart.border_title).startswith("Loss (log)")


# Live


@tries("toggle_log", "live")
async def shows_the_log(stage: Stage) -> None:
    (stage.app.store.folder / TRAINING / "log.txt").write_text("a line of the log\n")
    await stage.press()
    await stage.until(lambda: stage.text("#log-text") == "a line of the log")
    assert stage.app.query_one("#log").display


@tries("overlay", "live")
async def lays_the_marked_runs_over_it(stage: Stage) -> None:
    def labels() -> list[str]:
        return [series.label for series in stage.chart.data.series if not series.is_faint]

    await stage.at("run-01")
    await stage.first("space", "2")
    await stage.until(lambda: labels() == ["train", "val", "part1/simple_cnn"])
    await stage.press()
    await stage.until(lambda: labels() == ["train", "val"])


@tries("move(1)", "live")
async def moves_a_run_back(stage: Stage) -> None:
    await stage.first("home")
    await stage.press()
    await stage.until(lambda: stage.queue == stage.waiting == ["part5/gru_row", "part1/simple_vit"])


@tries("move(-1)", "live")
async def moves_a_run_forward(stage: Stage) -> None:
    await stage.press()  # the cursor is on the run that was moved back
    await stage.until(lambda: stage.queue == stage.waiting == ["part1/simple_vit", "part5/gru_row"])


@tries("show_chosen", "live")
async def shows_the_run_that_the_queues_cursor_is_on(stage: Stage) -> None:
    await stage.first("home")
    await stage.press()
    await stage.until(lambda: "part1/simple_vit" in stage.text("#live-title"))
    await stage.first("f")
    await stage.until(lambda: "SimpleCNN, label smoothing" in stage.text("#live-title"))


@tries("remove", "live")
async def takes_a_run_out_of_the_queue(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.queue == stage.waiting == ["part5/gru_row"])


@tries("put_back", "live")
async def puts_it_back(stage: Stage) -> None:
    await stage.press()  # what was taken out above
    await stage.until(lambda: stage.queue == stage.waiting == ["part1/simple_vit", "part5/gru_row"])
    await stage.first("home", "delete")
    await stage.until(lambda: stage.queue == ["part5/gru_row"])


@tries("pause", "live")
async def lets_the_queue_wait(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "paused" in str(stage.app.query_one("#queue", DataTable).border_title))
    assert stage.app.run_queue.is_paused
    await stage.press()
    await stage.until(lambda: "paused" not in str(stage.app.query_one("#queue", DataTable).border_title))


@tries("stop_after_epoch", "live")
async def stops_after_the_epoch_or_lets_go_on(stage: Stage) -> None:
    folder = stage.app.store.get(TRAINING).folder
    await stage.press()
    await stage.until_on(ConfirmScreen)
    await stage.first("y")
    await stage.until(lambda: wanted_stop(folder) == "epoch")
    await stage.until(lambda: "stops after this epoch" in str(stage.app.query_one("#live-title", Static).content))
    await stage.press()
    await stage.until(lambda: not wanted_stop(folder) and "goes on." in stage.told)


@tries("stop", "live")
async def stops(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(ConfirmScreen)
    await stage.first("y")
    await stage.until(lambda: wanted_stop(stage.app.store.get(TRAINING).folder) == "batch")


@tries("continue", "live")
async def resumes_the_shown_run(stage: Stage) -> None:
    await stage.at(STOPPED)
    await stage.first("f")
    await stage.until(lambda: "part4/channel_token_vit" in stage.text("#live-title"))
    await stage.press()
    await stage.until(lambda: stage.queue == ["part5/gru_row", "part4/channel_token_vit"])
    assert stage.record(STOPPED).status is RunStatus.QUEUED


@tries("follow", "live")
async def follows_what_trains(stage: Stage) -> None:
    await stage.at("run-01")
    await stage.first("f")
    await stage.until(lambda: "part1/simple_cnn" in stage.text("#live-title"))
    await stage.press()
    await stage.until(lambda: "SimpleCNN, label smoothing" in stage.text("#live-title"))


# The leaderboard


@tries("sort(1)", "leaderboard")
async def sorts_by_the_next_column(stage: Stage) -> None:
    assert stage.heading == "Test % ↓"
    await stage.press()
    assert stage.heading == "Δ report ↓"


@tries("sort(-1)", "leaderboard")
async def sorts_by_the_column_before(stage: Stage) -> None:
    await stage.press()
    assert stage.heading == "Test % ↓"


@tries("reverse", "leaderboard")
async def turns_the_order_round(stage: Stage) -> None:
    before = stage.cell(stage.rows[0], "name")
    await stage.press()
    assert stage.heading == "Test % ↑"
    assert stage.cell(stage.rows[0], "name") != before
    await stage.press()
    assert stage.heading == "Test % ↓"


@tries("filter", "leaderboard")
async def filters(stage: Stage) -> None:
    await stage.press()
    await stage.first(*"hybrid", "enter")
    await stage.until(lambda: stage.rows == ["report:part4/cnn_transformer"])
    await stage.first("escape")


@tries("clear", "leaderboard")
async def shows_all_again_and_forgets_the_marks(stage: Stage) -> None:
    await stage.first("space", "slash", *"mlp", "enter")
    await stage.until(lambda: len(stage.rows) < ALL_ROWS)
    await stage.press()
    await stage.until(lambda: len(stage.rows) == ALL_ROWS and "1 marked" in stage.title)
    await stage.press()
    await stage.until(lambda: "marked" not in stage.title)


@tries("mark", "leaderboard")
async def marks(stage: Stage) -> None:
    before = stage.cell("run-01", "name")
    await stage.press()
    await stage.until(lambda: "1 marked" in stage.title and stage.cell("run-01", "name") != before)
    await stage.first("escape")


@tries("compare", "leaderboard")
async def compares(stage: Stage) -> None:
    await stage.first("space")
    await stage.at("run-02")
    await stage.press()
    await stage.until_on(CompareScreen)
    assert stage.app.screen.query_one("#compare-table").border_title == "2 runs"
    await stage.first("escape", "escape")


@tries("open", "leaderboard")
async def opens(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(RunScreen)
    await stage.until(lambda: "part1/simple_cnn" in stage.text("#live-title"))
    await stage.first("escape")


@tries("inspect", "leaderboard")
async def inspects(stage: Stage) -> None:
    RunMaker(stage.app.paths).predict("run-01")
    await stage.press()
    await stage.until_on(InspectScreen)
    await stage.until(lambda: "part1/simple_cnn" in stage.text("#inspect-title"))
    await stage.first("escape")


@tries("sweep", "leaderboard")
async def shows_the_sweep(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "belongs to no sweep" in stage.told)
    await _make_a_sweep(stage)
    await stage.press()
    await stage.until_on(SweepScreen)
    await stage.first("escape")
    await stage.until_on(MainScreen)


@tries("again", "leaderboard")
async def puts_the_settings_into_the_form(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.tab == "launch" and stage.field == "epochs")
    assert stage.config == stage.record("run-01").config


@tries("follow", "leaderboard")
async def shows_on_live(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.tab == "live" and "part1/simple_cnn" in stage.text("#live-title"))


@tries("continue", "leaderboard")
async def resumes(stage: Stage) -> None:
    await stage.at(STOPPED)
    await stage.press()
    await stage.until(lambda: stage.cell(STOPPED, "status") == "… queued")
    assert stage.record(STOPPED).status is RunStatus.QUEUED


@tries("group", "leaderboard")
async def groups_seeds(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "seeds grouped" in stage.title)
    await stage.press()


@tries("toggle_given", "leaderboard")
async def hides_the_given_rows(stage: Stage) -> None:
    await stage.press()
    assert len(stage.rows) == RUNS
    await stage.press()
    assert len(stage.rows) == ALL_ROWS


@tries("columns", "leaderboard")
async def chooses_columns(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(ColumnsScreen)
    await stage.first("space", "escape")
    await stage.until(lambda: "rank" not in {key.value for key in stage.table.columns})


@tries("rename", "leaderboard")
async def renames(stage: Stage) -> None:
    await stage.press()
    await stage.answer("Another name")
    await stage.until(lambda: "Another name" in stage.cell("run-01", "name"))
    assert stage.record("run-01").name == "Another name"


@tries("tag", "leaderboard")
async def tags(stage: Stage) -> None:
    await stage.press()
    await stage.answer("final")
    await stage.until(lambda: stage.cell("run-01", "tags") == "final")
    assert stage.record("run-01").tags == ("final",)


@tries("note", "leaderboard")
async def notes(stage: Stage) -> None:
    await stage.press()
    await stage.answer("for the report")
    await stage.until(lambda: stage.cell("run-01", "note") == "for the report")
    assert stage.record("run-01").note == "for the report"


@tries("star", "leaderboard")
async def stars(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.cell("run-01", "name").endswith("★"))
    assert stage.record("run-01").starred


@tries("copy", "leaderboard")
async def copies_the_row(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: len(stage.app.clipboard.splitlines()) == 3)
    assert "Another name" in stage.app.clipboard


@tries("copy_table", "leaderboard")
async def copies_the_table(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: len(stage.app.clipboard.splitlines()) == ALL_ROWS + 2)


@tries("export", "leaderboard")
async def exports(stage: Stage) -> None:
    file = stage.app.paths.data / "table.csv"
    await stage.press()
    await stage.answer(str(file))
    await stage.until_on(MainScreen)
    assert len(file.read_text().splitlines()) == ALL_ROWS + 1


@tries("report", "leaderboard")
async def writes_the_report(stage: Stage) -> None:
    folder = stage.app.paths.data / "for my teacher"
    await stage.press()
    await stage.answer(str(folder))
    await stage.until(lambda: f"Wrote {folder / 'report.html'}" in stage.told)
    assert "part1/simple_cnn" in (folder / "report.html").read_text()


@tries("archive", "leaderboard")
async def archives(stage: Stage) -> None:
    await stage.at("run-02")
    await stage.press()
    await stage.until(lambda: "run-02" not in stage.rows)
    assert stage.record("run-02").archived


@tries("delete", "leaderboard")
async def deletes(stage: Stage) -> None:
    await stage.at("run-03")
    await stage.press()
    await stage.until(lambda: "run-03" not in stage.rows)
    assert "run-03" not in stage.app.store.ids()


@tries("undo", "leaderboard")
async def brings_back(stage: Stage) -> None:
    await stage.press()  # what was deleted above
    await stage.until(lambda: "run-03" in stage.rows)
    assert "run-03" in stage.app.store.ids()


# A run


@tries("copy", "run")
async def copies_the_folder(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.app.clipboard == str(stage.app.store.folder / STOPPED))


@tries("close", "run", "inspect", "sweep", "compare")
async def goes_back(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(MainScreen)
    assert stage.table.has_focus


@tries("answer('inspect')", "run")
async def inspects_the_run(stage: Stage) -> None:
    RunMaker(stage.app.paths).predict(STOPPED)
    await stage.press()
    await stage.until_on(InspectScreen)
    await stage.first("escape")
    await stage.until_on(MainScreen)


@tries("answer('again')", "run")
async def puts_the_runs_settings_into_the_form(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(MainScreen)
    await stage.until(lambda: stage.tab == "launch" and stage.field == "epochs")
    assert stage.config == stage.record(STOPPED).config


@tries("answer('live')", "run")
async def shows_the_run_on_live(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(MainScreen)
    await stage.until(lambda: stage.tab == "live" and "part4/channel_token_vit" in stage.text("#live-title"))


@tries("answer('continue')", "run")
async def resumes_the_run(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.record(STOPPED).status is RunStatus.QUEUED)
    await stage.until_on(MainScreen)


# An inspection


def class_heading(stage: Stage) -> str:
    """The heading of the column that gives the order of the classes."""
    headings = [str(column.label) for column in stage.app.screen.query_one(ClassTable).ordered_columns]
    return next(heading for heading in headings if heading.endswith(("↓", "↑")))


@tries("show('classes')", "inspect")  # the last of them: the lowest is tried first
@tries("show('confused')", "inspect")
@tries("show('matrix')", "inspect")
@tries("show('calibration')", "inspect")
async def shows_another_view(stage: Stage) -> None:
    before = stage.view
    await stage.press()
    views = {"c": "classes", "f": "confused", "m": "matrix", "a": "calibration"}
    assert stage.view == views[stage.key] != before


@tries("superclasses", "inspect")
async def counts_in_superclasses(stage: Stage) -> None:
    table = stage.app.screen.query_one(ClassTable)
    matrix = stage.app.screen.query_one(MatrixView)
    await stage.first("m")
    assert "20 superclasses" in str(matrix.border_title)
    await stage.press()
    await stage.until(lambda: "100 classes" in str(matrix.border_title))
    await stage.first("c")
    assert table.row_count == 100
    await stage.press()
    await stage.until(lambda: table.row_count == 20 and "20 superclasses" in str(table.border_title))
    assert "100 classes" in str(matrix.border_title)


@tries("sort(1)", "inspect")
async def sorts_the_classes_by_the_next_column(stage: Stage) -> None:
    assert class_heading(stage) == "Recall ↑"
    await stage.press()
    assert class_heading(stage) == "Precision ↑"


@tries("sort(-1)", "inspect")
async def sorts_the_classes_by_the_column_before(stage: Stage) -> None:
    await stage.press()
    assert class_heading(stage) == "Recall ↑"


@tries("reverse", "inspect")
async def turns_the_order_of_the_classes_round(stage: Stage) -> None:
    await stage.press()
    assert class_heading(stage) == "Recall ↓"


@tries("copy", "inspect")
async def copies_the_view(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.app.clipboard.startswith("| Class | Recall | Precision |"))


async def on_the_images(stage: Stage) -> ImageGrid:
    if stage.view != "images":
        await stage.first("c", "enter")
    grid = stage.app.screen.query_one(ImageGrid)
    await stage.until(lambda: "▄" in drawn(grid).plain)
    return grid


@tries("images", "inspect")
async def shows_images(stage: Stage) -> None:
    await stage.first("c", "c")
    await stage.press()
    await stage.until(lambda: stage.view == "images")
    assert stage.app.screen.query_one(ImageGrid).has_focus
    await stage.first("escape")
    assert stage.view == "classes"


@tries("filter", "inspect")
async def filters_the_images(stage: Stage) -> None:
    grid = await on_the_images(stage)
    for expected in ("wrong", "right", "all"):
        await stage.press()
        assert grid.filter == expected


@tries("size(1)", "inspect")
async def draws_larger_images(stage: Stage) -> None:
    grid = await on_the_images(stage)
    assert "▄" * 17 not in drawn(grid).plain
    await stage.press()
    assert "▄" * 32 in drawn(grid).plain


@tries("size(-1)", "inspect")
async def draws_smaller_images(stage: Stage) -> None:
    grid = await on_the_images(stage)
    await stage.press()
    assert "▄" * 17 not in drawn(grid).plain
    await stage.first("escape")


@tries("inside", "inspect")
async def looks_inside(stage: Stage) -> None:
    await stage.first("c", "c")
    await stage.press()
    view = stage.app.screen.query_one(InsideView)
    await stage.until(lambda: stage.view == "inside" and len(view.captions) == 32)  # of the first convolution
    assert view.has_focus
    await stage.first("escape")
    assert stage.view == "classes"


# Data


@tries("next_split", "data")
async def shows_the_images_of_each_split(stage: Stage) -> None:
    for split, count in (("Val", 20), ("Test", 20), ("Train", 100)):
        await stage.press()
        assert stage.images_title == f"{split} · red rows"
        assert stage.images.count == count


@tries("look_closer", "data")
async def looks_at_the_images_then_at_one(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: stage.images.has_focus)
    await stage.press()
    await stage.until(lambda: stage.images_title == "red rows 0: crop 4, flip" and stage.images.count == 60)


@tries("augment", "data")
async def augments_an_image_and_goes_back(stage: Stage) -> None:
    await stage.first("enter", "right")
    await stage.press()
    await stage.until(lambda: stage.images_title == "red rows 1: crop 4, flip" and stage.images.count == 60)
    await stage.press()
    await stage.until(lambda: stage.images.count == 100 and stage.images.chosen == 1)


@tries("draw", "data")
async def draws_other_variants(stage: Stage) -> None:
    await stage.first("a")
    await stage.until(lambda: stage.images.count == 60)
    before = [stage.images.pixels_at(place).tobytes() for place in range(60)]
    await stage.press()
    await stage.until(lambda: stage.images.count == 60)
    after = [stage.images.pixels_at(place).tobytes() for place in range(60)]
    assert after[0] == before[0]
    assert after != before
    await stage.first("escape")


@tries("size(1)", "data")
async def draws_images_larger(stage: Stage) -> None:
    assert "▄" * 17 not in drawn(stage.images).plain
    await stage.press()
    assert "▄" * 32 in drawn(stage.images).plain


@tries("size(-1)", "data")
async def draws_images_smaller(stage: Stage) -> None:
    await stage.press()
    assert "▄" * 17 not in drawn(stage.images).plain


@tries("get_data", "data")
async def offers_other_data(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(DatasetScreen)
    await stage.first("escape")
    await stage.until_on(MainScreen)


@tries("back", "data")
async def goes_back_from_variants_to_images_to_classes(stage: Stage) -> None:
    await stage.first("enter", "a")
    await stage.until(lambda: stage.images.count == 60)
    await stage.press()
    await stage.until(lambda: stage.images.count == 100 and stage.images.has_focus)
    await stage.press()
    await stage.until(lambda: stage.classes.has_focus)


# A sweep


@tries("copy", "sweep")
async def copies_the_cells(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "| part1/simple_cnn |" in stage.app.clipboard and "| 60.12 |" in stage.app.clipboard)
    assert (stage.app.paths.data / "clipboard.md").read_text() == stage.app.clipboard


@tries("filter", "sweep")
async def shows_the_runs_of_the_sweep(stage: Stage) -> None:
    await stage.press()
    await stage.until_on(MainScreen)
    await stage.until(lambda: set(stage.rows) == {"run-01", "run-02"})


# A comparison


@tries("images", "compare")
async def shows_where_one_alone_is_right(stage: Stage) -> None:
    maker = RunMaker(stage.app.paths)
    for seed, run_id in enumerate(("run-01", "run-02")):
        maker.predict(run_id, seed=seed)
    await stage.first("escape")
    await stage.until_on(MainScreen)
    await on_a_comparison(stage)
    grid = stage.app.screen.query_one(ImageGrid)
    table = stage.app.screen.query_one("#compare-table Static")
    await stage.until(lambda: any("McNemar" in strip.text for strip in table.render_lines(Region(0, 0, 80, 20))))
    await stage.press()
    assert grid.display
    assert grid.has_focus
    await stage.first("escape")
    assert not grid.display


@tries("copy", "compare")
async def copies_the_comparison(stage: Stage) -> None:
    await stage.press()
    await stage.until(lambda: "| 60.12 | 30.07" in stage.app.clipboard)


ENDS = ("quit", "leave")
"""Each takes an app of its own."""
WALKS = [(scope, tuple(a for s, a in CHECKS if s == scope and a not in ENDS)) for scope in SCOPES]
WALKS += [("app", (action,)) for action in ENDS]
SIZES = {"launch": (100, 40)}
"""Where `m` has an effect; elsewhere there is room for all columns."""


def test_each_action_of_the_table_is_tried():
    assert set(CHECKS) == {(name, key.action) for name, scope in SCOPES.items() for key in scope.keys}
    assert {(scope, action) for scope, walk in WALKS for action in walk} == set(CHECKS)


@pytest.mark.parametrize(
    ("scope", "actions"), WALKS, ids=[scope if len(actions) > 1 else actions[0] for scope, actions in WALKS]
)
async def test_each_key_does_what_it_says(app: CifarApp, furnished: RunMaker, scope: str, actions: tuple[str, ...]):
    keys = {key.action: key.keys.partition(",")[0] for key in SCOPES[scope].keys}
    async with running(app, SIZES.get(scope, (160, 50))) as pilot:
        stage = Stage(app, pilot)
        for action in actions:
            stage.key, stage.presses = keys[action], 0
            try:
                await ENTER[scope](stage)
                await CHECKS[scope, action](stage)
            except Exception as error:
                error.add_note(f"{stage.key} is to {action} in {scope}")
                raise
            assert stage.presses, action


async def test_every_other_key_of_an_action_is_bound_to_it(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        for name, scope in SCOPES.items():
            await ENTER[name](Stage(app, pilot))
            bound = dict(app.screen.active_bindings)
            if name == "inspect":  # whose views have keys of their own
                await pilot.press("c", "enter")
                await until(pilot, lambda: "w" in app.screen.active_bindings)
                bound |= app.screen.active_bindings
                await pilot.press("escape")
            for key in scope.keys:
                for other in list(Binding.make_bindings([(key.keys, key.action, key.label)]))[1:]:
                    assert bound[other.key].binding.action == key.action, (name, other.key)


async def from_the_palette(stage: Stage, words: str) -> None:
    """Choose the one action that holds `words`."""
    await stage.first("ctrl+p")
    await stage.until_on(CommandPalette)
    screen = stage.app.screen
    screen.query_one(Input).value = words
    await stage.until(lambda: len(offered(stage)) == 1 and words in offered(stage)[0])
    await stage.first("enter")
    await stage.until(lambda: stage.app.screen is not screen)


def offered(stage: Stage) -> list[str]:
    """What stands in the palette."""
    return [str(option.prompt) for option in stage.app.screen.query_one(CommandList).options]


async def test_the_palette_offers_each_action_of_a_screen_with_its_sentence(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        stage = Stage(app, pilot)
        tabs = [scope for scope in SCOPES if scope not in SCREENS]
        for entered, scopes in {"live": tabs, **{scope: ["app", scope] for scope in SCREENS}}.items():
            wanted = [
                (f"{key.label} ({key.shown})", key.help)
                for name in scopes
                for key in SCOPES[name].keys
                if (name, key.action) not in NOT_OFFERED
            ]
            await ENTER[entered](stage)
            await stage.first("ctrl+p")
            await stage.until_on(CommandPalette)
            await stage.until(lambda wanted=wanted: len(offered(stage)) == len(wanted))
            for title, help_text in wanted:
                assert any(option.endswith(f"{title}\n{help_text}") for option in offered(stage)), title
            await stage.first("escape")


async def test_what_the_palette_does_it_does_on_the_screen_below(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        stage = Stage(app, pilot)
        await in_the_form(stage)
        await stage.first("7")
        await from_the_palette(stage, "Reset field")
        await stage.until(lambda: stage.config.training.epochs == 50)
        assert stage.field == "epochs"
        await on_a_run(stage)
        await from_the_palette(stage, "Copy folder")
        await stage.until(lambda: stage.app.clipboard == str(stage.app.store.folder / STOPPED))
        await from_the_palette(stage, "A run: Zoom in")
        await stage.until(lambda: stage.window[1] - stage.window[0] == 15)


async def test_a_tabs_key_goes_there_from_a_run_and_from_a_comparison(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        stage = Stage(app, pilot)
        for scope in SCREENS:
            await ENTER[scope](stage)
            await stage.first("2")
            await stage.until(lambda: stage.tab == "live" and isinstance(app.screen, MainScreen))


async def test_a_dialog_waits_for_its_answer_without_a_palette(app: CifarApp):
    async with running(app, (100, 40)) as pilot:
        await pilot.press("i", "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        assert list(app.get_system_commands(app.screen)) == []
