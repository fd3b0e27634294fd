"""What all parts of a configuration have in common."""

from pydantic import BaseModel, ConfigDict


class ConfigPart(BaseModel):
    """Immutable, and strict about names: an unknown key is an error, never silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
