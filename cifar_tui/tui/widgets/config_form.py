"""The form: generated from `RunConfig`'s fields, validated by it at every change."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cifar_tui.config import FieldPath, RunConfig, explain
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
from cifar_tui.tui.widgets.field_row import FieldRow

_MODEL_NAME = FormField(
    path=("model", "name"),
    title="Model",
    help="The architecture; its arguments follow.",
    kind=FieldKind.CHOICE,
    choices=model_names(),
)


class ConfigForm(Vertical):
    """Edits one `RunConfig`; `config` is None while a field is wrong."""

    DEFAULT_CSS = """
    ConfigForm VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    ConfigForm .section { height: 1; color: $text-primary; text-style: bold; padding: 0 1; margin-top: 1; }
    ConfigForm #section-run { margin-top: 0; }
    ConfigForm #model-arguments { height: auto; }
    ConfigForm #field-help.-wrong { color: $text-error; }
    ConfigForm #field-help { height: 2; color: $text-muted; padding: 0 1; border-top: solid $panel-lighten-2; }
    """

    class Changed(Message):
        """The configuration changed, or became wrong, or right again."""

        def __init__(self, form: "ConfigForm") -> None:
            super().__init__()
            self.form = form

    def __init__(self, config: RunConfig, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._base = config
        self._config: RunConfig | None = config
        self._model = config.model.name
        self._errors: dict[FieldPath, str] = {}
        self._focused_field = name_field()

    @property
    def config(self) -> RunConfig | None:
        """What the form says; None while a field is wrong."""
        return self._config

    @property
    def errors(self) -> dict[FieldPath, str]:
        """What is wrong with which field."""
        return self._errors

    def compose(self) -> ComposeResult:
        """Lay out the sections."""
        values = self._base.model_dump(mode="json")
        with VerticalScroll(can_focus=False):
            yield Static("Run", classes="section", id="section-run")
            yield FieldRow(name_field(), values["name"])
            yield Static("Model", classes="section")
            titles = [(spec.title, name) for name, spec in MODELS.items()]
            yield FieldRow(_MODEL_NAME, values["model"]["name"], titles)
            with Vertical(id="model-arguments"):
                yield from self._argument_rows(values["model"])
            yield Static("Training", classes="section")
            yield from (FieldRow(field, values["training"][field.path[-1]]) for field in training_fields())
            yield Static("Data", classes="section")
            yield from (FieldRow(field, values["data"][field.path[-1]]) for field in data_fields())
        yield Static(id="field-help")

    def on_mount(self) -> None:
        """Show the state of the first configuration."""
        self._show_states()

    async def load(self, config: RunConfig, edits: Mapping[FieldPath, object] | None = None) -> None:
        """Put `config`, changed by `edits`, into the form; from now on, what differs from `config` is marked."""
        model_changed = config.model.name != self._model
        self._base = config
        values = config.model_dump(mode="json")
        if model_changed:
            await self._show_arguments(values["model"])
        for row in self.query(FieldRow):
            path = row.field.path
            row.set_value(edits[path] if edits and path in edits else _at(values, path))
        self._validate()

    def edits(self, *sections: str) -> dict[FieldPath, object]:
        """Return the valid values in `sections` (`data`, `training`) that differ from what was loaded."""
        if self._config is None:
            return {}
        now, before = self._config.model_dump(mode="json"), self._base.model_dump(mode="json")
        paths = [row.field.path for row in self.query(FieldRow) if row.field.path[0] in sections]
        return {path: _at(now, path) for path in paths if _at(now, path) != _at(before, path)}

    def set_field(self, path: FieldPath, value: object) -> None:
        """Write `value` into one field, as if it had been typed."""
        for row in self.query(FieldRow):
            if row.field.path == path:
                row.set_value(value)
        self._validate()

    def focus_field(self, path: FieldPath) -> None:
        """Move the focus to a field's control."""
        for row in self.query(FieldRow):
            if row.field.path == path:
                row.focus_control()

    @on(FieldRow.Edited)
    async def _edited(self, message: FieldRow.Edited) -> None:
        message.stop()
        if message.row.field.path == _MODEL_NAME.path:
            name = str(message.row.value)
            if name != self._model:
                own = self._base.model.model_dump(mode="json") if self._base.model.name == name else None
                await self._show_arguments(own or MODELS[name].config().model_dump(mode="json"))
        self._validate()

    @on(FieldRow.Focused)
    def _focused(self, message: FieldRow.Focused) -> None:
        message.stop()
        self._focused_field = message.field
        self._show_help()

    def _show_help(self) -> None:
        field = self._focused_field
        error = self._errors.get(field.path)
        line = self.query_one("#field-help", Static)
        line.set_class(error is not None, "-wrong")
        line.update(Text(f"✗ {field.title}: {error}" if error else field.help))

    async def _show_arguments(self, values: dict[str, Any]) -> None:
        self._model = values["name"]
        section = self.query_one("#model-arguments")
        async with self.batch():
            await section.remove_children()
            await section.mount_all(list(self._argument_rows(values)))

    def _argument_rows(self, values: dict[str, Any]) -> Iterable[FieldRow]:
        return (FieldRow(field, values[field.path[-1]]) for field in model_fields(values["name"]))

    def _validate(self) -> None:
        values = self._base.model_dump(mode="json")
        shown = {row.field.path: row.value for row in self.query(FieldRow)}
        values["model"] = {}
        for path, value in shown.items():
            _at(values, path[:-1])[path[-1]] = value
        try:
            self._config, self._errors = RunConfig.model_validate(values), {}
        except ValidationError as error:
            self._config, self._errors = None, explain(error)
        self._show_states()
        self.post_message(self.Changed(self))

    def _show_states(self) -> None:
        before = self._base.model_dump(mode="json")
        now = self._config.model_dump(mode="json") if self._config else None
        for row in self.query(FieldRow):
            path = row.field.path
            value = _at(now, path) if now else row.value
            row.show_state(self._errors.get(path), changed=as_text(value) != as_text(_at(before, path)))
        self._show_help()


def _at(values: Any, path: FieldPath) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
