import pytest
import torch
from torch import nn

from cifar_tui.config import ModelConfig, SequenceMode
from cifar_tui.config.model import (
    CCTConfig,
    ChannelTokenViTConfig,
    CNNTransformerConfig,
    CustomViTConfig,
    ImageGRUConfig,
    ImageLSTMConfig,
    MLPConfig,
    Pooling,
    ResNetConfig,
    SimpleCNNConfig,
    SimpleViTConfig,
    SoftmaxRegressionConfig,
    SpatialTokenViTConfig,
    StridedCNNConfig,
)
from cifar_tui.models.build import build
from cifar_tui.models.insight import ImageMaps, Tiles, look_inside
from cifar_tui.models.pytorch_encoder import SelfAttention

SMALL = {"embed_dim": 8, "depth": 2, "heads": 2, "ffn_dim": 8}


def network(config: ModelConfig) -> nn.Module:
    torch.manual_seed(0)
    return build(config, num_classes=5)


@pytest.mark.parametrize(
    ("config", "grid"),
    [
        (SimpleViTConfig(**SMALL), (8, 8)),
        (SimpleViTConfig(**SMALL, pooling=Pooling.MEAN), (8, 8)),
        (CustomViTConfig(**SMALL, patch_size=8), (4, 4)),
        (CNNTransformerConfig(**SMALL, widths=(4, 4)), (8, 8)),
        (SpatialTokenViTConfig(**SMALL), (32, 32)),
        (CCTConfig(**SMALL), (16, 16)),
    ],
)
def test_a_transformers_attention_is_a_share_for_each_place(config: ModelConfig, grid: tuple[int, int]) -> None:
    inside = look_inside(network(config), torch.randn(3, 3, 32, 32))
    assert isinstance(inside, ImageMaps)
    assert inside.names == ("layer 1, head 1", "layer 1, head 2", "layer 2, head 1", "layer 2, head 2")
    assert inside.maps.shape == (3, 4, *grid)
    shares = inside.maps.sum(dim=(2, 3))
    if getattr(config, "pooling", None) is Pooling.CLS:
        assert ((shares > 0) & (shares < 1)).all()  # the rest is what the class token gives to itself
    else:
        torch.testing.assert_close(shares, torch.ones(3, 4))


def test_pytorchs_attention_is_told_as_it_computes_it() -> None:
    torch.manual_seed(0)
    plain, ours, tokens = nn.MultiheadAttention(8, 2, batch_first=True), SelfAttention(8, 2), torch.randn(3, 5, 8)
    nn.init.normal_(plain.in_proj_bias)
    ours.load_state_dict(plain.state_dict())
    _, expected = plain(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(ours.weights(tokens), expected)


def test_channels_light_up_where_they_are_active() -> None:
    model = network(ChannelTokenViTConfig(**SMALL, channels=4))
    images = torch.zeros(1, 3, 32, 32)
    images[:, :, :16] = torch.randn(1, 3, 16, 32)
    inside = look_inside(model, images)
    assert isinstance(inside, ImageMaps)
    assert inside.maps.shape == (1, 4, 32, 32)
    lower = inside.maps[:, :, 16:].flatten(2)
    assert (lower == lower[:, :, :1]).all()  # where nothing changes, nothing stands out
    assert inside.maps[:, :, :16].flatten(2).std(dim=-1).gt(0).all()


@pytest.mark.parametrize("kind", [ImageGRUConfig, ImageLSTMConfig])
@pytest.mark.parametrize(
    ("mode", "grid"),
    [
        (SequenceMode.ROW, (32, 1)),
        (SequenceMode.COL, (1, 32)),
        (SequenceMode.PATCH4, (8, 8)),
        (SequenceMode.PATCH8, (4, 4)),
    ],
)
def test_a_recurrent_networks_gradient_tells_which_steps_count(
    kind: type[ImageGRUConfig | ImageLSTMConfig], mode: SequenceMode, grid: tuple[int, int]
) -> None:
    model = network(kind(hidden_size=4, layers=1, sequence=mode))
    image = torch.randn(1, 3, 32, 32)
    inside = look_inside(model, image)
    assert isinstance(inside, ImageMaps)
    assert inside.maps.shape == (1, 1, *grid)

    def logit(images: torch.Tensor) -> torch.Tensor:
        return model(images).max(dim=1).values.squeeze()

    (gradient,) = torch.autograd.grad(logit(image.requires_grad_()), image)
    rows, columns = 32 // grid[0], 32 // grid[1]
    blocks = gradient.unfold(2, rows, rows).unfold(3, columns, columns)  # (1, 3, *grid, rows, columns)
    torch.testing.assert_close(inside.maps[0, 0], blocks.square().sum(dim=(1, 4, 5)).sqrt()[0])
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (SoftmaxRegressionConfig(), (5, 3, 32, 32)),
        (MLPConfig(hidden_sizes=(7,)), (7, 3, 32, 32)),
        (SimpleCNNConfig(widths=(6,)), (6, 3, 3, 3)),
        (StridedCNNConfig(widths=(6, 4)), (6, 3, 3, 3)),
        (ResNetConfig(width=4), (4, 3, 3, 3)),
    ],
)
def test_the_other_networks_show_their_first_layer(config: ModelConfig, shape: tuple[int, ...]) -> None:
    model = network(config)
    inside = look_inside(model, torch.randn(2, 3, 32, 32))
    assert isinstance(inside, Tiles)
    assert inside.pixels.shape == shape
    assert len(inside.names) == shape[0]
    first = next(model.parameters())
    torch.testing.assert_close(inside.pixels.flatten(), first.detach().flatten())
