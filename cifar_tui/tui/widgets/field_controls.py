"""What a field of the form is edited with: one control of each kind, moved from row to row."""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Input, Select

from cifar_tui.tui.widgets.form_row import FormRow


class LineControl(Input):
    """Takes text; as wide as it is whatever is typed: a letter lays nothing out anew."""

    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self) -> None:
        super().__init__(compact=True, classes="control", select_on_focus=True)

    @property
    def typed(self) -> str:
        """What stands there."""
        return self.value

    def show(self, row: FormRow) -> None:
        """Hold the value of `row`, all of it selected: what is typed takes its place."""
        with self.prevent(Input.Changed):
            self.value = str(row.typed)
        self.action_select_all()


class ChoiceControl(Select[str], inherit_bindings=False):
    """Up and down move on to the next field, as everywhere in the form.

    It draws the chosen value itself, in place of the three widgets that `Select` has for it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "Choose", show=False)]

    def __init__(self) -> None:
        super().__init__([("", "")], allow_blank=False, compact=True, classes="control")
        self._row: FormRow | None = None

    @property
    def typed(self) -> str:
        """What is chosen."""
        return str(self.value)

    def show(self, row: FormRow) -> None:
        """Offer the choices of `row`."""
        with self.prevent(Select.Changed):
            if row is not self._row:
                self._row = row
                self.set_options(row.choices)
            self.value = str(row.typed)
        self.refresh()

    def render(self) -> Text:
        """Draw the chosen value, and that there are others."""
        text = self._row.shown_value(self.content_size.width) if self._row else ""
        return Text(text, no_wrap=True, end="")

    def on_click(self, event: events.Click) -> None:
        """Show what there is to choose from, unless the click was on one of that."""
        if event.widget is self:
            self.action_show_overlay()


class SwitchControl(Widget, can_focus=True):
    """On or off."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "switch", "Switch", show=False)]

    class Changed(Message):
        """A person switched it."""

    def __init__(self) -> None:
        super().__init__(classes="control")
        self._row: FormRow | None = None
        self.typed = False
        """Whether it is on."""

    def show(self, row: FormRow) -> None:
        """Be on or off as `row` is."""
        self._row = row
        self.typed = bool(row.typed)
        self.refresh()

    def render(self) -> Text:
        """Draw the box."""
        text = self._row.shown_value(self.content_size.width) if self._row else ""
        return Text(text, no_wrap=True, end="")

    def action_switch(self) -> None:
        """Switch it on or off."""
        self.typed = not self.typed
        self.post_message(self.Changed())

    def on_click(self) -> None:
        """Switch it on or off."""
        self.action_switch()
