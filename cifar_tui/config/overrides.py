"""Changes to a configuration written as text: `training.epochs=5`."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from cifar_tui.config.errors import ConfigError, FieldPath, sentence
from cifar_tui.config.fields import unknown_key
from cifar_tui.config.run import RunConfig


def override(config: RunConfig, assignments: Iterable[str]) -> RunConfig:
    """Return `config` with each `KEY=VALUE` applied; values are TOML, and a bare word is a string.

    A change of `model.name` starts the model's arguments afresh from that model's defaults.

    Raises:
        ConfigError: an assignment has no `=`, names no field, or gives a value that the field does not take.
    """
    values: dict[str, Any] = config.model_dump(mode="json")
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        path = key.strip().split(".")
        if not equals or not all(path):
            raise ConfigError(f"{assignment!r} is no assignment; write KEY=VALUE, such as training.epochs=5")
        parent = values
        for part in path[:-1]:
            child = parent.get(part)
            if not isinstance(child, dict):
                raise unknown_key(tuple(path))
            parent = child
        if parent is values and path[0] not in values:
            raise unknown_key(tuple(path))
        value = _parse(text.strip())
        if path == ["model", "name"] and value != parent.get("name"):
            parent.clear()
        parent[path[-1]] = value
    return _validated(values)


def with_values(config: RunConfig, changes: Mapping[FieldPath, object]) -> RunConfig:
    """Return `config` with some fields changed, such as `{("training", "lr"): 3e-4}`.

    Raises:
        ConfigError: a value that its field does not take.
    """
    values: dict[str, Any] = config.model_dump(mode="json")
    for (*parents, key), value in changes.items():
        part = values
        for parent in parents:
            part = part[parent]
        part[key] = value
    return _validated(values)


def _validated(values: dict[str, Any]) -> RunConfig:
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(sentence(error)) from None


def _parse(text: str) -> object:
    try:
        content = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # besides bad TOML: a number or a nesting beyond what Python reads
        return text
    return content["value"] if len(content) == 1 else text
