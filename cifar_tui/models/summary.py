"""A model as a table: its layers in the order they run, what each gives out, and how many parameters it has."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cifar_tui.config import ModelConfig
from cifar_tui.models.build import build
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.token_transformer import TokenTransformer


@dataclass(frozen=True)
class LayerSummary:
    """One row of the table."""

    name: str
    """Its path in the model, as in a state dict: `encoder.layers.0`."""
    kind: str
    """The class: `Linear`, `ConvBlock`."""
    output_shape: tuple[int, ...]
    """Of one image, without the batch."""
    parameters: int


@dataclass(frozen=True)
class ModelSummary:
    """The whole table."""

    parameters: int
    layers: tuple[LayerSummary, ...]


def summarise(config: ModelConfig, num_classes: int = 100) -> ModelSummary:
    """Follow one image through the model that `config` describes.

    On the meta device tensors have shapes but no values, so that even the largest model takes no memory, no
    arithmetic and no random numbers.
    """
    layers: dict[str, LayerSummary] = {}

    def record(name: str, layer: nn.Module, output: Tensor | tuple[Tensor, ...]) -> None:
        steps = output[0] if isinstance(output, tuple) else output  # an RNN returns (outputs, state)
        layers.pop(name, None)  # what runs several times, as one dropout between several layers, gets its last row
        layers[name] = LayerSummary(name, type(layer).__name__, tuple(steps.shape[1:]), _count(layer))

    with torch.device("meta"), torch.no_grad():
        model = build(config, num_classes).eval()
        for name, layer in _layers(model):
            layer.register_forward_hook(lambda layer, _, output, name=name: record(name, layer, output))
        model(torch.empty(1, CHANNELS, SIDE, SIDE))
    return ModelSummary(_count(model), tuple(layers.values()))


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules that get a row: the children, but the members of a stack in place of the stack."""
    for name, child in module.named_children():
        if _is_stack(child):
            yield from _layers(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _is_stack(module: nn.Module) -> bool:
    """Whether it is a bare list of layers or, like an encoder, wraps one; a Sequential with a name is one layer."""
    return type(module) in (nn.Sequential, nn.ModuleList, TokenTransformer) or any(
        isinstance(child, nn.ModuleList) for child in module.children()
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
