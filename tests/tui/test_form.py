"""The form: what it shows, what it makes of several values, and how a change is taken back."""

from collections.abc import Callable

import pytest
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static

from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.form_fields import FormFields
from cifar_tui.tui.widgets.model_panel import ModelPanel
from cifar_tui.tui.widgets.preset_tree import PresetTree

from .conftest import running, until

EPOCHS, LR, SEED = ("training", "epochs"), ("training", "lr"), ("training", "seed")


def shown(form: ConfigForm) -> set[str]:
    return {row.field.path[-1] for row in form.rows if row.display}


async def test_only_what_has_an_effect_is_shown(app: CifarApp):
    async with running(app, (120, 40)):
        form = app.query_one(ConfigForm)
        assert {"widths", "warmup_epochs"} <= shown(form)
        assert not {"momentum", "path", "hidden_sizes"} & shown(form)
        form.set_field(("training", "optimiser"), "sgd")
        form.set_field(("training", "schedule"), "one_cycle")
        form.set_field(("data", "source"), "folder")
        assert {"momentum", "path"} <= shown(form)
        assert "warmup_epochs" not in shown(form)


async def test_a_field_without_effect_cannot_be_wrong(app: CifarApp):
    async with running(app, (120, 40)):
        form = app.query_one(ConfigForm)
        form.set_field(("training", "warmup_epochs"), "5")
        form.set_field(("training", "schedule"), "one_cycle")
        assert form.errors == {}
        assert form.config is not None
        assert form.config.training.warmup_epochs == 0


