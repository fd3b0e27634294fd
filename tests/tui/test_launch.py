import errno
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Input, Select, Static

from cifar_tui.config import RunConfig, Source
from cifar_tui.data import cifar100
from cifar_tui.data.dataset import DatasetError
from cifar_tui.paths import Paths
from cifar_tui.presets import Preset
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.launch_app import LaunchApp
from cifar_tui.tui.probe import Probe
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.screens.dataset import DatasetScreen
from cifar_tui.tui.screens.launch import LaunchPane
from cifar_tui.tui.slurm_desk import SlurmDesk
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.form_row import FormRow
from cifar_tui.tui.widgets.preset_tree import PresetTree

from .conftest import RunMaker, running, small_run, until


def row(app: CifarApp, *path: str) -> FormRow:
    return next(row for row in app.query_one(ConfigForm).rows if row.field.path == path)


async def type_into(app: CifarApp, pilot, path: tuple[str, ...], text: str) -> None:
    app.query_one(ConfigForm).focus_field(path)
    await until(pilot, lambda: isinstance(app.focused, Input))
    app.focused.value = text
    await pilot.pause()


async def test_moving_in_the_tree_shows_each_preset_in_the_form(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        tree = app.query_one(PresetTree)
        await until(pilot, lambda: tree.cursor_node is not None and isinstance(tree.cursor_node.data, Preset))
        await pilot.press("down")
        await until(pilot, lambda: app.query_one(ConfigForm).config == tree.cursor_node.data.config)
        assert app.query_one(ConfigForm).border_title == tree.cursor_node.data.key


@pytest.mark.parametrize("name", ["resnet9", "sprint"])
async def test_the_preset_that_is_found_is_the_one_in_the_form(app: CifarApp, name: str):
    """Letter by letter the tree narrows; the cursor may stay on its line while another preset comes to stand there."""
    async with running(app, (120, 40)) as pilot:
        tree, form = app.query_one(PresetTree), app.query_one(ConfigForm)
        await until(pilot, lambda: tree.cursor_node is not None and isinstance(tree.cursor_node.data, Preset))
        await pilot.press("/", *name, "enter")
        await until(pilot, lambda: form.border_title == f"beyond/{name}")
        assert tree.cursor_node.data.key == f"beyond/{name}"
        assert form.config == tree.cursor_node.data.config


async def test_every_preset_is_in_the_tree_and_part_2_compares_part_1(app: CifarApp):
    async with running(app, (120, 40)):
        groups = {branch.data.title[0]: branch.data.presets for branch in app.query_one(PresetTree).root.children}
        assert groups["2"] == groups["1"]
        assert {preset.key for presets in groups.values() for preset in presets} == {
            preset.key for preset in app.library.presets
        }


async def test_a_wrong_value_is_explained_beside_the_field_and_nothing_is_launched(app: CifarApp, paths: Paths):
    async with running(app, (120, 40)) as pilot:
        await type_into(app, pilot, ("training", "lr"), "-1")
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.config is None)
        assert form.errors == {("training", "lr"): "must be greater than 0"}
        await until(pilot, lambda: "must be greater than 0" in row(app, "training", "lr").note)
        await pilot.press("escape", "t")
        await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.path[-1] == "lr")
        assert "✗ Learning rate: must be greater than 0" in str(app.query_one("#field-help", Static).content)
        assert RunStore(paths.runs).ids() == []
        await type_into(app, pilot, ("training", "lr"), "3e-4")
        await until(pilot, lambda: form.config is not None and form.config.training.lr == 3e-4)
        await until(pilot, lambda: row(app, "training", "lr").is_changed)


