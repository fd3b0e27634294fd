"""A question whose answer is a line of text."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from cifar_tui.config import ConfigError
from cifar_tui.runs.store import StoreError

Answer = TypeVar("Answer")


class AskScreen(ModalScreen[Answer | None], Generic[Answer]):
    """Asks until the answer is accepted; None when the person turned away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(
        self, title: str, explanation: str, value: str, accept: Callable[[str], Answer], *, do: str = "Save"
    ) -> None:
        """Ask with `value` filled in.

        Args:
            title: of the dialog.
            explanation: what is asked for.
            value: the answer to begin with.
            accept: does what was asked for, or raises `ConfigError`, `StoreError` or `OSError` with what is wrong.
            do: what the button says.
        """
        super().__init__()
        self._heading = title
        self._explanation = explanation
        self._value = value
        self._accept = accept
        self._do = do

    def compose(self) -> ComposeResult:
        """Lay out the question, the line and the answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._heading
            yield Static(Text(self._explanation), classes="dialog-text")
            yield Input(self._value, compact=True, id="answer", classes="dialog-line")
            yield Static("", id="ask-note", classes="dialog-note")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Cancel (esc)", compact=True, id="cancel")
                yield Button(f"{self._do} (enter)", compact=True, id="do", variant="primary")

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Leave things as they are."""
        if self.is_current:
            self.dismiss(None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#do")
    def _agreed(self) -> None:
        if not self.is_current:  # the key was pressed twice, and the first time has closed it
            return
        try:
            answer = self._accept(self.query_one("#answer", Input).value)
        except (ConfigError, StoreError) as error:
            self.query_one("#ask-note", Static).update(Text(f"✗ {error}", style="red"))
        except ValueError as error:  # such as a number of more digits than Python reads, or a path that is none
            self.query_one("#ask-note", Static).update(Text(f"✗ This cannot be used: {error}.", style="red"))
        except OSError as error:
            sentence = f"✗ {error.filename or 'The file'} cannot be written: {error.strerror}."
            self.query_one("#ask-note", Static).update(Text(sentence, style="red"))
        else:
            self.dismiss(answer)
