"""Which images a run learns from."""

import os
from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from cifar_tui.config.base import ADVANCED, ConfigPart, only_with


class Source(StrEnum):
    """Where the images come from."""

    CIFAR100 = "cifar100"
    FOLDER = "folder"
    SYNTHETIC = "synthetic"


class Flip(StrEnum):
    """When training images are mirrored."""

    OFF = "off"
    RANDOM = "random"
    ALTERNATING = "alternating"


class AutoAugment(StrEnum):
    """Policies that change each training image at random."""

    NONE = "none"
    RAND_AUGMENT = "rand_augment"
    TRIVIAL_AUGMENT = "trivial_augment"


IMAGES = ("source", "path", "val_fraction", "split_seed")
"""Of the data: what decides which images there are, where all else decides how those for training are changed."""


class DataConfig(ConfigPart):
    """The data set, its split and the augmentation of its training images."""

    source: Source = Field(
        Source.CIFAR100,
        title="Source",
        description="cifar100: the official archive. folder: train/<class>/*.png. synthetic: embedded, no download.",
    )
    path: Path | None = Field(
        None,
        title="Folder",
        description="The folder that holds train/ and test/.",
        json_schema_extra=only_with("source", "folder"),
    )
    val_fraction: float = Field(
        0.1,
        gt=0.0,
        lt=1.0,
        title="Validation share",
        description="Share of each class's training images held out, where the source has no validation split.",
        json_schema_extra=ADVANCED,
    )
    split_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Chooses the validation images.",
        json_schema_extra=ADVANCED,
    )
    crop_padding: int = Field(
        4,
        ge=0,
        le=16,
        title="Crop padding",
        description="Random 32x32 crop after padding this many pixels; 0 is off.",
    )
    flip: Flip = Field(
        Flip.RANDOM,
        title="Horizontal flip",
        description="random: mirror with probability 0.5. alternating: at random in epoch 1, then every other epoch.",
    )
    auto_augment: AutoAugment = Field(
        AutoAugment.NONE,
        title="Auto-augment",
        description="rand_augment: two operations an image, mild ones. trivial_augment: one, of any strength.",
    )
    erasing: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Random erasing",
        description="Probability that a box of an image is blanked.",
        json_schema_extra=ADVANCED,
    )
    mixup: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        title="Mixup",
        description="Alpha of the Beta that weighs two blended images; 0 is off. With CutMix, one of both a batch.",
    )
    cutmix: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        title="CutMix",
        description="Alpha of the Beta that sizes the box pasted from another image; 0 is off.",
    )

    @field_validator("flip", mode="before")
    @classmethod
    def _was_a_switch_once(cls, value: object) -> object:
        if isinstance(value, bool):
            return Flip.RANDOM if value else Flip.OFF
        return value

    @field_validator("path")
    @classmethod
    def _is_the_same_wherever_it_is_read(cls, path: Path | None) -> Path | None:
        # A run that is queued, resumed or handed over is trained by a process that may work in another folder.
        try:
            return path and Path(os.path.expanduser(path)).absolute()
        except FileNotFoundError:
            raise ValueError("must be absolute: the folder that you are in was removed") from None

    @field_validator("path")
    @classmethod
    def _can_be_written_down(cls, path: Path | None) -> Path | None:
        try:
            str(path).encode()
        except UnicodeEncodeError:
            raise ValueError("must be UTF-8 text; rename the folder") from None
        return path

    @field_validator("path")
    @classmethod
    def _belongs_to_the_folder_source(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if info.data.get("source") is Source.FOLDER and path is None:
            raise ValueError("is needed with source = folder: the folder that holds train/ and test/")
        if info.data.get("source") in (Source.CIFAR100, Source.SYNTHETIC) and path is not None:
            raise ValueError(f"goes with source = folder only; the source is {info.data['source']}")
        return path
