"""The Launch tab: choose a preset, change what you like, train it."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Static, Tree

from cifar_tui.config import ConfigError, RunConfig, Source, with_values
from cifar_tui.presets import Preset, PresetLibrary
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.model_panel import ModelPanel
from cifar_tui.tui.widgets.preset_tree import Group, PresetTree


class LaunchPane(Vertical):
    """Presets on the left, the form beside them, the model's summary where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,ctrl+t", "train", "Train", key_display="t"),
        Binding("a,ctrl+g", "enqueue", "Queue", key_display="a"),
        Binding("p", "enqueue_part", "Queue part"),
        Binding("r", "reset", "Reset"),
        Binding("i", "get_data", "Data"),
        Binding("e", "edit", "Edit"),
        Binding("escape", "leave_form", "Presets", show=False),
    ]

    class Launched(Message):
        """A person wants these runs trained."""

        def __init__(self, configs: tuple[RunConfig, ...], *, first: bool) -> None:
            super().__init__()
            self.configs = configs
            self.first = first
            """Before everything that waits already."""

    class DataWanted(Message):
        """A person wants to choose where the images come from."""

    def __init__(self, library: PresetLibrary, first: Preset) -> None:
        super().__init__()
        self._library = library
        self._preset = first
        self._has_cifar100 = True

    def compose(self) -> ComposeResult:
        """Lay out tree, form, buttons and summary."""
        yield Static(id="data-banner")
        with Horizontal(id="launch-columns"):
            yield PresetTree(self._library, id="presets")
            with Vertical(id="launch-middle"):
                yield ConfigForm(self._preset.config, id="form")
                with Horizontal(id="launch-buttons"):
                    yield Button("Train now", variant="primary", compact=True, id="train", tooltip="t")
                    yield Button("Add to queue", compact=True, id="enqueue", tooltip="a")
                    yield Button("Queue the part", compact=True, id="enqueue-part", tooltip="p")
            yield ModelPanel(id="model")

    def on_mount(self) -> None:
        """Begin at the first preset."""
        self.query_one(PresetTree).border_title = "Presets · report's test %"
        self.query_one(PresetTree).select(self._preset.key)
        self._show_form_title()
        for problem in self._library.problems:
            self.app.notify(problem, title="A preset cannot be used", severity="warning", markup=False, timeout=15)

    @property
    def form(self) -> ConfigForm:
        """The form."""
        return self.query_one(ConfigForm)

    def show_data_state(self, *, has_cifar100: bool) -> None:
        """Say whether CIFAR-100 is there, where the form asks for it."""
        self._has_cifar100 = has_cifar100
        self._show_banner()

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
        edits = self.form.edits("data", "training")
        try:
            configs = tuple(with_values(preset.config, edits) for preset in group.presets)
        except ConfigError as error:
            self.app.notify(str(error), severity="error", markup=False)
            return
        self.post_message(self.Launched(configs, first=False))

    async def action_reset(self) -> None:
        """Go back to the preset."""
        await self.form.load(self._preset.config)

    def action_get_data(self) -> None:
        """Download or import CIFAR-100, or use the embedded set."""
        self.post_message(self.DataWanted())

    def action_edit(self) -> None:
        """Move from the presets into the form."""
        self.form.focus_field(("training", "epochs"))

    def action_leave_form(self) -> None:
        """Move from the form to the presets."""
        self.query_one(PresetTree).focus()

    def _launch(self, *, first: bool) -> None:
        if not self._is_wrong() and self.form.config is not None:
            self.post_message(self.Launched((self.form.config,), first=first))

    def _is_wrong(self) -> bool:
        if not self.form.errors:
            return False
        path, message = next(iter(self.form.errors.items()))
        self.form.focus_field(path)
        self.app.notify(f"{'.'.join(path)} {message}", title="Not yet", severity="error", markup=False)
        return True

    @on(Tree.NodeHighlighted)
    async def _highlighted(self, message: Tree.NodeHighlighted[Preset | Group]) -> None:
        data = message.node.data
        if isinstance(data, Preset) and data != self._preset:
            self._preset = data
            await self.form.load(data.config, self.form.edits("data"))  # the images stay the ones that were chosen
            self._show_form_title()

    @on(Tree.NodeSelected)
    def _selected(self, message: Tree.NodeSelected[Preset | Group]) -> None:
        if isinstance(message.node.data, Preset):
            self.action_edit()

    @on(ConfigForm.Changed)
    def _form_changed(self) -> None:
        if self.form.config is not None:
            self.query_one(ModelPanel).show(self.form.config.model)
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

    def _show_form_title(self) -> None:
        self.form.border_title = self._preset.key

    def _show_banner(self) -> None:
        config = self.form.config
        missing = config is not None and config.data.source is Source.CIFAR100 and not self._has_cifar100
        banner = self.query_one("#data-banner", Static)
        banner.display = missing
        if missing:
            banner.update(
                Text.assemble(
                    ("CIFAR-100 is not here yet:", "bold"),
                    " press ",
                    ("i", "bold"),
                    " to download, import, or use the embedded set.",
                )
            )
