"""The table of a model agrees with the model."""

import pytest
import torch

from cifar_tui.config import ModelConfig
from cifar_tui.config.model import CustomViTConfig, ImageLSTMConfig, MLPConfig
from cifar_tui.models.build import build
from cifar_tui.models.registry import MODELS
from cifar_tui.models.summary import LayerSummary, summarise

CONFIGS = pytest.mark.parametrize(
    "config", [spec.config() for spec in MODELS.values()], ids=lambda config: str(config.name)
)


@CONFIGS
def test_parameters_are_the_models_and_the_layers_add_up(config: ModelConfig) -> None:
    summary = summarise(config, num_classes=10)
    model = build(config, num_classes=10)
    assert summary.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert summary.parameters == sum(layer.parameters for layer in summary.layers)


@CONFIGS
def test_layers_are_the_models_and_end_in_the_logits(config: ModelConfig) -> None:
    layers = summarise(config, num_classes=10).layers
    modules = dict(build(config, num_classes=10).named_modules())
    for layer in layers:
        assert type(modules[layer.name]).__name__ == layer.kind
    assert len({layer.name for layer in layers}) == len(layers)
    assert layers[-1].output_shape == (10,)


def test_rows_of_a_vision_transformer() -> None:
    layers = summarise(CustomViTConfig(depth=2)).layers
    assert layers == (
        LayerSummary("patch_embedding", "PatchEmbedding", (64, 128), 3 * 16 * 128 + 128),
        LayerSummary("transformer.class_token", "ClassToken", (65, 128), 128),
        LayerSummary("transformer.position_embedding", "PositionEmbedding", (65, 128), 65 * 128),
        LayerSummary("transformer.encoder.layers.0", "EncoderLayer", (65, 128), 197_888),
        LayerSummary("transformer.encoder.layers.1", "EncoderLayer", (1, 128), 197_888),
        LayerSummary("transformer.norm", "LayerNorm", (128,), 256),
        LayerSummary("transformer.head", "Linear", (100,), 12_900),
    )


def test_rows_of_a_recurrent_network_show_its_sequence() -> None:
    shapes = {layer.name: layer.output_shape for layer in summarise(ImageLSTMConfig()).layers}
    assert shapes == {
        "sequence": (32, 96),
        "layers.0": (32, 512),
        "layers.1": (32, 512),
        "dropout": (512,),
        "head": (100,),
    }


def test_a_block_is_one_row() -> None:
    kinds = [layer.kind for layer in summarise(MLPConfig(hidden_sizes=(8, 8, 8))).layers]
    assert kinds == ["Flatten", "HiddenLayer", "HiddenLayer", "HiddenLayer", "Linear"]


def test_leaves_the_random_generator_and_the_default_device_alone() -> None:
    before = torch.get_rng_state()
    summarise(CustomViTConfig())
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.empty(1).device.type == "cpu"


def test_a_model_larger_than_memory_can_be_described() -> None:
    config = CustomViTConfig(embed_dim=8192, ffn_dim=8192, depth=48)
    layer = 4 * 8192**2 + 8192 + 2 * (8192**2 + 8192) + 4 * 8192
    rows = summarise(config).layers
    assert [row.parameters for row in rows if row.kind == "EncoderLayer"] == [layer] * 48