async def test_an_error_between_fields_stands_at_one_of_them(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.load(app.library.find("part1/simple_vit").config)
        await type_into(app, pilot, ("model", "heads"), "3")
        await until(pilot, lambda: ("model", "heads") in form.errors)


async def test_another_model_brings_its_own_arguments(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.focus_field(("model", "name"))
        await until(pilot, lambda: isinstance(app.focused, Select))
        app.focused.value = "image_gru"
        await until(pilot, lambda: form.config is not None and form.config.model.name == "image_gru")
        shown = {r.field.path[1] for r in form.rows if r.field.path[0] == "model"}
        assert shown == {"name", "sequence", "hidden_size", "layers", "dropout", "input_norm", "pooling"}
        await pilot.press("r")
        await until(pilot, lambda: form.config.model.name == "simple_cnn")


async def test_the_summary_counts_the_parameters_of_what_is_typed(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.border_subtitle == "346,628 parameters")
        await type_into(app, pilot, ("model", "head_size"), "100")
        await until(pilot, lambda: form.border_subtitle == "310,904 parameters")


async def test_the_part_is_queued_with_the_changes_of_the_form(app: CifarApp, paths: Paths, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        await type_into(app, pilot, ("training", "epochs"), "3")
        app.query_one(ConfigForm).set_field(("data", "source"), "synthetic")
        await pilot.press("escape", "p")
        store = RunStore(paths.runs)
        await until(pilot, lambda: len(store.ids()) == 4)
        queued = app.run_queue.waiting()
        assert [run.config.preset for run in queued] == [preset.key for preset in app.library.of_part(1)]
        assert {run.config.training.epochs for run in queued} == {3}
        assert {run.config.data.source for run in queued} == {Source.SYNTHETIC}
        rates = {run.config.preset: run.config.training.lr for run in queued}
        assert rates == {preset.key: preset.config.training.lr for preset in app.library.of_part(1)}


async def test_without_cifar100_the_app_says_so_and_the_embedded_set_can_be_used(
    app: CifarApp, paths: Paths, queue_held: None
):
    async with running(app, (80, 24)) as pilot:
        banner = app.query_one("#data-banner", Static)
        await until(pilot, lambda: banner.display)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        await pilot.press("e")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 1)
        assert app.run_queue.waiting()[0].config.data.source is Source.SYNTHETIC
        assert not banner.display


async def test_a_wrong_import_path_is_one_sentence_in_the_dialog(app: CifarApp, tmp_path):
    async with running(app, (80, 24)) as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        app.screen.query_one("#path", Input).value = str(tmp_path / "nowhere")
        await pilot.press("i")
        message = app.screen.query_one("#message", Static)
        await until(pilot, lambda: "nowhere" in str(message.content))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DatasetScreen))


