"""The rows of the form, drawn as one widget, and the controls that edit the row with the cursor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Spacing
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Select

from cifar_tui.config.fields import FieldKind
from cifar_tui.tui.widgets.field_controls import ChoiceControl, LineControl, SwitchControl
from cifar_tui.tui.widgets.form_row import FormRow, fitted

_TITLE_WIDTH = 19
_NARROW_CONTROL, _WIDE_CONTROL = 18, 26
_NOTE_WIDTH = 13
"""What a note is to have before the control becomes wide."""
_LEAST_NOTE = 4
"""With less, there is none."""


@dataclass(frozen=True)
class _Words:
    """A line that is no row."""

    text: str
    part: str
    """Its component class, without the prefix."""


class FormFields(Widget, inherit_bindings=False):
    """Shows rows under headings, one of them with a control in it; tells of edits and of where the focus is.

    A widget for each row, and one for its control, would make a change of the tab, of the theme and of the size take
    several times as long: Textual styles, places and draws every widget by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "go_on", "Next field", show=False),
        Binding("shift+tab", "go_back", "Field before", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"field--{part}" for part in ("title", "focused", "changed", "note", "wrong", "value", "section", "hint")
    }
    DEFAULT_CSS = f"""
    FormFields {{ height: auto; }}
    FormFields .field--title {{ color: $text-muted; }}
    FormFields .field--focused {{ color: $text; text-style: bold; }}
    FormFields .field--changed {{ color: $text-accent; }}
    FormFields .field--note {{ color: $text-disabled; }}
    FormFields .field--wrong {{ color: $text-error; }}
    FormFields .field--value {{ background: $surface; }}
    FormFields .field--section {{ color: $text-primary; text-style: bold; }}
    FormFields .field--hint {{ color: $text-muted; }}
    FormFields .control {{ position: absolute; height: 1; width: {_NARROW_CONTROL}; background: $surface; }}
    FormFields .control:focus {{ background: $primary 30%; }}
    FormFields LineControl.control {{ padding: 0 1; }}
    FormFields ChoiceControl > SelectCurrent {{ visibility: hidden; }}
    FormFields ChoiceControl > SelectOverlay {{ visibility: visible; }}
    FormFields SelectOverlay > .option-list--option {{ padding: 0 1; }}
    """

    class Edited(Message):
        """A person changed a row's value."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    class Focused(Message):
        """A row's control has the focus."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self._sections: Sequence[tuple[str, Sequence[FormRow]]] = ()
        self._hint = ""
        self._lines: list[FormRow | _Words | None] = []
        self._row: FormRow | None = None
        """The one with the cursor."""
        self._line, self._choice, self._switch = LineControl(), ChoiceControl(), SwitchControl()

    def compose(self) -> ComposeResult:
        """Lay out the controls, which only the row with the cursor has."""
        yield self._line
        yield self._choice
        yield self._switch

    @property
    def rows(self) -> list[FormRow]:
        """All rows, hidden ones, too."""
        return [row for _, rows in self._sections for row in rows]

    @property
    def focused_row(self) -> FormRow | None:
        """The row whose control, or what it opened, has the focus."""
        focused = self.screen.focused
        return self._row if focused is not None and self._control in focused.ancestors_with_self else None

    def show(self, sections: Sequence[tuple[str, Sequence[FormRow]]]) -> None:
        """Show other rows: of each section its heading and what it has."""
        self._sections = sections
        self.lay_out(self._hint)

    def lay_out(self, hint: str) -> None:
        """Take in which rows are shown by now, and a last line that says something of the hidden ones."""
        self._hint = hint
        lines: list[FormRow | _Words | None] = []
        for heading, rows in self._sections:
            lines += [None] if lines else []
            lines += [_Words(heading, "section"), *(row for row in rows if row.display)]
        lines += [None, _Words(hint, "hint")] if hint else []
        if lines != self._lines:
            before, self._lines = self._lines, lines
            self.styles.height = len(lines)
            self.refresh()
            self._place(self._still_there(before))

    def _still_there(self, before: Sequence[object]) -> FormRow | None:
        """Return the row with the cursor, or the nearest one above where it was, or the first."""
        if self._row in self._lines or self._row is None:
            return self._row or next(self._shown(), None)
        path = self._row.field.path
        same = next((row for row in self._shown() if row.field.path == path), None)
        above = [row for row in before[: before.index(self._row)] if row in self._lines] if self._row in before else []
        last = above[-1] if above else None
        return same or (last if isinstance(last, FormRow) else None) or next(self._shown(), None)

    def show_row(self, row: FormRow, error: str | None, *, is_changed: bool) -> None:
        """Show a row's error, or what it takes, and whether it differs from the preset."""
        if (error, is_changed) != (row.error, row.is_changed):
            row.error, row.is_changed = error, is_changed
            self._draw(row)

    def set_value(self, row: FormRow, value: object) -> None:
        """Show `value` in a row, as if it had always been there."""
        row.set_value(value)
        if row is self._row:
            self._control.show(row)
        self._draw(row)

    def focus_row(self, row: FormRow) -> None:
        """Move the cursor and the focus to a row."""
        self._take()
        self._place(row)
        self._see(row)
        if not self._control.has_focus:
            self._control.focus(scroll_visible=False)

    def step(self, by: int) -> None:
        """Move the cursor down or up by so many rows; from the last one to the first."""
        rows = list(self._shown())
        if rows:
            place = rows.index(self._row) if self._row in rows else 0
            self.focus_row(rows[(place + by) % len(rows)])

    def action_go_on(self) -> None:
        """Move one row down, and from the last one on to what follows the form."""
        if self._row is list(self._shown())[-1]:
            self.screen.focus_next()
        else:
            self.step(1)

    def action_go_back(self) -> None:
        """Move one row up, and from the first one to what is before the form."""
        if self._row is next(self._shown()):
            self.screen.focus_previous()
        else:
            self.step(-1)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        match self._lines[y] if y < len(self._lines) else None:
            case FormRow() as row:
                control = self._control_width
                room = width - _TITLE_WIDTH - control
                title = "changed" if row.is_changed else "focused" if row is self.focused_row else "title"
                note = "wrong" if row.error is not None else "note"
                parts = [
                    (fitted(row.title, _TITLE_WIDTH), title),
                    (row.shown_value(control), "value"),
                    (fitted(f" {row.note}" if room >= _LEAST_NOTE else "", room), note),
                ]
            case _Words(text, part):
                parts = [(fitted(f" {text}", width), part)]
            case _:
                return Strip.blank(width, self.rich_style)
        strip = Strip([Segment(text, self.get_component_rich_style(f"field--{part}")) for text, part in parts])
        return strip.adjust_cell_length(width, self.rich_style)

    def on_resize(self) -> None:
        """Make the control as wide as there is room for."""
        if self._row is not None:
            self._place(self._row)

    def keep_in_sight(self) -> None:
        """Scroll to the row that has the focus."""
        if self.focused_row is not None:
            self._see(self.focused_row)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to where the click was; on a switch or a choice, use it, too."""
        line = self._lines[event.y] if event.widget is self and event.y < len(self._lines) else None
        if isinstance(line, FormRow):
            self.focus_row(line)
            if _TITLE_WIDTH <= event.x < _TITLE_WIDTH + self._control_width:
                if line.field.kind is FieldKind.SWITCH:
                    self._switch.action_switch()
                elif line.field.kind is FieldKind.CHOICE:
                    self.call_after_refresh(self._choice.action_show_overlay)

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """Tell whose help to show."""
        if self._row is not None:
            self._draw(self._row)
            self._see(self._row)
            self.post_message(self.Focused(self._row))

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """Look like the other rows again."""
        if self._row is not None:
            self._draw(self._row)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(SwitchControl.Changed)
    def _changed(self, message: Message) -> None:
        message.stop()
        self._take()

    def _take(self) -> None:
        """Keep what the control holds by now: the cursor may be on the next row before the control says so."""
        row = self._row
        if row is not None and row.typed != self._control.typed:
            row.typed = self._control.typed
            self._control.refresh()
            self.post_message(self.Edited(row))

    @property
    def _control(self) -> LineControl | ChoiceControl | SwitchControl:
        match self._row.field.kind if self._row else FieldKind.TEXT:
            case FieldKind.SWITCH:
                return self._switch
            case FieldKind.CHOICE:
                return self._choice
            case _:
                return self._line

    @property
    def _control_width(self) -> int:
        room = self.size.width - _TITLE_WIDTH
        return max(min(room - _NOTE_WIDTH, _WIDE_CONTROL), min(room - 1, _NARROW_CONTROL), 1)

    def _place(self, row: FormRow | None) -> None:
        """Put the cursor on a row."""
        before, had_focus = self._row, self.focused_row is not None
        self._row = row
        if row is None:
            return
        control = self._control
        control.styles.offset = (_TITLE_WIDTH, self._lines.index(row))
        control.styles.width = self._control_width
        for other in (self._line, self._choice, self._switch):
            if other.display != (other is control):
                other.display = other is control
        if row is not before:
            control.show(row)
            if before is not None:
                self._draw(before)
            self._draw(row)
            if control.has_focus:
                self.post_message(self.Focused(row))
            elif had_focus:
                control.focus(scroll_visible=False)

    def _draw(self, row: FormRow) -> None:
        if row in self._lines:
            self.refresh(Region(0, self._lines.index(row), self.size.width, 1))

    def _see(self, row: FormRow) -> None:
        if isinstance(self.parent, Widget) and row in self._lines:
            region = Region(0, self._lines.index(row), 1, 1)
            self.parent.scroll_to_region(region, spacing=Spacing(1, 0, 1, 0), animate=False)

    def _shown(self) -> Iterator[FormRow]:
        return (line for line in self._lines if isinstance(line, FormRow))
