"""Turns pydantic's findings into sentences that name the field and what it takes."""

import re
from collections.abc import Mapping

from pydantic import ValidationError

from cifar_tui.text import printable

FieldPath = tuple[str, ...]
"""Where a field stands in a `RunConfig`: `("training", "lr")`."""


class ConfigError(ValueError):
    """One sentence, ready for a person, about a configuration that cannot be used."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def explain(error: ValidationError) -> dict[FieldPath, str]:
    """Return one short message for each field at fault, keyed by the field's path (the first of several wins).

    The model's tag and the positions inside tuples, which pydantic puts into its locations, are left out: the path is
    the one that a preset, the form and `--set` use.
    """
    messages: dict[FieldPath, str] = {}
    for finding in error.errors(include_url=False):
        location = [str(part) for part in finding["loc"] if isinstance(part, str)]
        if finding["type"].startswith("union_tag"):
            location.append("name")
        elif location[:1] == ["model"] and len(location) > 1:
            del location[1]
        messages.setdefault(tuple(location), _message(finding["type"], finding["msg"], finding.get("ctx", {})))
    return messages


def sentence(error: ValidationError) -> str:
    """Return all findings of `error` as one line: `training.lr: must be greater than 0; …`."""
    found = explain(error)
    return "; ".join(f"{'.'.join(path)}: {message}" if path else message for path, message in found.items())


def _message(kind: str, text: str, context: Mapping[str, object]) -> str:
    if kind == "extra_forbidden":
        return "is not a known key"
    if kind == "missing":
        return "is missing"
    if kind in ("int_parsing", "int_type", "int_from_float"):
        return "must be a whole number"
    if kind in ("float_parsing", "float_type"):
        return "must be a number"
    if kind in ("union_tag_invalid", "enum", "literal_error"):
        return f"must be one of {context.get('expected_tags') or context.get('expected')}"
    if kind == "union_tag_not_found":
        return 'needs a name, such as name = "simple_cnn"'
    if kind == "value_error":
        return text.removeprefix("Value error, ")
    return re.sub(r"^(Input|String) should (be|have)", r"must \2", text)