async def test_a_download_under_way_is_not_begun_again(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    begun: list[None] = []
    may_end = threading.Event()

    def download(*_: object) -> None:
        begun.append(None)
        may_end.wait(60)
        raise DatasetError("the line is down; try again.")

    monkeypatch.setattr(cifar100, "download", download)
    async with running(app, (80, 24)) as pilot:
        await pilot.press("i", "d", "d", "i", "d")
        await until(pilot, lambda: bool(begun))
        may_end.set()
        message = app.screen.query_one("#message", Static)
        await until(pilot, lambda: "the line is down" in str(message.content))
        assert len(begun) == 1
        await pilot.press("d")
        await until(pilot, lambda: len(begun) == 2)


@pytest.mark.parametrize("error", [DatasetError("The line is down."), RuntimeError("The line is down")])
async def test_a_download_goes_on_without_its_dialog_and_tells_its_end(
    app: CifarApp, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    begun: list[None] = []
    may_end = threading.Event()

    def download(_paths: Paths, tell: Callable[[int, int], None]) -> None:
        begun.append(None)
        tell(12_000_000, 169_000_000)
        may_end.wait(60)
        raise error

    monkeypatch.setattr(cifar100, "download", download)
    async with running(app, (80, 24)) as pilot:
        await pilot.press("i", "d")
        await until(pilot, lambda: bool(begun))
        await pilot.press("escape", "i")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        message = app.screen.query_one("#message", Static)
        await until(pilot, lambda: str(message.content) == "Downloading … 12 of 169 MB")
        await pilot.press("d", "escape")
        await until(pilot, lambda: not isinstance(app.screen, DatasetScreen))
        may_end.set()
        await until(pilot, lambda: any(str(note.message).endswith("The line is down.") for note in app._notifications))
        assert len(begun) == 1


async def test_a_run_trained_from_the_form_ends_on_the_leaderboard(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.load(app.library.find("part1/softmax_regression").config)
        form.set_field(("data", "source"), "synthetic")
        form.set_field(("training", "epochs"), "1")
        await pilot.press("t")
        store = app.store
        await until(pilot, lambda: [run.status for run in store.scan().runs] == [RunStatus.FINISHED])
        run = store.scan().runs[0]
        assert app.query_one("TabbedContent").active == "live"
        await pilot.press("3")
        table = app.query_one("#table")
        await until(pilot, lambda: run.id in {key.value for key in table.rows})
        await until(pilot, lambda: str(table.get_cell(run.id, "status")) == "✓ finished")
        assert str(table.get_cell(run.id, "test")) == f"{run.record.results.test_accuracy * 100:.2f}"


async def test_a_broken_preset_of_mine_is_told_and_the_others_are_there(paths: Paths):
    paths.presets.mkdir()
    (paths.presets / "bad.toml").write_text("title = ")
    (paths.presets / "good.toml").write_text('title = "[red]Mine[/]"\n[model]\nname = "mlp"\n')
    app = CifarApp(paths)
    try:
        async with running(app, (120, 40)) as pilot:
            assert "bad.toml" in app.query_one(LaunchPane)._library.problems[0]
            await until(pilot, lambda: any("bad.toml" in str(toast.message) for toast in app._notifications))
            others = app.query_one(PresetTree).root.children[-1]
            assert [leaf.data.key for leaf in others.children] == ["my/good"]
            assert "[red]Mine[/]" in str(others.children[0].label)
    finally:
        app.runner.shut_down()


async def test_which_images_there_are_is_one_choice_for_all_presets_and_all_else_is_not(app: CifarApp):
    async with running(app, (160, 50)) as pilot:
        form, tree = app._launch_pane.form, app.query_one(PresetTree)
        form.set_field(("data", "mixup"), "0.2")
        form.set_field(("data", "source"), Source.SYNTHETIC.value)
        tree.focus()
        await pilot.press("down")
        await until(pilot, lambda: form.edits() == {("data", "source"): Source.SYNTHETIC.value})
        form.set_field(("data", "source"), Source.CIFAR100.value)
        await pilot.press("up")
        await until(pilot, lambda: form.edits() == {("data", "mixup"): "0.2"})


async def test_a_run_that_begins_ends_the_measurement_beside_it(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    asked: list[bool] = []
    answer = Probe.ask

    async def ask(self: Probe, config: RunConfig, *, measure: bool) -> None:
        asked.append(measure)
        await answer(self, config, measure=measure)

    monkeypatch.setattr(Probe, "ask", ask)
    async with running(app, (160, 50)) as pilot:
        await until(pilot, lambda: asked == [True])
        app._launch_pane.show_busy(busy=True)
        await until(pilot, lambda: asked == [True, False])
        app._launch_pane.show_busy(busy=False)
        await until(pilot, lambda: asked == [True, False, True])


async def test_images_that_cannot_be_looked_at_are_not_there(
    app: CifarApp, paths: Paths, monkeypatch: pytest.MonkeyPatch
):
    look = os.stat

    def refuse(path: str | Path, *arguments: object, **options: object) -> os.stat_result:
        if str(path).startswith(str(paths.datasets)):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return look(path, *arguments, **options)  # type: ignore[arg-type]

    paths.cifar100.parent.mkdir(parents=True)
    paths.cifar100.touch()
    async with running(app, (120, 40)) as pilot:
        assert not app.query_one("#data-banner").display
        monkeypatch.setattr(os, "stat", refuse)
        await until(pilot, lambda: app.query_one("#data-banner").display)


async def test_a_run_without_a_preset_leaves_what_was_typed(app: CifarApp):
    async with running(app, (160, 50)) as pilot:
        app._launch_pane.form.set_field(("training", "epochs"), "77")
        foreign = small_run("wide [/foo]")
        app._launch_pane.open_config(foreign)
        await until(pilot, lambda: app._launch_pane.form.config == foreign)
        assert Content.from_markup(str(app._launch_pane.form.border_title)).plain == "wide [/foo]"
        await pilot.press("escape", "enter")
        await until(pilot, lambda: app._launch_pane.form.edits() == {("training", "epochs"): "77"})
        assert str(app._launch_pane.form.border_title) == "part1/simple_cnn"


async def test_what_slurm_says_is_told_whatever_was_pressed_meanwhile(
    app: CifarApp, queue_held: None, monkeypatch: pytest.MonkeyPatch
):
    answers = threading.Event()

    def refuse(*_: object, **__: object) -> None:
        assert answers.wait(60)
        raise SlurmError("There is no partition gpu.")

    monkeypatch.setattr(SlurmDesk, "hand_over", refuse)
    async with running(app, (160, 50)) as pilot:
        app._launch_pane.form.set_field(("data", "source"), Source.SYNTHETIC.value)
        app._launch_pane.show_place("partition=gpu")
        await pilot.press("t", "i")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        answers.set()
        await until(pilot, lambda: "There is no partition gpu." in [str(note.message) for note in app._notifications])


async def test_slurm_is_asked_again_once_it_has_answered(
    app: CifarApp, runs: RunMaker, queue_held: None, monkeypatch: pytest.MonkeyPatch
):
    answers = threading.Event()
    questions: list[tuple[str, ...]] = []

    def look(self: SlurmDesk, asked: Sequence[Run]) -> dict[str, str]:
        questions.append(tuple(run.id for run in asked))
        assert answers.wait(60)
        return {run.id: "pending" for run in asked}

    run_id = runs.make("part1/mlp", RunStatus.QUEUED)
    monkeypatch.setattr(SlurmDesk, "look", look)
    monkeypatch.setattr("cifar_tui.tui.launch_app._SECONDS_BETWEEN_QUESTIONS", 0.0)
    async with running(app, (160, 50)) as pilot:
        for _ in range(3):
            LaunchApp.look_at_slurm(app, [runs.store.get(run_id)])
            await pilot.pause()
        assert questions == [(run_id,)]
        answers.set()
        await until(pilot, lambda: app.jobs == {run_id: "pending"})
        LaunchApp.look_at_slurm(app, [runs.store.get(run_id)])
        await until(pilot, lambda: len(questions) == 2)


async def test_images_that_come_while_nobody_asks_are_noticed(app: CifarApp, runs: RunMaker, paths: Paths):
    async with running(app, (160, 50)) as pilot:
        banner = app.query_one("#data-banner")
        assert banner.display
        runs.keep_images(paths)
        await until(pilot, lambda: not banner.display)


async def test_a_data_set_that_comes_below_another_screen_waits_for_it(
    app: CifarApp, runs: RunMaker, paths: Paths, monkeypatch: pytest.MonkeyPatch
):
    may_end = threading.Event()
    monkeypatch.setattr("cifar_tui.data.cifar100.download", lambda *_: may_end.wait(60))
    async with running(app, (160, 50)) as pilot:
        await pilot.press("i", "d")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        dialog = app.screen
        app.push_screen(ConfirmScreen("Stay?", "Yes", "No"))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        runs.keep_images(paths)
        may_end.set()
        await until(pilot, lambda: dialog._is_done)
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, DatasetScreen))
        assert app.focused is not None
        assert app.focused.id == "import"


async def test_two_runs_queued_first_keep_their_order(app: CifarApp, runs: RunMaker, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(("data", "source"), "synthetic")
        form.set_field(("name",), "one")
        await pilot.press("a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 1)
        form.set_field(("name",), "two")
        await pilot.press("t")
        await until(pilot, lambda: [run.config.name for run in app.run_queue.waiting()] == ["two", "one"])
