"""Keeps what the form says as a preset."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from cifar_tui.config import ConfigError, RunConfig
from cifar_tui.paths import Paths
from cifar_tui.presets import Preset, save_preset


class SavePresetScreen(ModalScreen[Preset | None]):
    """Asks for a title and writes the file; None when the person turned away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, paths: Paths, config: RunConfig) -> None:
        super().__init__()
        self._paths = paths
        self._config = config

    def compose(self) -> ComposeResult:
        """Lay out the question and its answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Save as a preset"
            yield Static(Text(f"It is kept in {self._paths.presets} and appears under Mine."), classes="dialog-text")
            with Horizontal(classes="dialog-line"):
                yield Static("Title ", classes="dialog-label")
                yield Input(self._config.name, max_length=80, compact=True, id="title")
            yield Static("", id="save-note", classes="dialog-note")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Cancel (esc)", compact=True, id="cancel")
                yield Button("Save (enter)", compact=True, id="save", variant="primary")

    def action_cancel(self) -> None:
        """Save nothing."""
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _agreed(self) -> None:
        try:
            self.dismiss(save_preset(self._paths, self.query_one("#title", Input).value, self._config))
        except ConfigError as error:
            self.query_one("#save-note", Static).update(Text(f"✗ {error}.", style="red"))
