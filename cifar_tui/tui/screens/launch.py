"""The Launch tab: choose a preset, change what you like, train it."""

from typing import ClassVar

from pydantic import ValidationError
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Static, Tree

from cifar_tui.config import IMAGES, FieldPath, RunConfig, Source, sentence
from cifar_tui.paths import Paths
from cifar_tui.presets import Preset, PresetLibrary
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.screens.dataset import NO_CIFAR100
from cifar_tui.tui.widgets.config_form import ConfigForm, Values, flat
from cifar_tui.tui.widgets.model_panel import ModelPanel
from cifar_tui.tui.widgets.preset_tree import Group, PresetTree


class LaunchPane(Vertical):
    """Presets on the left, the form beside them, the model's summary where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("launch")

    class Launched(Message):
        """A person wants these runs trained."""

        def __init__(
            self, configs: tuple[RunConfig, ...], *, first: bool, is_sweep: bool = False, on: str | None = None
        ) -> None:
            super().__init__()
            self.configs = configs
            self.is_sweep = is_sweep
            """Made by several values in a field."""
            self.on = on
            """The options for Slurm; None trains them here."""
            self.first = first
            """Before everything that waits already."""

    class PlaceWanted(Message):
        """A person wants to choose where runs are trained."""

        def __init__(self, on: str | None) -> None:
            super().__init__()
            self.on = on
            """Where they are now; see `Launched`."""

    class DataWanted(Message):
        """A person wants to choose where the images come from."""

    class SaveWanted(Message):
        """A person wants to keep a configuration as a preset."""

        def __init__(self, config: RunConfig) -> None:
            super().__init__()
            self.config = config

    class AdvancedToggled(Message):
        """The fields that few need are shown, or hidden."""

        def __init__(self, *, shown: bool) -> None:
            super().__init__()
            self.shown = shown

    def __init__(self, library: PresetLibrary, first: Preset, paths: Paths, *, with_advanced: bool = False) -> None:
        super().__init__()
        self._library = library
        self._preset = first
        self._paths = paths
        self._has_cifar100 = True
        self._with_advanced = with_advanced
        self._on: str | None = None
        self._drafts: dict[str, Values] = {}
        """What was changed in the form of each preset, by its key: nothing is lost by looking at another.

        Not which images there are: that is one choice for all.
        """

    def compose(self) -> ComposeResult:
        """Lay out tree, form, buttons and summary."""
        banner = Text(NO_CIFAR100)
        banner.highlight_regex(r"^[^:]*:|\bi\b", "bold")
        yield Static(banner, id="data-banner")
        with Horizontal(id="launch-columns"):
            with Vertical(id="launch-left"):
                yield Input(placeholder="Search presets", compact=True, id="preset-search")
                yield PresetTree(self._library, id="presets")
            with Vertical(id="launch-middle"):
                yield ConfigForm(self._preset.config, with_advanced=self._with_advanced, id="form")
                with Horizontal(id="launch-buttons"):
                    yield Button("Train now", variant="primary", compact=True, id="train", tooltip="t")
                    yield Button("Add to queue", compact=True, id="enqueue", tooltip="a")
                    yield Button("Queue part", compact=True, id="enqueue-part", tooltip="p")
            yield ModelPanel(self._paths, id="model")

    def on_mount(self) -> None:
        """Begin at the first preset."""
        self.query_one(PresetTree).border_title = "Presets · expected %"
        self.query_one(PresetTree).select(self._preset.key)
        self.query_one("#preset-search").display = False
        self._show_form_title()
        for problem in self._library.problems:
            self.app.notify(problem, title="A preset cannot be used", severity="warning", markup=False, timeout=15)

    def offers(self, action: str) -> bool:
        """Whether the line of keys names the key of `action` now."""
        return action != "leave_form" or not self.query_one(PresetTree).has_focus

    @property
    def form(self) -> ConfigForm:
        """The form."""
        return self.query_one(ConfigForm)

    def show_data_state(self, *, has_cifar100: bool) -> None:
        """Say whether CIFAR-100 is there, where the form asks for it."""
        if has_cifar100 != self._has_cifar100:
            self._has_cifar100 = has_cifar100
            self._show_banner()

    def show_busy(self, *, busy: bool) -> None:
        """Say whether a run trains now."""
        self.query_one(ModelPanel).show_busy(busy=busy)

    def show_library(self, library: PresetLibrary, key: str) -> None:
        """Show other presets, with the cursor on the one called `key`."""
        self._library = library
        self._search("")
        self.call_after_refresh(self._select, key)  # a new leaf has its line only then

    def open_config(self, config: RunConfig) -> None:
        """Put any configuration into the form, compared with the preset that it came from, if that is still there."""
        base = next((preset for preset in self._library.presets if preset.key == config.preset), None)
        self._keep_draft()
        if base is None:
            self._preset = Preset(config.title, config.title, config)
            self.form.load(config)
        else:
            self._preset = base
            self.query_one(PresetTree).select(base.key)
            self.form.load(base.config, flat(config))
        self._show_form_title()
        self.action_edit()

    def action_train(self) -> None:
        """Train what the form says, before everything that waits."""
        self._launch(first=True)

    def action_enqueue(self) -> None:
        """Queue what the form says, after everything that waits."""
        self._launch(first=False)

    def action_enqueue_part(self) -> None:
        """Queue every preset of the part, with the form's changes to data and training in each."""
        group = self.query_one(PresetTree).group
        if group is None or self._is_wrong():
            return
        try:
            several = [self.form.applied_to(preset.config, "data", "training") for preset in group.presets]
        except ValidationError as error:
            self.app.notify(sentence(error), title="Not queued", severity="error", markup=False)
            return
        self.post_message(
            self.Launched(tuple(config for configs in several for config in configs), first=False, on=self._on)
        )

    def action_reset(self) -> None:
        """Go back to the preset."""
        self.form.reset()

    def action_undo(self) -> None:
        """Take the form's last change back."""
        self.form.action_undo()

    def action_save(self) -> None:
        """Keep what the form says as a preset."""
        if not self._is_wrong() and self.form.config is not None:
            self.post_message(self.SaveWanted(self.form.config))

    def action_search(self) -> None:
        """Type words that a preset must hold."""
        line = self.query_one("#preset-search", Input)
        line.display = True
        line.focus()

    def action_toggle_advanced(self) -> None:
        """Show or hide the fields that few need."""
        self._with_advanced = not self._with_advanced
        self.form.show_advanced(shown=self._with_advanced)
        self.post_message(self.AdvancedToggled(shown=self._with_advanced))

    def action_toggle_model(self) -> None:
        """Show the model's panel in place of the form, where there is no room for both."""
        self.toggle_class("-model")

    def action_get_data(self) -> None:
        """Download or import CIFAR-100, or use the embedded set."""
        self.post_message(self.DataWanted())

    def action_choose_place(self) -> None:
        """Hand runs to Slurm from now on, or train them here again."""
        self.post_message(self.PlaceWanted(self._on))

    def show_place(self, on: str | None) -> None:
        """Say where runs are trained from now on; see `Launched`."""
        self._on = on
        self._show_form_title()
        self._name_buttons()

    def action_edit(self) -> None:
        """Move from the presets into the form."""
        self.remove_class("-model")
        self.form.focus_field(("training", "epochs"))

    def action_leave_form(self) -> None:
        """Move from the form to the presets."""
        line = self.query_one("#preset-search", Input)
        if line.display and not self.form.has_focus_within:
            self._search("")
        self.query_one(PresetTree).focus()

    def _search(self, words: str) -> None:
        line = self.query_one("#preset-search", Input)
        with line.prevent(Input.Changed):
            line.value = words
        line.display = bool(words)
        self._show_presets(words)

    def _show_presets(self, words: str) -> None:
        """Show those that hold the words, with the cursor on the one in the form, or else the first of them."""
        tree = self.query_one(PresetTree)
        shown = tree.show(self._library, words)
        tree.border_subtitle = "" if shown else "none of this name"
        key = self._preset.key
        if words and shown and key not in shown:
            key = shown[0]
        self.call_after_refresh(self._select, key)  # a new leaf has its line only then

    def _select(self, key: str) -> None:
        tree = self.query_one(PresetTree)
        tree.select(key)
        node = tree.cursor_node
        # Where another preset comes to stand on the cursor's line, the tree does not say so.
        if node is not None and isinstance(node.data, Preset) and node.data.key == key:
            self._open_preset(node.data)

    def _launch(self, *, first: bool) -> None:
        if not self._is_wrong():
            configs = self.form.configs
            self.post_message(self.Launched(configs, first=first, is_sweep=len(configs) > 1, on=self._on))

    def _is_wrong(self) -> bool:
        if not self.form.errors:
            return False
        # What is wrong with it stands below the fields; a notice would cover that.
        self.remove_class("-model")
        self.form.focus_field(next(iter(self.form.errors)))
        return True

    def _keep_draft(self) -> None:
        edits = {path: value for path, value in self.form.edits().items() if not _is_of_images(path)}
        if edits:
            self._drafts[self._preset.key] = edits
        else:
            self._drafts.pop(self._preset.key, None)

    @on(Input.Changed, "#preset-search")
    def _search_changed(self, message: Input.Changed) -> None:
        self._show_presets(message.value)

    @on(Input.Submitted, "#preset-search")
    def _search_done(self) -> None:
        self.query_one(PresetTree).focus()

    @on(Tree.NodeHighlighted)
    def _highlighted(self, message: Tree.NodeHighlighted[Preset | Group]) -> None:
        if isinstance(message.node.data, Preset):
            self._open_preset(message.node.data)

    @on(Tree.NodeSelected)
    def _selected(self, message: Tree.NodeSelected[Preset | Group]) -> None:
        if isinstance(message.node.data, Preset):
            self._open_preset(message.node.data)  # a run without a preset may have taken its place in the form
            self.action_edit()

    def _open_preset(self, preset: Preset) -> None:
        if preset.key != self._preset.key:
            self._keep_draft()
            images = {path: value for path, value in self.form.edits().items() if _is_of_images(path)}
            self._preset = preset
            self.form.load(preset.config, self._drafts.get(preset.key, {}) | images)
            self._show_form_title()

    @on(ConfigForm.Changed)
    def _form_changed(self) -> None:
        form = self.form
        if form.config is not None:
            self.query_one(ModelPanel).show(form.config)
        edited = {*self._drafts} - {self._preset.key}
        self.query_one(PresetTree).mark(edited | {self._preset.key} if form.edits() else edited)
        self._name_buttons()
        self._show_banner()

    @on(ModelPanel.Counted)
    def _counted(self, message: ModelPanel.Counted) -> None:
        self.form.border_subtitle = f"{message.parameters:,} parameters"

    @on(Button.Pressed, "#train")
    def _train_pressed(self) -> None:
        self.action_train()

    @on(Button.Pressed, "#enqueue")
    def _enqueue_pressed(self) -> None:
        self.action_enqueue()

    @on(Button.Pressed, "#enqueue-part")
    def _enqueue_part_pressed(self) -> None:
        self.action_enqueue_part()

    def _name_buttons(self) -> None:
        runs = len(self.form.configs)
        here = f"Train {runs} runs" if runs > 1 else "Train now"
        away = f"Hand {runs} runs to Slurm" if runs > 1 else "Hand to Slurm"
        self.query_one("#train", Button).label = here if self._on is None else away
        enqueue = self.query_one("#enqueue", Button)
        enqueue.label = f"Queue {runs} runs" if runs > 1 else "Add to queue"
        enqueue.display = self._on is None

    def _show_form_title(self) -> None:
        place = "" if self._on is None else f" · on Slurm: {self._on}"
        self.form.border_title = Text(f"{self._preset.key}{place}")

    def _show_banner(self) -> None:
        missing = self.form.values()["data", "source"] == Source.CIFAR100 and not self._has_cifar100
        banner = self.query_one("#data-banner")
        if banner.display != missing:
            banner.display = missing


def _is_of_images(path: FieldPath) -> bool:
    section, *names = path
    return section == "data" and names[0] in IMAGES