async def test_what_few_need_is_shown_on_demand_and_where_it_was_changed(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        assert "ema_decay" not in shown(form)
        assert "decay_all" in shown(form)  # the preset changes it
        await pilot.press("v")
        assert {"ema_decay", "precision", "device"} <= shown(form)
        form.set_field(("training", "ema_decay"), "0.9")
        await pilot.press("v")
        assert "ema_decay" in shown(form)
        assert "precision" not in shown(form)
    assert not app.state.with_advanced


async def test_several_values_make_several_runs(app: CifarApp, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(("data", "source"), "synthetic")
        form.set_field(LR, "1e-3, 3e-4")
        form.set_field(SEED, "0..2")
        assert len(form.configs) == 6
        await until(pilot, lambda: str(app.query_one("#train").label) == "Train 6 runs")
        await pilot.press("a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 6)
        found = [(run.config.training.lr, run.config.training.seed) for run in app.run_queue.waiting()]
        assert found == [(lr, seed) for lr in (1e-3, 3e-4) for seed in range(3)]


async def test_runs_of_several_values_are_a_sweep_that_only_grows(app: CifarApp, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(("data", "source"), "synthetic")
        form.set_field(LR, "1e-3, 3e-4")
        await pilot.press("a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 2)
        assert {run.record.sweep for run in app.run_queue.waiting()} == {"simple_cnn-lr"}
        await pilot.press("a")
        message = "Every one of these runs is in the sweep already."
        await until(pilot, lambda: message in [toast.message for toast in app._notifications])
        form.set_field(LR, "1e-3, 3e-4, 1e-4")
        await pilot.press("a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 3)
        form.set_field(LR, "1e-3")  # a single run is asked for by itself
        await pilot.press("a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 4)
        assert [run.record.sweep for run in app.run_queue.waiting()] == ["simple_cnn-lr"] * 3 + [None]


async def test_a_part_is_queued_with_several_values_too(app: CifarApp, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(("data", "source"), "synthetic")
        form.set_field(SEED, "0, 1")
        await pilot.press("p")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 8)
        found = {(run.config.preset, run.config.training.seed) for run in app.run_queue.waiting()}
        assert len(found) == 8
        assert ("part1/mlp", 1) in found


async def test_a_wrong_value_among_several_is_told(app: CifarApp):
    async with running(app, (120, 40)):
        form = app.query_one(ConfigForm)
        form.set_field(LR, "1e-3, x")
        assert form.configs == ()
        assert "must be a number" in form.errors[LR]


async def typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))
    await pilot.press(*text)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_down_and_up_move_between_the_fields_also_where_they_scroll(app: CifarApp, size: tuple[int, int]):
    def title() -> str:
        row = app.query_one(ConfigForm).focused_row
        return row.field.title if row else ""

    async with running(app, size) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: title() == "Epochs")
        for key, expected in (("down", "Batch size"), ("down", "Optimiser"), ("up", "Batch size"), ("up", "Epochs")):
            await pilot.press(key)
            await until(pilot, lambda expected=expected: title() == expected, seconds=5)


async def test_tab_goes_through_the_fields_and_on_to_the_buttons(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.focus_field(("data", "mixup"))
        await until(pilot, lambda: form.focused_row is not None)
        await pilot.press("tab")
        await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.title == "CutMix")
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "train")
        await pilot.press("shift+tab", "shift+tab")
        await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.title == "Mixup")


async def test_a_click_edits_the_field_that_it_meets(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form, fields = app.query_one(ConfigForm), app.query_one(FormFields)

        async def click(title: str) -> None:
            (y,) = [y for y in range(fields.size.height) if fields.render_line(y).text.startswith(f" {title}")]
            await pilot.click(fields, offset=(22, y))
            await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.title == title)

        was_on = form.config.training.decay_all
        await click("Decay all")
        await until(pilot, lambda: form.config.training.decay_all is not was_on)
        await click("Seed")
        await pilot.press("7")
        await until(pilot, lambda: form.config.training.seed == 7)
        await click("Optimiser")
        await until(pilot, lambda: isinstance(app.focused, OptionList))
        await pilot.press("down", "enter")
        await until(pilot, lambda: form.config.training.optimiser == "sgd")


async def test_what_is_typed_stays_where_it_was_typed_however_quickly_the_cursor_goes_on(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.focus_field(EPOCHS)
        await until(pilot, lambda: isinstance(app.focused, Input))
        app.focused.value = "12"
        form.action_next_field()
        await until(pilot, lambda: form.config is not None and form.config.training.epochs == 12)
        assert form.config.training.batch_size == 128


async def test_the_focus_stays_in_the_form_when_its_field_goes(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.focus_field(("training", "warmup_epochs"))
        await until(pilot, lambda: form.focused_row is not None)
        form.set_field(("training", "schedule"), "one_cycle")
        assert "warmup_epochs" not in shown(form)
        await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.title == "Schedule")
        await pilot.press("down")
        await until(pilot, lambda: form.focused_row is not None and form.focused_row.field.title == "Weight decay")


async def test_every_wrong_field_is_marked_and_the_first_is_named_as_the_form_names_it(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(LR, "1e-3, x")
        form.set_field(("training", "weight_decay"), "abc")
        await until(pilot, lambda: len(form.errors) == 2)
        wrong = {row.field.title for row in form.rows if row.error is not None}
        assert wrong == {"Learning rate", "Weight decay"}
        assert form.first_error == "Learning rate must be a number."
        await pilot.press("t")
        help_line = app.query_one("#field-help", Static)
        await until(pilot, lambda: str(help_line.content) == "✗ Learning rate: must be a number")


async def test_undo_takes_back_one_field_at_a_time(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        await typed(pilot, "123")
        await until(pilot, lambda: form.config is not None and form.config.training.epochs == 123)
        await pilot.press("down", *"64")
        await until(pilot, lambda: form.config is not None and form.config.training.batch_size == 64)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: form.config.training.batch_size == 128)
        assert form.config.training.epochs == 123
        await pilot.press("ctrl+z")
        await until(pilot, lambda: form.config.training.epochs == 50)


@pytest.mark.parametrize("reset", [ConfigForm.reset, ConfigForm.action_reset_field])
async def test_undo_brings_back_another_models_arguments(app: CifarApp, reset: Callable[[ConfigForm], None]):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.focus_field(("model", "name"))
        await until(pilot, lambda: isinstance(app.focused, Select))
        app.focused.value = "image_gru"
        await until(pilot, lambda: form.config is not None and form.config.model.name == "image_gru")
        form.set_field(("model", "dropout"), "0.7")
        reset(form)
        assert form.config.model.name == "simple_cnn"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: form.config.model.name == "image_gru")
        assert form.config.model.dropout == 0.7


async def test_one_field_is_put_back(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(LR, "0.5")
        await typed(pilot, "7")
        await until(pilot, lambda: form.config is not None and form.config.training.epochs == 7)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: form.config.training.epochs == 50)
        assert form.config.training.lr == 0.5


async def test_changes_are_kept_while_another_preset_is_looked_at(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form, tree = app.query_one(ConfigForm), app.query_one(PresetTree)
        await until(pilot, lambda: tree.cursor_node is not None)
        form.set_field(EPOCHS, "7")
        await pilot.press("down")
        await until(pilot, lambda: form.border_title == "part1/simple_vit")
        assert form.config.training.epochs != 7
        marked = [
            label
            for branch in tree.root.children
            for leaf in branch.children
            if "•" in (label := str(tree.render_label(leaf, Style(), Style())))
        ]
        assert all("SimpleCNN" in label for label in marked)
        assert marked
        await pilot.press("up")
        await until(pilot, lambda: form.config.training.epochs == 7)


async def test_search_finds_presets_by_words(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        tree = app.query_one(PresetTree)
        groups = len(tree.root.children)
        await pilot.press("slash", *"part5 gru", "enter")
        await until(pilot, lambda: tree.has_focus)
        keys = [leaf.data.key for branch in tree.root.children for leaf in branch.children]
        assert keys == ["part5/gru_col", "part5/gru_patch4", "part5/gru_patch8", "part5/gru_row"]
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.border_title == "part5/gru_col")
        assert tree.cursor_node.data.key == "part5/gru_col"
        await pilot.press("escape")
        await until(pilot, lambda: len(tree.root.children) == groups)
        await until(pilot, lambda: tree.cursor_node.data.key == "part5/gru_col")


async def test_a_search_that_finds_nothing_says_so_and_leaves_the_form(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        tree, form = app.query_one(PresetTree), app.query_one(ConfigForm)
        before = form.border_title
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: tree.border_subtitle == "none of this name")
        assert form.border_title == before


async def test_the_field_with_the_focus_stays_in_sight_in_a_smaller_terminal(app: CifarApp):
    async with running(app, (100, 30)) as pilot:
        form = app.query_one(ConfigForm)
        await pilot.press("e", *["down"] * 6)
        row = form.focused_row
        await pilot.resize_terminal(60, 18)

        def is_seen() -> bool:
            focused = app.focused
            return focused is not None and focused.region in form.region and form.focused_row is row

        await until(pilot, is_seen)


async def test_a_preset_of_ones_own_is_saved_and_shown(app: CifarApp, paths: Paths):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(LR, "0.25")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press(*"Fast & [b]bold", "enter")
        await until(pilot, lambda: form.border_title == "my/fast-b-bold")
        preset = load_presets(paths).find("my/fast-b-bold")
        assert (preset.title, preset.config.training.lr) == ("Fast & [b]bold", 0.25)
        assert form.config.training.lr == 0.25
        assert not form.is_changed


async def test_a_preset_is_never_overwritten(app: CifarApp, paths: Paths):
    paths.presets.mkdir()
    (paths.presets / "mine.toml").write_text('title = "Mine"\n[model]\nname = "mlp"\n')
    async with running(app, (120, 40)) as pilot:
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press(*"mine", "enter")
        await until(pilot, lambda: "mine.toml is there already" in str(app.screen.query_one("#ask-note").content))
        await pilot.press("escape")
        assert load_presets(paths).find("my/mine").config.model.name == "mlp"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_layers_and_cost_stand_beside_the_form(app: CifarApp, probe_process: None, size: tuple[int, int]):
    async with running(app, size) as pilot:
        form, panel = app.query_one(ConfigForm), app.query_one(ModelPanel)
        form.set_field(("training", "batch_size"), "32")
        await pilot.press("m")
        await until(pilot, lambda: form.border_subtitle == "346,628 parameters")
        await until(pilot, lambda: "an epoch" in str(panel.query_one("#model-cost").content))
        assert panel.display
        assert app.query_one("#launch-middle").display == (size[0] >= 118)
    again = CifarApp(app.paths)
    async with running(again, size) as pilot:
        again.query_one(ConfigForm).set_field(("training", "batch_size"), "32")
        await until(pilot, lambda: "an epoch" in str(again.query_one("#model-cost").content), seconds=1)
    again.runner.shut_down()
    assert again.runner.join(timeout=60)
