"""`RunConfig` and its parts: the one source of the form, the presets, the JSON and the command line's options."""

from cifar_tui.config.data import IMAGES, AutoAugment, DataConfig, Flip, Source
from cifar_tui.config.errors import ConfigError, FieldPath, explain, sentence
from cifar_tui.config.model import ModelConfig, SequenceMode
from cifar_tui.config.overrides import override, with_values
from cifar_tui.config.run import RunConfig
from cifar_tui.config.training import DEVICE, Compile, Layout, Optimiser, Precision, Schedule, TrainingConfig

__all__ = [
    "DEVICE",
    "IMAGES",
    "AutoAugment",
    "Compile",
    "ConfigError",
    "DataConfig",
    "FieldPath",
    "Flip",
    "Layout",
    "ModelConfig",
    "Optimiser",
    "Precision",
    "RunConfig",
    "Schedule",
    "SequenceMode",
    "Source",
    "TrainingConfig",
    "explain",
    "override",
    "sentence",
    "with_values",
]
