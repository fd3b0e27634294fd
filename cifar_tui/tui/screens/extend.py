"""How many epochs a finished run is trained on for."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.validation import Integer
from textual.widgets import Button, Input, Static


class ExtendScreen(ModalScreen[int | None]):
    """Asks for the epochs in all; None when the person thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, name: str, epochs: int) -> None:
        super().__init__()
        self._name_of_run = name
        self._epochs = epochs

    def compose(self) -> ComposeResult:
        """Lay out the question, the number and the answers."""
        text = (
            f"{self._name_of_run} finished after {self._epochs} epochs. Train it on, as a new run, to how many in all? "
            "The learning rate follows the schedule of the longer run."
        )
        with Vertical(classes="dialog"):
            yield Static(Text(text), classes="dialog-text")
            with Horizontal(classes="dialog-line"):
                yield Static("Epochs in all ", classes="dialog-label")
                yield Input(
                    str(2 * self._epochs),
                    type="integer",
                    validators=[Integer(minimum=self._epochs + 1)],
                    compact=True,
                    id="epochs",
                )
            yield Static("", id="extend-note", classes="dialog-note")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Cancel (esc)", compact=True, id="cancel")
                yield Button("Queue it (enter)", compact=True, id="extend", variant="primary")

    def action_cancel(self) -> None:
        """Leave the run as it is."""
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#extend")
    def _agreed(self) -> None:
        line = self.query_one("#epochs", Input)
        if line.is_valid and line.value:
            self.dismiss(int(line.value))
        else:
            self.query_one("#extend-note", Static).update(f"Needs a whole number above {self._epochs}.")
