"""How a run learns."""

import re
from enum import StrEnum

from pydantic import Field, ValidationInfo, field_validator

from cifar_tui.config.base import ADVANCED, ConfigPart, only_with

DEVICE = re.compile(r"cpu|mps|cuda(:(0|[1-9][0-9]?))?")
"""The name of a device; torch takes larger numbers of a GPU for other ones than they say."""


class Optimiser(StrEnum):
    """What turns gradients into steps."""

    ADAMW = "adamw"
    SGD = "sgd"
    MUON = "muon"


class Schedule(StrEnum):
    """How the learning rate moves over the run."""

    COSINE = "cosine"
    EPOCH_COSINE = "epoch_cosine"
    ONE_CYCLE = "one_cycle"
    CONSTANT = "constant"


class Precision(StrEnum):
    """The type of the numbers that matrix products and convolutions are computed in."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class Layout(StrEnum):
    """How images and convolution weights lie in memory."""

    AUTO = "auto"
    CONTIGUOUS = "contiguous"
    CHANNELS_LAST = "channels_last"


class Compile(StrEnum):
    """Whether the model goes through `torch.compile`."""

    OFF = "off"
    AUTO = "auto"


class TrainingConfig(ConfigPart):
    """The recipe; the report's is AdamW on all parameters, cosine annealing once an epoch, norms clipped to 1."""

    epochs: int = Field(50, ge=1, le=100_000, title="Epochs", description="Passes over the training images.")
    batch_size: int = Field(128, ge=2, le=65_536, title="Batch size", description="Images a batch.")
    accumulation: int = Field(
        1,
        ge=1,
        le=1024,
        title="Accumulation",
        description="Batches whose gradients make one step: trains like a batch so many times as large.",
        json_schema_extra=ADVANCED,
    )
    optimiser: Optimiser = Field(
        Optimiser.ADAMW,
        title="Optimiser",
        description="adamw. sgd: with Nesterov momentum. muon: for hidden weight matrices, adamw for the rest.",
    )
    lr: float = Field(1e-3, gt=0.0, le=100.0, title="Learning rate", description="The highest rate of the schedule.")
    momentum: float = Field(
        0.9,
        ge=0.0,
        lt=1.0,
        title="Momentum",
        description="Of sgd and muon; adamw has its own.",
        json_schema_extra=only_with("optimiser", "sgd", "muon"),
    )
    schedule: Schedule = Field(
        Schedule.COSINE,
        title="Schedule",
        description="cosine: falls to zero, step by step. epoch_cosine: once an epoch, as the report. "
        "one_cycle: up over 30 % of the run, then down. constant.",
    )
    warmup_epochs: float = Field(
        0.0,
        ge=0.0,
        le=1000.0,
        title="Warm-up",
        description="Epochs over which the rate first rises; 0 is off.",
        json_schema_extra=only_with("schedule", "cosine", "epoch_cosine", "constant"),
    )
    weight_decay: float = Field(
        1e-4, ge=0.0, le=10.0, title="Weight decay", description="Decoupled with adamw and muon; L2 with sgd."
    )
    decay_all: bool = Field(
        False,
        title="Decay all",
        description="Decay norms, biases and embeddings too, as the report does; else only matrices and filters.",
        json_schema_extra=ADVANCED,
    )
    clip_norm: float = Field(
        1.0,
        ge=0.0,
        le=1e6,
        title="Clip norm",
        description="Gradients are scaled down to this global norm; 0 is off.",
        json_schema_extra=ADVANCED,
    )
    label_smoothing: float = Field(
        0.0, ge=0.0, lt=1.0, title="Label smoothing", description="Share of the target spread over all classes."
    )
    ema_decay: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="EMA decay",
        description="Evaluate a moving average of the weights that keeps this share a step, such as 0.999; 0 is off.",
        json_schema_extra=ADVANCED,
    )
    eval_every: int = Field(
        1,
        ge=1,
        le=100_000,
        title="Evaluate every",
        description="Epochs between validations; the last epoch has one.",
        json_schema_extra=ADVANCED,
    )
    patience: int = Field(
        0,
        ge=0,
        le=100_000,
        title="Patience",
        description="Stop after so many validations without a better accuracy and test the best weights; 0 is off.",
        json_schema_extra=ADVANCED,
    )
    precision: Precision = Field(
        Precision.AUTO,
        title="Precision",
        description="auto: bfloat16 where the hardware computes in it, else float32 (TF32 on CUDA). Weights: float32.",
        json_schema_extra=ADVANCED,
    )
    layout: Layout = Field(
        Layout.AUTO,
        title="Memory layout",
        description="auto: channels_last for networks with convolutions, except on mps. It changes speed alone.",
        json_schema_extra=ADVANCED,
    )
    compile: Compile = Field(
        Compile.OFF,
        title="Compile",
        description="auto: torch.compile on cuda, where it can: a minute or more at first, less each epoch.",
        json_schema_extra=ADVANCED,
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Fixes initial weights, shuffle, augmentation and dropout."
    )
    device: str = Field(
        "auto",
        title="Device",
        description="auto (cuda, then mps, then cpu), cpu, mps, cuda, cuda:1 …",
        json_schema_extra=ADVANCED,
    )

    @field_validator("warmup_epochs")
    @classmethod
    def _is_not_warmed_up_twice(cls, value: float, info: ValidationInfo) -> float:
        if value and info.data.get("schedule") is Schedule.ONE_CYCLE:
            raise ValueError("must be 0 with one_cycle, which begins with a rise of its own")
        if value and value >= info.data.get("epochs", value + 1):
            raise ValueError(f"must be less than the {info.data['epochs']} epochs of the run")
        return value

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if value != "auto" and not DEVICE.fullmatch(value):
            raise ValueError("must be auto, cpu, mps, cuda or cuda:N")
        return value
