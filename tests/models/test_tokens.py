"""Each transformer makes its tokens of what the report says, in reading order."""

import pytest
import torch
from torch import Tensor, nn

from cifar_tui.config import ModelConfig
from cifar_tui.config.model import (
    ChannelTokenViTConfig,
    CNNTransformerConfig,
    CustomViTConfig,
    SimpleViTConfig,
    SpatialTokenViTConfig,
)
from cifar_tui.models.build import build


def input_of(module: nn.Module, model: nn.Module, images: Tensor) -> Tensor:
    """What `module` is given when `model` sees `images`."""
    seen: list[Tensor] = []
    handle = module.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model(images)
    handle.remove()
    (given,) = seen
    return given


def tokens_that_see(config: ModelConfig, row: int, column: int) -> set[int]:
    """The tokens that change with the pixel at (row, column)."""
    torch.manual_seed(0)
    model = build(config).eval()
    before = torch.randn(1, 3, 32, 32)
    after = before.clone()
    after[:, :, row, column] += 10
    positions = model.transformer.position_embedding
    difference = input_of(positions, model, after) - input_of(positions, model, before)
    return set(difference[0].abs().amax(dim=1).gt(1e-4).nonzero().flatten().tolist())


@pytest.mark.parametrize("config", [SimpleViTConfig, CustomViTConfig])
@pytest.mark.parametrize(("patch_size", "token"), [(2, 1 + 2 * 16 + 11), (4, 1 + 1 * 8 + 5), (8, 1 + 0 * 4 + 2)])
def test_patch_token_sees_its_patch_alone(
    config: type[SimpleViTConfig] | type[CustomViTConfig], patch_size: int, token: int
) -> None:
    assert tokens_that_see(config(patch_size=patch_size), row=5, column=22) == {token}


def test_pixel_token_sees_its_pixel_alone() -> None:
    assert tokens_that_see(SpatialTokenViTConfig(), row=5, column=22) == {5 * 32 + 22}


def test_pixel_token_holds_the_three_channels_of_its_pixel() -> None:
    model = build(SpatialTokenViTConfig()).eval()
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(input_of(model.projection, model, images)[:, 5 * 32 + 22], images[:, :, 5, 22])


def test_convolution_token_sees_its_neighbourhood_alone() -> None:
    row, column = 5, 22
    seen = tokens_that_see(CNNTransformerConfig(), row, column)
    neighbours = {1 + 8 * (row // 4 + y) + column // 4 + x for y in (-1, 0, 1) for x in (-1, 0, 1)}
    assert 1 + 8 * (row // 4) + column // 4 in seen
    assert seen <= neighbours


def test_channel_token_holds_all_pixels_of_its_channel() -> None:
    model = build(ChannelTokenViTConfig(channels=5)).eval()
    images = torch.randn(2, 3, 32, 32)
    tokens = input_of(model.projection, model, images)
    assert torch.equal(tokens[:, 3], model.mix(images)[:, 3].flatten(1))
