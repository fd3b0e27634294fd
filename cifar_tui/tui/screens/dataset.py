"""Where the images come from: download CIFAR-100, import it from a path, or use the embedded set."""

from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, ProgressBar, Static

from cifar_tui.data.dataset import DatasetError
from cifar_tui.paths import Paths, expand

NO_CIFAR100 = "CIFAR-100 is not here: press i to download, import, or use the embedded set."
"""Where this dialog opens with that key."""


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

    class Progressed(Message):
        """The download has come so far."""

        def __init__(self, done: int, total: int) -> None:
            super().__init__()
            self.done = done
            self.total = total

    class Ended(Message):
        """The thread is done; `error` is a sentence when it failed."""

        def __init__(self, error: str | None) -> None:
            super().__init__()
            self.error = error

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        self._paths = paths
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
        self.query_one("#import" if self._paths.cifar100.is_file() else "#download").focus()

    def _explanation(self) -> str:
        if self._paths.cifar100.is_file():
            return f"It is here: {self._paths.cifar100}"
        return "60,000 images of 100 classes; kept decoded, so this is done once."

    def action_download(self) -> None:
        """Download the official archive."""
        if self._is_busy:
            return
        self._begin("Downloading …")
        self._download()

    def action_import(self) -> None:
        """Import from the path, or go and type one."""
        line = self.query_one("#path", Input)
        if self._is_busy:
            return
        if not line.value.strip():
            line.focus()
            return
        self._begin("Reading and decoding …")
        self._import(expand(line.value.strip()))

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

    @property
    def _is_busy(self) -> bool:
        return self.query_one("#download", Button).disabled

    def _begin(self, what: str) -> None:
        bar = self.query_one(ProgressBar)
        bar.display = True
        bar.update(total=None)
        self.query_one("#message", Static).update(what)
        for button in self.query(Button):
            button.disabled = button.id != "embedded"

    @work(thread=True, exclusive=True, group="dataset")
    def _download(self) -> None:
        from cifar_tui.data import cifar100

        error: str | None = None
        try:
            cifar100.download(self._paths, lambda done, total: self.post_message(self.Progressed(done, total)))
        except DatasetError as raised:
            error = str(raised)
        self.post_message(self.Ended(error))

    @work(thread=True, exclusive=True, group="dataset")
    def _import(self, path: Path) -> None:
        from cifar_tui.data import cifar100

        error: str | None = None
        try:
            cifar100.import_from(path, self._paths)
        except DatasetError as raised:
            error = str(raised)
        self.post_message(self.Ended(error))

    @on(events.ScreenResume)
    def _close_when_done(self) -> None:
        # Not from below another screen, which would be closed in its place.
        if self._is_done and self.app.screen is self:
            self.dismiss(DatasetChoice.CIFAR100)

    @on(Progressed)
    def _show_progress(self, message: Progressed) -> None:
        self.query_one(ProgressBar).update(total=message.total, progress=message.done)
        text = f"Downloading … {message.done / 1e6:.0f} of {message.total / 1e6:.0f} MB"
        self.query_one("#message", Static).update(text)

    @on(Ended)
    def _show_end(self, message: Ended) -> None:
        if message.error is None:
            self._is_done = True
            self._close_when_done()
            return
        self.query_one(ProgressBar).display = False
        self.query_one("#message", Static).update(Text(message.error, style="bold red"))
        for button in self.query(Button):
            button.disabled = False
