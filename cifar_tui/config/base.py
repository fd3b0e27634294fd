"""What all parts of a configuration have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.types import JsonValue

ADVANCED: dict[str, JsonValue] = {"advanced": True}
"""Marks a field (`json_schema_extra`) that a form shows only to who asks for it."""


def only_with(field: str, *values: str) -> dict[str, JsonValue]:
    """Mark a field (`json_schema_extra`) that has an effect only while its neighbour `field` has one of `values`."""
    return {"only_with": field, "values": list(values)}


class ConfigPart(BaseModel):
    """Immutable, and strict about names: an unknown key is an error, never silently dropped."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
