"""Where the images come from: download CIFAR-100, import it from a path, or use the embedded set."""

from collections.abc import Callable
from enum import StrEnum
from types import ModuleType
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, ProgressBar, Static

from cifar_tui.paths import Paths, expand
from cifar_tui.tui.transfer import Tell, Transfer

NO_CIFAR100 = "CIFAR-100 is not here: press i to download, import, or use the embedded set."
"""Where this dialog opens with that key."""
_SECONDS_BETWEEN_LOOKS = 0.1


class DatasetChoice(StrEnum):
    """What the dialog ended with."""

    CIFAR100 = "cifar100"
    """CIFAR-100 is there now."""
    SYNTHETIC = "synthetic"
    """Use the embedded set."""


class DatasetScreen(ModalScreen[DatasetChoice | None]):
    """Gets CIFAR-100 without leaving the app; None when the person turned away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "download", "Download"),
        Binding("i", "import", "Import a path"),
        Binding("e", "embedded", "Use the embedded set"),
        Binding("escape", "leave", "Close"),
    ]

    def __init__(self, paths: Paths, transfer: Transfer) -> None:
        """Ask.

        Args:
            paths: where the data set is, or is to be.
            transfer: the app's own; one that is under way is shown.
        """
        super().__init__()
        self._paths = paths
        self._transfer = transfer
        self._is_done = False

    def compose(self) -> ComposeResult:
        """Lay out the three ways."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "CIFAR-100"
            dialog.border_subtitle = "esc closes"
            yield Static(Text(self._explanation()), classes="dialog-text")
            with Horizontal(classes="dialog-line"):
                yield Button("Download (d)", compact=True, variant="primary", id="download")
                yield Static("169 MB, from the University of Toronto", classes="dialog-note")
            with Horizontal(classes="dialog-line"):
                yield Button("Import (i)", compact=True, id="import")
                yield Input(placeholder="cifar-100-python.tar.gz, or a folder", compact=True, id="path")
            with Horizontal(classes="dialog-line"):
                yield Button("Embedded (e)", compact=True, id="embedded")
                yield Static("small made-up images; no download, not comparable", classes="dialog-note")
            yield ProgressBar(total=None, show_eta=False, id="progress")
            yield Static(id="message")

    def on_mount(self) -> None:
        """Hide the bar until there is progress."""
        self.query_one(ProgressBar).display = False
        self.query_one("#import" if self._paths.has_cifar100 else "#download").focus()
        if self._transfer.is_under_way:
            self._show_busy()
        self.set_interval(_SECONDS_BETWEEN_LOOKS, self._look)

    def _explanation(self) -> str:
        if self._paths.has_cifar100:
            return f"It is here: {self._paths.cifar100}"
        return "60,000 images of 100 classes; kept decoded, so this is done once."

    def action_download(self) -> None:
        """Download the official archive."""
        self._begin("Downloading", lambda cifar100, tell: cifar100.download(self._paths, tell))

    def action_import(self) -> None:
        """Import from the path, or go and type one."""
        if self._is_busy:
            return
        line = self.query_one("#path", Input)
        if not line.value.strip():
            line.focus()
            return
        path = expand(line.value.strip())
        self._begin("Reading and decoding", lambda cifar100, _tell: cifar100.import_from(path, self._paths))

    def action_embedded(self) -> None:
        """Use the embedded set."""
        self.dismiss(DatasetChoice.SYNTHETIC)

    def action_leave(self) -> None:
        """Close; a transfer under way goes on, and is there the next time."""
        self.dismiss(None)

    @on(Button.Pressed, "#download")
    def _download_pressed(self) -> None:
        self.action_download()

    @on(Button.Pressed, "#import")
    @on(Input.Submitted, "#path")
    def _import_pressed(self) -> None:
        self.action_import()

    @on(Button.Pressed, "#embedded")
    def _embedded_pressed(self) -> None:
        self.action_embedded()

    def _begin(self, what: str, work: Callable[[ModuleType, Tell], object]) -> None:
        if self._is_busy:
            return

        def load_and_work(tell: Tell) -> None:
            from cifar_tui.data import cifar100  # what decodes images takes a while to import

            work(cifar100, tell)

        self._transfer.start(what, load_and_work)
        self._show_busy()

    @property
    def _is_busy(self) -> bool:
        return self.query_one("#download", Button).disabled

    def _show_busy(self) -> None:
        self.query_one(ProgressBar).display = True
        for button in self.query(Button):
            button.disabled = button.id != "embedded"
        self._show_progress()

    def _show_progress(self) -> None:
        done, total = self._transfer.progress or (None, None)
        self.query_one(ProgressBar).update(total=total, progress=done or 0)
        of = f" {done / 1e6:.0f} of {total / 1e6:.0f} MB" if done is not None and total else ""
        self.query_one("#message", Static).update(f"{self._transfer.what} …{of}")

    def _look(self) -> None:
        if not self._is_busy:
            return
        if self._transfer.is_under_way:
            self._show_progress()
        else:
            self._show_end(self._transfer.error)

    @on(events.ScreenResume)
    def _close_when_done(self) -> None:
        # Not from below another screen, which would be closed in its place.
        if self._is_done and self.app.screen is self:
            self.dismiss(DatasetChoice.CIFAR100)

    def _show_end(self, error: str | None) -> None:
        if error is None:
            self._is_done = True
            self._close_when_done()
            return
        self.query_one(ProgressBar).display = False
        self.query_one("#message", Static).update(Text(error, style="bold red"))
        for button in self.query(Button):
            button.disabled = False
