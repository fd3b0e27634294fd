"""How a run learns."""

from enum import StrEnum

from pydantic import Field, field_validator

from cifar_tui.config.base import ConfigPart


class Schedule(StrEnum):
    """How the learning rate moves over the run."""

    COSINE = "cosine"
    EPOCH_COSINE = "epoch_cosine"
    CONSTANT = "constant"


class TrainingConfig(ConfigPart):
    """The report's recipe: AdamW, cosine annealing, gradient norm clipped to 1."""

    epochs: int = Field(50, ge=1, le=100_000, title="Epochs", description="Passes over the training images.")
    batch_size: int = Field(128, ge=2, le=65_536, title="Batch size", description="Images a step.")
    lr: float = Field(1e-3, gt=0.0, le=100.0, title="Learning rate", description="The highest rate of the schedule.")
    schedule: Schedule = Field(
        Schedule.COSINE,
        title="Schedule",
        description="cosine: falls to zero, step by step. epoch_cosine: once an epoch, as the report. constant.",
    )
    weight_decay: float = Field(
        1e-4, ge=0.0, le=10.0, title="Weight decay", description="AdamW's decoupled weight decay."
    )
    clip_norm: float = Field(
        1.0, ge=0.0, le=1e6, title="Clip norm", description="Gradients are scaled down to this global norm; 0 is off."
    )
    label_smoothing: float = Field(
        0.0, ge=0.0, lt=1.0, title="Label smoothing", description="Share of the target spread over all classes."
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Fixes initial weights, shuffle, augmentation and dropout."
    )
    device: str = Field("auto", title="Device", description="auto (cuda, then mps, then cpu), cpu, mps, cuda, cuda:1 …")

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        kind, _, index = value.partition(":")
        if value not in ("auto", "cpu", "mps", "cuda") and not (kind == "cuda" and index.isdecimal()):
            raise ValueError("must be auto, cpu, mps, cuda or cuda:N")
        return value
