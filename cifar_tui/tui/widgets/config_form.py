"""The form: generated from `RunConfig`'s fields, validated by it at every change."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import ValidationError
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cifar_tui.config import ConfigError, FieldPath, RunConfig
from cifar_tui.config.cross import alternatives, cross, faults
from cifar_tui.config.fields import (
    FieldKind,
    FormField,
    as_text,
    data_fields,
    model_fields,
    model_names,
    name_field,
    training_fields,
)
from cifar_tui.models.registry import MODELS
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.widgets.form_fields import FormFields
from cifar_tui.tui.widgets.form_row import FormRow

_MODEL_NAME = FormField(
    path=("model", "name"),
    title="Model",
    help="The architecture; its arguments follow.",
    kind=FieldKind.CHOICE,
    choices=model_names(),
)
_TOGGLE = "v, in a field esc v"
Values = dict[FieldPath, object]
"""What each control holds, as it was typed."""


class _Scroll(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls by page and follows the focus: up and down are the form's, which moves between the fields."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]


class ConfigForm(Vertical):
    """Edits one `RunConfig`, or several at once where a number has several values; none while a field is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")
    DEFAULT_CSS = """
    ConfigForm VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    ConfigForm #field-help { height: 3; color: $text-muted; padding: 0 1; border-top: solid $border-blurred; }
    .-tall ConfigForm #field-help { height: 4; }
    ConfigForm #field-help.-wrong { color: $text-error; }
    """

    class Changed(Message):
        """The configuration changed, or became wrong, or right again."""

        def __init__(self, form: "ConfigForm") -> None:
            super().__init__()
            self.form = form

    def __init__(self, config: RunConfig, *, with_advanced: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._base = config
        self._configs: tuple[RunConfig, ...] = (config,)
        self._model = config.model.name
        self._errors: dict[FieldPath, str] = {}
        self._is_stale = False
        """Whether something was typed since configurations and errors were made."""
        self._focused_field = name_field()
        self._with_advanced = with_advanced
        self._hint = ""
        """Says how the fields that few need are shown, or hidden again."""
        self._history: list[tuple[FieldPath, Values]] = []
        """The field that each edit was made in, and all values before it."""
        self._values: Values = {}
        values = config.model_dump(mode="json")
        titles = [(spec.title, name) for name, spec in MODELS.items()]
        self._name_row = FormRow(name_field(), values["name"])
        self._model_row = FormRow(_MODEL_NAME, values["model"]["name"], titles)
        self._argument_rows = _rows_for(model_fields(self._model), values["model"])
        self._training_rows = _rows_for(training_fields(), values["training"])
        self._data_rows = _rows_for(data_fields(), values["data"])

    @property
    def config(self) -> RunConfig | None:
        """What the form says, the first of several; None while a field is wrong."""
        return self.configs[0] if self.configs else None

    @property
    def configs(self) -> tuple[RunConfig, ...]:
        """What the form says: one configuration, more where a number has several values, none while one is wrong."""
        self._check()
        return self._configs

    @property
    def errors(self) -> dict[FieldPath, str]:
        """What is wrong with which field."""
        self._check()
        return self._errors

    @property
    def first_error(self) -> str | None:
        """A sentence about the first field that is wrong, by the name that the form gives it."""
        titles = {row.field.path: row.field.title for row in self.rows}
        return next((f"{titles.get(path, '.'.join(path))} {text}." for path, text in self.errors.items()), None)

    @property
    def is_changed(self) -> bool:
        """Whether any field differs from what was loaded."""
        return any(row.is_changed for row in self.rows)

    @property
    def rows(self) -> list[FormRow]:
        """All rows in their order, hidden ones, too."""
        return [self._name_row, self._model_row, *self._argument_rows, *self._training_rows, *self._data_rows]

    @property
    def focused_row(self) -> FormRow | None:
        """The row whose control has the focus."""
        return self._fields.focused_row

    @property
    def _fields(self) -> FormFields:
        return self.query_one(FormFields)

    def compose(self) -> ComposeResult:
        """Lay out the fields, and the line that explains the one with the focus."""
        with _Scroll():
            yield FormFields()
        yield Static(id="field-help")

    def on_mount(self) -> None:
        """Show the state of the first configuration."""
        self._values = self.values()
        self._show_sections()
        self._show_states()
        self.post_message(self.Changed(self))

    def load(self, config: RunConfig, edits: Mapping[FieldPath, object] | None = None) -> None:
        """Put `config`, changed by `edits`, into the form; from now on, what differs from `config` is marked."""
        self._base = config
        self._history.clear()
        values = flat(config)
        self._fill({**values, **(edits or {})})

    def values(self) -> Values:
        """Return what each control holds."""
        return {row.field.path: row.value for row in self.rows}

    def edits(self) -> Values:
        """Return what the controls hold beside what was loaded."""
        return {row.field.path: row.value for row in self.rows if row.is_changed}

    def applied_to(self, base: RunConfig, *sections: str) -> tuple[RunConfig, ...]:
        """Return `base` with what was changed in `sections` (`data`, `training`), once for each of several values.

        Raises:
            ValidationError: `base` does not take a value.
        """
        rows = [row for row in self.rows if row.is_changed and row.field.path[0] in sections]
        values = base.model_dump(mode="json")
        return cross(values, self._write(values, rows))

    def set_field(self, path: FieldPath, value: object) -> None:
        """Write `value` into one field, as if it had been typed."""
        self._fields.set_value(self._row(path), value)
        self._remember(path)
        self._is_stale = True
        self._validate()

    def focus_field(self, path: FieldPath) -> None:
        """Move the focus to a field's control."""
        row = self._row(path)
        if not row.display:
            row.display = True
            self._fields.lay_out(self._hint)
        self._fields.focus_row(row)

    def show_advanced(self, *, shown: bool) -> None:
        """Show or hide the fields that few need; those that were changed stay."""
        self._with_advanced = shown
        self._show_states()

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._history:
            _, values = self._history.pop()
            self._fill(values)
        else:
            self.app.notify("Nothing to undo.")

    def action_reset_field(self) -> None:
        """Put the focused field back to what was loaded."""
        path = self._focused_field.path
        before = flat(self._base)
        if path == _MODEL_NAME.path:
            self._remember(path)
            self._fill({**self.values(), path: before[path]})
        elif path in before:
            self.set_field(path, before[path])

    def reset(self) -> None:
        """Put every field back to what was loaded."""
        self._remember(())
        self._fill(flat(self._base))

    def action_next_field(self) -> None:
        """Move the focus one field down."""
        self._fields.step(1)

    def action_previous_field(self) -> None:
        """Move the focus one field up."""
        self._fields.step(-1)

    @on(FormFields.Edited)
    def _edited(self, message: FormFields.Edited) -> None:
        message.stop()
        self._remember(message.row.field.path)
        if message.row is self._model_row:
            self._show_model(str(message.row.value))
        self._is_stale = True
        self.call_after_refresh(self._validate)  # first the letter, then what it means

    def on_resize(self) -> None:
        """Keep the field with the focus in sight."""
        self.call_after_refresh(self._fields.keep_in_sight)

    def on_descendant_focus(self, _: events.DescendantFocus) -> None:
        """Show by the frame that the focus is here."""
        self._show_frame()

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """Look like the other panels again, unless another control of the form has the focus."""
        self._show_frame()

    def _show_frame(self) -> None:
        # By the form's own style alone: `:focus-within` styles everything in it anew at each move of the focus.
        has_focus = self.focused_row is not None
        if self.has_class("-focused") != has_focus:
            self.set_class(has_focus, "-focused", update=False)
            self.app.stylesheet.apply(self)

    @on(FormFields.Focused)
    def _focused(self, message: FormFields.Focused) -> None:
        message.stop()
        self._focused_field = message.row.field
        self._show_help()

    def _remember(self, path: FieldPath) -> None:
        """Keep what was before an edit; letters typed one after the other into a field are one edit."""
        if not self._history or self._history[-1][0] != path or not path:
            self._history.append((path, self._values))

    def _fill(self, values: Mapping[FieldPath, object]) -> None:
        self._show_model(str(values[_MODEL_NAME.path]))
        for row in self.rows:
            if row.field.path in values:
                self._fields.set_value(row, values[row.field.path])
        self._is_stale = True
        self._validate()

    def _show_help(self) -> None:
        field = self._focused_field
        error = self._errors.get(field.path)
        line = self.query_one("#field-help", Static)
        line.set_class(error is not None, "-wrong")
        _update(line, f"✗ {field.title}: {error}" if error else field.help)

    def _show_model(self, name: str) -> None:
        """Have the arguments of the model called `name`."""
        if name != self._model:
            model = self._base.model if self._base.model.name == name else MODELS[name].config()
            self._model = model.name
            self._argument_rows = _rows_for(model_fields(name), model.model_dump(mode="json"))
            self._show_sections()

    def _show_sections(self) -> None:
        model = [self._model_row, *self._argument_rows]
        training, data = self._training_rows, self._data_rows
        self._fields.show((("Run", [self._name_row]), ("Model", model), ("Training", training), ("Data", data)))

    def _row(self, path: FieldPath) -> FormRow:
        return next(row for row in self.rows if row.field.path == path)

    def _validate(self) -> None:
        self._check()
        self._show_states()
        self.post_message(self.Changed(self))

    def _check(self) -> None:
        """Know what the controls say by now."""
        if not self._is_stale:
            return
        self._is_stale = False
        self._values = self.values()
        values = self._base.model_dump(mode="json") | {"model": {}}
        choices = self._write(values, self.rows)
        try:
            self._configs, self._errors = cross(values, choices), {}
        except ValidationError:
            self._configs, self._errors = (), faults(values, choices)
        except ConfigError as error:
            self._configs, self._errors = (), {self._focused_field.path: str(error)}

    def _write(self, values: dict[str, Any], rows: Iterable[FormRow]) -> dict[FieldPath, tuple[object, ...]]:
        """Put the values of `rows` into `values`; return the choices where there are several."""
        choices: dict[FieldPath, tuple[object, ...]] = {}
        neighbours = self._neighbours()
        for row in rows:
            field = row.field
            value = row.value if field.applies(neighbours[field.path[:-1]]) else field.default
            if field.kind is FieldKind.NUMBER and isinstance(value, str) and len(several := alternatives(value)) > 1:
                choices[field.path] = several
            _at(values, field.path[:-1])[field.path[-1]] = value
        return choices

    def _neighbours(self) -> dict[FieldPath, dict[str, object]]:
        """The values of each section, by the last part of their paths."""
        sections: dict[FieldPath, dict[str, object]] = {}
        for (*section, key), value in self._values.items():
            sections.setdefault(tuple(section), {})[key] = value
        return sections

    def _show_states(self) -> None:
        before = flat(self._base)
        now = flat(self._configs[0]) if len(self._configs) == 1 else {}
        hidden = 0
        neighbours = self._neighbours()
        focused = self.focused_row
        for row in self.rows:
            field = row.field
            value, was = now.get(field.path, row.value), before.get(field.path)
            self._fields.show_row(row, self._errors.get(field.path), is_changed=as_text(value) != as_text(was))
            applies = field.applies(neighbours[field.path[:-1]])
            is_plain = not row.is_changed and as_text(was) == as_text(field.default)
            is_hidden = field.is_advanced and is_plain and not self._with_advanced and row is not focused
            row.display = applies and (not is_hidden or field.path in self._errors)
            hidden += applies and is_hidden
        self._hint = f"{hidden} more: {_TOGGLE}" if hidden else f"fewer: {_TOGGLE}" if self._with_advanced else ""
        self._fields.lay_out(self._hint)
        self._show_help()


def _rows_for(fields: Iterable[FormField], values: Mapping[str, object]) -> list[FormRow]:
    return [FormRow(field, values[field.path[-1]]) for field in fields]


def _update(line: Static, text: str) -> None:
    if str(line.content) != text:
        line.update(Text(text), layout=False)


def flat(config: RunConfig) -> Values:
    """Return the values of the form's fields in `config`."""
    values = config.model_dump(mode="json")
    return {("name",): values["name"]} | {
        (section, key): value for section in ("model", "training", "data") for key, value in values[section].items()
    }


def _at(values: Any, path: FieldPath) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
