"""One line of the form: title, control, and beside it what the field takes or what is wrong."""

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select

from cifar_tui.config.fields import FieldKind, FormField, as_text, parse
from cifar_tui.tui.symbols import symbols

_TITLE_WIDTH = 19

StyleOf = Callable[[str], Style]
"""Gives the style of a row's part: `title`, `focused`, `changed`, `note`, `wrong`."""


class _Choice(Select[str], inherit_bindings=False):
    """Up and down move on to the next field, as everywhere in the form.

    It draws the chosen value itself, in place of the three widgets that `Select` has for it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "Choose", show=False)]

    def __init__(self, choices: list[tuple[str, str]], value: str) -> None:
        super().__init__(choices, value=value, allow_blank=False, compact=True, classes="control")
        self._labels = {value: label for label, value in choices}

    def render(self) -> Text:
        """Draw the chosen value, and that there are others."""
        label = Text(self._labels.get(str(self.value), ""), no_wrap=True, end="")
        label.truncate(max(self.content_size.width - 2, 1), overflow="ellipsis", pad=True)
        return label.append(f" {symbols().choice}")

    def watch_value(self) -> None:
        """Draw the other value."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Show what there is to choose from, unless the click was on one of that."""
        if event.widget is self:
            self.action_show_overlay()


class _Line(Input):
    """As wide as it is whatever is typed: a letter lays nothing out anew."""

    virtual_size = Reactive(Size(0, 0), layout=False)


class FieldRow(Widget):
    """A `FormField` with its control.

    Title and note are drawn by the row itself: every widget less makes the form quicker to show, and to move in.
    """

    DEFAULT_CSS = f"""
    FieldRow {{ height: 1; layout: horizontal; }}
    FieldRow .control {{ width: 18; margin-left: {_TITLE_WIDTH}; }}
    FieldRow Input.control {{ background: $surface; padding: 0 1; }}
    FieldRow Input.control:focus {{ background: $primary 30%; }}
    FieldRow Select.control {{ background: $surface; padding: 0 1; }}
    FieldRow Select.control:focus {{ background: $primary 30%; }}
    FieldRow Select.control > SelectCurrent {{ visibility: hidden; }}
    FieldRow Select.control > SelectOverlay {{ visibility: visible; }}
    FieldRow Checkbox {{ border: none; padding: 0 1; background: transparent; }}
    """

    class Edited(Message):
        """A person changed the field's value."""

        def __init__(self, row: "FieldRow") -> None:
            super().__init__()
            self.row = row

        @property
        def control(self) -> "FieldRow":
            """The row that was edited."""
            return self.row

    class Focused(Message):
        """The field's control has the focus."""

        def __init__(self, field: FormField) -> None:
            super().__init__()
            self.field = field

    def __init__(
        self, field: FormField, value: object, style: StyleOf, choices: list[tuple[str, str]] | None = None
    ) -> None:
        super().__init__()
        self._style = style
        self.field = field
        self._choices = choices or [(str(choice), str(choice)) for choice in field.choices]
        self._control = self._make_control(value)
        self._state: tuple[str | None, bool] = (None, False)
        self.is_changed = False
        """Whether the field differs from the preset; told by `show_state`."""

    def compose(self) -> ComposeResult:
        """Lay out the control."""
        yield self._control

    def render(self) -> Text:
        """Draw the title, and the note behind the control."""
        width = self._control.outer_size.width
        title = Text(f" {self.field.title}{' •' if self.is_changed else ''}")
        title.truncate(_TITLE_WIDTH, overflow="ellipsis", pad=True)
        error, changed = self._state
        title.stylize(self._style("changed" if changed else "focused" if self.has_focus_within else "title"))
        note = Text(self.note, self._style("wrong" if error is not None else "note"))
        note.truncate(max(self.size.width - _TITLE_WIDTH - width - 2, 1), overflow="ellipsis")
        return Text.assemble(title, " " * width, " ", note, no_wrap=True, end="")

    @property
    def note(self) -> str:
        """What is wrong with the value, or what the field takes."""
        error, _ = self._state
        if error is not None:
            return f"✗ {error}"
        return "a, b" if self.field.kind is FieldKind.NUMBERS else self.field.bounds

    @property
    def value(self) -> object:
        """What the control holds, not validated."""
        match self._control:
            case Checkbox() as box:
                return box.value
            case Select() as select:
                return parse(self.field, str(select.value))
            case Input() as line:
                return parse(self.field, line.value)
        raise AssertionError(self._control)

    def set_value(self, value: object) -> None:
        """Show `value` in the control, as if it had always been there."""
        with self.prevent(Input.Changed, Select.Changed, Checkbox.Changed):
            match self._control:
                case Checkbox() as box:
                    box.value = bool(value)
                case Select() as select:
                    select.value = as_text(value)
                case Input() as line:
                    line.value = as_text(value)

    def show_state(self, error: str | None, *, changed: bool) -> None:
        """Show the field's error, or what it takes, and whether it differs from the preset."""
        if (error, changed) == self._state:
            return
        self._state = (error, changed)
        self.set_class(error is not None, "-wrong")
        self.set_class(changed, "-changed")
        self.is_changed = changed
        self.refresh()

    @property
    def has_focus_within(self) -> bool:
        """Whether the field's control has the focus."""
        return self._control.has_focus

    def focus_control(self) -> None:
        """Move the focus to the control."""
        self._control.focus()

    def _make_control(self, value: object) -> Widget:
        match self.field.kind:
            case FieldKind.SWITCH:
                return Checkbox("", value=bool(value), classes="control")
            case FieldKind.CHOICE:
                return _Choice(self._choices, as_text(value))
            case _:
                return _Line(as_text(value), compact=True, classes="control", select_on_focus=True)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _pass_on(self, message: Message) -> None:
        message.stop()
        self.post_message(self.Edited(self))

    def on_click(self) -> None:
        """Move the focus to the control, also from the title and the note."""
        self.focus_control()

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """Tell the form whose help to show."""
        self.add_class("-focused")
        self.post_message(self.Focused(self.field))

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """Look like the others again."""
        self.remove_class("-focused")
