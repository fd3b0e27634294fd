"""From a model's configuration to the network itself."""

from importlib import import_module

from torch import nn

from cifar_tui.config import ModelConfig
from cifar_tui.models.dropout import replace_dropout
from cifar_tui.models.registry import MODELS


def build(config: ModelConfig, num_classes: int = 100) -> nn.Module:
    """Make the network that `config` describes, freshly initialised: images (B, 3, 32, 32) to logits (B, num_classes).

    The initial weights come from torch's global random generator: seed it first for a repeatable model.
    """
    module, _, architecture = MODELS[config.name].builder.partition(":")
    model: nn.Module = getattr(import_module(module), architecture)(config, num_classes)
    replace_dropout(model)
    return model
