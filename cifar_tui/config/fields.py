"""The fields of a configuration as a form sees them: read off the pydantic models, never written down twice."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cifar_tui.config.data import DataConfig
from cifar_tui.config.errors import ConfigError, FieldPath
from cifar_tui.config.model import ModelConfig
from cifar_tui.config.run import RunConfig
from cifar_tui.config.training import TrainingConfig

_NO_REAL_LIMIT = 100
"""Upper bounds from here on only keep out nonsense; showing them would hide the ones that matter."""


class FieldKind(StrEnum):
    """What a field takes, and so which control shows it."""

    TEXT = "text"
    NUMBER = "number"
    NUMBERS = "numbers"
    """Several whole numbers."""
    SWITCH = "switch"
    CHOICE = "choice"


@dataclass(frozen=True)
class FormField:
    """One line of the form."""

    path: FieldPath
    title: str
    help: str
    kind: FieldKind
    choices: tuple[str | int, ...] = ()
    """The values of a `CHOICE`."""
    bounds: str = ""
    """What a number may be, as a person reads it: `≥ 1`, `< 1`."""
    default: object = None
    is_advanced: bool = False
    only_with: str | None = None
    """The neighbour whose value decides whether this field has an effect; None where it always has one."""
    values: tuple[str, ...] = ()
    """Of `only_with`: those with which it has one."""

    def applies(self, neighbours: Mapping[str, object]) -> bool:
        """Whether the field has an effect beside these values of its section."""
        return self.only_with is None or str(neighbours.get(self.only_with)) in self.values


def model_names() -> tuple[str, ...]:
    """Return the names of all architectures, in the report's order."""
    return tuple(_model_classes())


def model_fields(name: str) -> tuple[FormField, ...]:
    """Return the arguments of the architecture called `name`."""
    return tuple(_fields(_model_classes()[name], ("model",), leave_out=("name",)))


def data_fields() -> tuple[FormField, ...]:
    """Return the fields of the data set, its split and augmentation."""
    return tuple(_fields(DataConfig, ("data",)))


def training_fields() -> tuple[FormField, ...]:
    """Return the fields of the recipe."""
    return tuple(_fields(TrainingConfig, ("training",)))


def name_field() -> FormField:
    """Return the run's name."""
    return next(field for field in _fields(RunConfig, ()) if field.path == ("name",))


def unknown_key(path: FieldPath) -> ConfigError:
    """Return the error of a key that a configuration does not have, with the one that may be meant."""
    meant = [field.path for field in (*training_fields(), *data_fields()) if field.path[-1] == path[-1]]
    hint = f"; {'.'.join(meant[0])} is one" if meant else ""
    return ConfigError(f"{'.'.join(path)}: is not a known key{hint}")


def as_text(value: object) -> str:
    """Return a field's value as the form shows it, and as `parse` reads it back."""
    if value is None:
        return ""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def parse(field: FormField, text: str) -> object:
    """Return what the text of a control means; whether the field takes it is for `RunConfig` to say."""
    text = text.strip()
    if field.kind is FieldKind.CHOICE:
        return next((choice for choice in field.choices if str(choice) == text), text)
    if field.kind is FieldKind.NUMBERS:
        return [part.strip() for part in text.replace("×", ",").split(",") if part.strip()]
    if field.kind is FieldKind.TEXT and not text and field.path != ("name",):
        return None
    return text


def _model_classes() -> Mapping[str, type[BaseModel]]:
    union = get_args(ModelConfig)[0]
    return {member.model_fields["name"].default: member for member in get_args(union)}


def _fields(config: type[BaseModel], prefix: FieldPath, leave_out: tuple[str, ...] = ()) -> Iterator[FormField]:
    for name, info in config.model_fields.items():
        if name in leave_out or _is_part(info.annotation):
            continue
        kind, choices = _kind(info.annotation)
        yield FormField(
            path=(*prefix, name),
            title=info.title or name,
            help=info.description or "",
            kind=kind,
            choices=choices,
            bounds=_bounds(info) if kind is FieldKind.NUMBER else "",
            default=info.default,
            **_extra(info),
        )


def _extra(info: FieldInfo) -> dict[str, Any]:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return {
        "is_advanced": bool(extra.get("advanced")),
        "only_with": extra.get("only_with"),
        "values": tuple(extra.get("values", ())),  # type: ignore[arg-type]
    }


def _is_part(annotation: object) -> bool:
    members = get_args(annotation) or (annotation,)
    return any(isinstance(member, type) and issubclass(member, BaseModel) for member in members)


def _kind(annotation: Any) -> tuple[FieldKind, tuple[str | int, ...]]:
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(member for member in get_args(annotation) if member is not type(None))
    if annotation is bool:
        return FieldKind.SWITCH, ()
    if get_origin(annotation) is Literal:
        return FieldKind.CHOICE, get_args(annotation)
    if get_origin(annotation) is tuple:
        return FieldKind.NUMBERS, ()
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return FieldKind.CHOICE, tuple(member.value for member in annotation)
    if annotation in (int, float):
        return FieldKind.NUMBER, ()
    return FieldKind.TEXT, ()


def _bounds(info: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    parts: list[str] = []
    for constraint in info.metadata:
        for attribute, sign in signs.items():
            bound = getattr(constraint, attribute, None)
            if bound is not None and bound < _NO_REAL_LIMIT:
                parts.append(f"{sign} {bound:g}")
    if len(parts) > 1 and parts[0] == "≥ 0":
        del parts[0]  # there is little room, and nobody tries less
    return ", ".join(parts)
