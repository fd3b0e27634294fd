"""A whole run: the one thing that the form, a preset, the command line and a run folder all hold."""

import unicodedata

from pydantic import Field, field_validator

from cifar_tui.config.base import ConfigPart
from cifar_tui.config.data import DataConfig
from cifar_tui.config.model import ModelConfig
from cifar_tui.config.training import TrainingConfig

LONGEST_NAME = 200


class RunConfig(ConfigPart):
    """Everything that decides what a run computes, and what it is called."""

    name: str = Field("", max_length=LONGEST_NAME, title="Name", description="What the leaderboard calls the run.")
    preset: str | None = Field(None, max_length=200, title="Preset", description="The preset that this run began from.")
    part: int | None = Field(None, ge=1, le=5, title="Part", description="The part of the assignment it belongs to.")
    model: ModelConfig
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        # A terminal would obey an escape sequence; names come from other people's run folders and presets, too.
        visible = "".join("�" if unicodedata.category(c) == "Cc" and not c.isspace() else c for c in value)
        return " ".join(visible.split())

    @property
    def title(self) -> str:
        """The name a person gave, else the preset's, else the model's."""
        return self.name or self.preset or self.model.name
