"""What a trained network looks at: one question, answered by each family in its own way.

Transformers answer with their attention over the image, recurrent networks with the gradient at each step, the others
with what their first layer has learned to see.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cifar_tui.config import SequenceMode
from cifar_tui.models.channel_token_vit import ChannelTokenViT
from cifar_tui.models.encoder import MultiHeadSelfAttention
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.image_rnn import ImageRNN
from cifar_tui.models.pytorch_encoder import SelfAttention
from cifar_tui.models.token_transformer import TokenTransformer


@dataclass(frozen=True)
class ImageMaps:
    """Weights over places of an image; how much each place counts."""

    names: tuple[str, ...]
    """Of the M maps: `layer 1, head 2`."""
    maps: Tensor
    """(B, M, rows, columns), none negative. A map of fewer places than pixels covers the image evenly."""


@dataclass(frozen=True)
class Tiles:
    """What each unit of the first layer answers to, as small images."""

    names: tuple[str, ...]
    pixels: Tensor
    """(N, 3, height, width); 0 is indifferent."""


def sees_images(model: nn.Module) -> bool:
    """Whether what is seen inside `model` depends on the image."""
    return isinstance(model, ImageRNN) or _transformer(model) is not None


def look_inside(model: nn.Module, images: Tensor | None) -> ImageMaps | Tiles:
    """Show what `model`, a network of this package, looks at in `images` (B, 3, 32, 32), normalised.

    The model is put into evaluation mode. One that does not see images, as `sees_images` says, needs none.

    Raises:
        ValueError: there are no images, and the model needs some.
    """
    model.eval()
    if not sees_images(model):
        return _first_layer(model)
    if images is None:
        raise ValueError("what this network looks at depends on the image")
    transformer = _transformer(model)
    return _attention(model, transformer, images) if transformer else _step_gradients(model, images)


def _transformer(model: nn.Module) -> TokenTransformer | None:
    part = getattr(model, "transformer", None)
    return part if isinstance(part, TokenTransformer) else None


@torch.no_grad()
def _attention(model: nn.Module, transformer: TokenTransformer, images: Tensor) -> ImageMaps:
    """The attention of the token that the classifier reads, or of the mean token, by layer and head."""
    layers: list[Tensor] = []
    kinds = (MultiHeadSelfAttention, SelfAttention)

    def record(attention: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(attention, kinds)
        weights = attention.weights(inputs[0])
        layers.append(weights.mean(dim=2) if transformer.class_token is None else weights[:, :, 0, 1:])

    hooks = [part.register_forward_pre_hook(record) for part in model.modules() if isinstance(part, kinds)]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    weights = torch.stack(layers, dim=1)  # (B, L, H, T)
    names = tuple(
        f"layer {layer + 1}, head {head + 1}" for layer in range(weights.shape[1]) for head in range(weights.shape[2])
    )
    if isinstance(model, ChannelTokenViT):
        # A channel has no place; where the channels that count are active, is one.
        return ImageMaps(names, torch.einsum("blhc,bcyx->blhyx", weights, model.mix(images)).flatten(1, 2))
    return ImageMaps(names, weights.reshape(len(images), -1, *transformer.grid))


def _step_gradients(model: nn.Module, images: Tensor) -> ImageMaps:
    """How much the predicted class's logit changes with each step: the norm of its gradient."""
    assert isinstance(model, ImageRNN)
    images = images.detach().clone().requires_grad_()
    logits = model(images)
    logits.max(dim=1).values.sum().backward()
    assert images.grad is not None
    norms = model.sequence(images.grad).norm(dim=2)  # (B, T)
    model.zero_grad()
    side = round(norms.shape[1] ** 0.5)
    grid = {SequenceMode.ROW: (SIDE, 1), SequenceMode.COL: (1, SIDE)}.get(model.sequence.mode, (side, side))
    return ImageMaps(("gradient by step",), norms.reshape(len(images), 1, *grid))


@torch.no_grad()
def _first_layer(model: nn.Module) -> Tiles:
    weights = next(part.weight for part in model.modules() if isinstance(part, nn.Conv2d | nn.Linear)).detach()
    if weights.dim() == 2:
        weights = weights.reshape(-1, CHANNELS, SIDE, SIDE)
    return Tiles(tuple(f"unit {number + 1}" for number in range(len(weights))), weights.clone())
