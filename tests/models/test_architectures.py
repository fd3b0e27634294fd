"""Every architecture is the report's: parameter counts, shapes, gradients, arguments."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

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
    Positions,
    ResNetConfig,
    ResNetVariant,
    SimpleCNNConfig,
    SimpleViTConfig,
    SoftmaxRegressionConfig,
    SpatialTokenViTConfig,
    Stem,
    StepPooling,
    StridedCNNConfig,
)
from cifar_tui.models.build import build
from cifar_tui.models.embeddings import SincosPositions
from cifar_tui.models.registry import MODELS
from cifar_tui.models.token_transformer import SequencePooling

TRANSFORMERS = [
    SimpleViTConfig,
    CustomViTConfig,
    CNNTransformerConfig,
    SpatialTokenViTConfig,
    ChannelTokenViTConfig,
    CCTConfig,
]
DEFAULTS = [spec.config() for spec in MODELS.values()]
RNNS = [config(sequence=mode) for config in (ImageLSTMConfig, ImageGRUConfig) for mode in SequenceMode]
EVERY_MODEL = [config for config in DEFAULTS if not config.name.startswith("image_")] + RNNS
OTHER_ARGUMENTS = [
    MLPConfig(hidden_sizes=(64,), dropout=0.0),
    SimpleCNNConfig(widths=(4, 8, 8, 16, 16), head_size=8),
    SimpleCNNConfig(widths=(4,)),
    *(SimpleViTConfig(patch_size=size, embed_dim=24, depth=1, heads=3, ffn_dim=8) for size in (2, 8, 16)),
    *(CustomViTConfig(patch_size=size, embed_dim=24, depth=1, heads=3, ffn_dim=8) for size in (2, 8, 16)),
    CustomViTConfig(patch_size=1, embed_dim=4, depth=1, heads=1, ffn_dim=4),
    CNNTransformerConfig(widths=(8, 12), embed_dim=24, depth=3, heads=3, ffn_dim=8),
    SpatialTokenViTConfig(embed_dim=6, depth=1, heads=2, ffn_dim=8),
    ChannelTokenViTConfig(channels=5, embed_dim=24, depth=1, heads=3, ffn_dim=8),
    ImageLSTMConfig(hidden_size=8, layers=1),
    ImageGRUConfig(hidden_size=8, layers=3, sequence=SequenceMode.PATCH8),
    *(ResNetConfig(variant=variant, width=4, dropout=0.2) for variant in ResNetVariant),
    StridedCNNConfig(widths=(4, 8), dropout=0.2),
    *(StridedCNNConfig(widths=(4, 4, 4, 4, 4), stem=stem) for stem in Stem),
    StridedCNNConfig(widths=(96, 8), stem=Stem.WHITENED),
    *(
        CCTConfig(conv_layers=layers, kernel_size=size, embed_dim=8, depth=1)
        for layers, size in ((1, 5), (2, 3), (3, 7))
    ),
]
SWITCHED = [
    *(
        config(pooling=pooling, positions=positions, stochastic_depth=0.05, embed_dim=24, depth=2, heads=3, ffn_dim=8)
        for config in TRANSFORMERS
        for pooling in Pooling
        for positions in Positions
    ),
    *(
        config(input_norm=norm, pooling=pooling, hidden_size=8)
        for config in (ImageLSTMConfig, ImageGRUConfig)
        for norm in (False, True)
        for pooling in StepPooling
    ),
]


def describe(config: ModelConfig) -> str:
    chosen = [f"{name}={value}" for name, value in config.model_dump(exclude_defaults=True).items() if name != "name"]
    return " ".join([config.name, *chosen])


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def random_images(batch: int) -> Tensor:
    return torch.randn(batch, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (SoftmaxRegressionConfig(), 307_300),
        (MLPConfig(), 1_731_940),
        (SimpleCNNConfig(), 346_628),
        (SimpleViTConfig(), 820_964),
        (CustomViTConfig(), 819_428),
        (CNNTransformerConfig(), 446_052),
        (SpatialTokenViTConfig(), 172_388),
        (ChannelTokenViTConfig(), 549_476),
        (ImageLSTMConfig(sequence=SequenceMode.ROW), 2_353_252),
        (ImageLSTMConfig(sequence=SequenceMode.PATCH4), 2_254_948),
        (ImageGRUConfig(sequence=SequenceMode.ROW), 1_777_764),
        (ImageGRUConfig(sequence=SequenceMode.PATCH4), 1_704_036),
    ],
    ids=lambda value: None if isinstance(value, int) else describe(value),
)
def test_parameter_count_is_the_reports(config: ModelConfig, parameters: int) -> None:
    assert count(build(config)) == parameters


@pytest.mark.parametrize(("mode", "step"), [(SequenceMode.COL, 96), (SequenceMode.PATCH8, 192)])
@pytest.mark.parametrize(("config", "gates"), [(ImageLSTMConfig, 4), (ImageGRUConfig, 3)])
def test_rnn_parameter_count_follows_the_formula(
    config: type[ImageLSTMConfig] | type[ImageGRUConfig], gates: int, mode: SequenceMode, step: int
) -> None:
    hidden = 256

    def one_direction(inputs: int) -> int:
        return gates * (inputs + hidden) * hidden + 2 * gates * hidden

    classifier = 2 * hidden * 100 + 100
    expected = 2 * one_direction(step) + 2 * one_direction(2 * hidden) + classifier
    assert count(build(config(sequence=mode))) == expected


@pytest.mark.parametrize("config", EVERY_MODEL, ids=describe)
def test_images_become_logits(config: ModelConfig) -> None:
    model = build(config)
    assert model(random_images(2)).shape == (2, 100)
    assert build(config, num_classes=7)(random_images(2)).shape == (2, 7)


@pytest.mark.parametrize("config", [*OTHER_ARGUMENTS, *SWITCHED], ids=describe)
def test_other_arguments_build_a_working_model(config: ModelConfig) -> None:
    logits = build(config)(random_images(2))
    assert logits.shape == (2, 100)
    assert logits.isfinite().all()


@pytest.mark.parametrize("config", [*EVERY_MODEL, *SWITCHED], ids=describe)
def test_gradients_reach_every_parameter(config: ModelConfig) -> None:
    torch.manual_seed(0)
    model = build(config)
    nn.functional.cross_entropy(model(random_images(4)), torch.arange(4)).backward()

    # A batch norm subtracts the bias before it again, so the gradient of that bias is zero but for rounding.
    cancelled = {
        id(layer.bias)
        for block in model.modules()
        for layer, after in pairwise(block.children())
        if isinstance(after, nn.BatchNorm1d | nn.BatchNorm2d)
    }
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert id(parameter) in cancelled or parameter.grad.abs().max() > 1e-7, name


@pytest.mark.parametrize("config", DEFAULTS, ids=describe)
def test_each_image_is_judged_alone_when_evaluating(config: ModelConfig) -> None:
    model = build(config).eval()
    images = random_images(3)
    with torch.no_grad():
        together = model(images)
        alone = torch.cat([model(image[None]) for image in images])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[1])


@pytest.mark.parametrize("config", DEFAULTS, ids=describe)
def test_runs_under_bfloat16_autocast(config: ModelConfig) -> None:
    model = build(config).eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert model(random_images(2)).isfinite().all()


@pytest.mark.parametrize("config", DEFAULTS, ids=describe)
def test_one_seed_gives_one_model(config: ModelConfig) -> None:
    def weights(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return nn.utils.parameters_to_vector(build(config).parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("config", [SimpleViTConfig(), CustomViTConfig(), CNNTransformerConfig()], ids=describe)
def test_class_token_is_what_the_classifier_reads(config: ModelConfig) -> None:
    model = build(config).eval()
    encoded: list[Tensor] = []
    model.transformer.encoder.register_forward_hook(lambda _module, _inputs, output: encoded.append(output))
    logits = model(random_images(2))
    (tokens,) = encoded
    torch.testing.assert_close(logits, model.transformer.head(model.transformer.norm(tokens))[:, 0])


@pytest.mark.parametrize("config", [SpatialTokenViTConfig(), ChannelTokenViTConfig()], ids=describe)
def test_mean_over_normed_tokens_is_what_the_classifier_reads(config: ModelConfig) -> None:
    model = build(config).eval()
    encoded: list[Tensor] = []
    model.transformer.encoder.register_forward_hook(lambda _module, _inputs, output: encoded.append(output))
    logits = model(random_images(2))
    (tokens,) = encoded
    torch.testing.assert_close(logits, model.transformer.head(model.transformer.norm(tokens).mean(dim=1)))


@pytest.mark.parametrize("config", RNNS, ids=describe)
def test_rnn_classifies_by_both_directions_final_outputs(config: ModelConfig) -> None:
    model = build(config).eval()
    runs: list[Tensor] = []
    model.layers[-1].register_forward_hook(lambda _module, _inputs, output: runs.append(output[0]))
    logits = model(random_images(2))
    (outputs,) = runs  # (B, T, 2H)
    forward, backward = outputs.chunk(2, dim=2)
    torch.testing.assert_close(logits, model.head(torch.cat([forward[:, -1], backward[:, 0]], dim=1)))


def test_single_layer_rnn_builds_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    build(ImageGRUConfig(layers=1, dropout=0.3))
    assert not recwarn.list


def test_tokens_and_positions_start_small_and_different() -> None:
    torch.manual_seed(0)
    model = build(SimpleViTConfig())
    for parameter in (model.transformer.class_token.token, model.transformer.position_embedding.positions):
        assert parameter.std().item() == pytest.approx(0.02, rel=0.2)
        assert parameter.mean().abs() < 0.01


@pytest.mark.parametrize(
    ("config", "block", "layers"),
    [
        (MLPConfig(), "hidden.0", "Linear BatchNorm1d ReLU Dropout"),
        (SimpleCNNConfig(), "blocks.0", "Conv2d BatchNorm2d ReLU Conv2d BatchNorm2d ReLU MaxPool2d"),
        (SimpleCNNConfig(), "head", "Flatten Linear ReLU Dropout Linear"),
        (CNNTransformerConfig(), "backbone.0", "Conv2d BatchNorm2d ReLU MaxPool2d"),
        (ChannelTokenViTConfig(), "mix", "Conv2d BatchNorm2d ReLU"),
    ],
)
def test_blocks_are_the_reports(config: ModelConfig, block: str, layers: str) -> None:
    assert [type(layer).__name__ for layer in build(config).get_submodule(block)] == layers.split()


@pytest.mark.parametrize("dropout", [0.3, 0.15])
def test_dropout_is_the_configured_one_everywhere(dropout: float) -> None:
    for spec in MODELS.values():
        if "dropout" not in spec.config.model_fields:
            continue
        modules = list(build(spec.config(dropout=dropout)).modules())
        assert {module.p for module in modules if isinstance(module, nn.Dropout)} == {dropout}


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_rnn_drops_between_its_layers_and_before_the_classifier(layers: int) -> None:
    model = build(ImageGRUConfig(layers=layers, hidden_size=8, dropout=0.5))
    shapes: list[tuple[int, ...]] = []
    model.dropout.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape)))
    model(random_images(2))
    assert shapes == [(2, 32, 16)] * (layers - 1) + [(2, 16)]


def test_parameter_counts_beyond_the_report() -> None:
    """ResNet-18 has 11.2M (He et al., 2016); the paper on CCT gives 3.76M and 0.28M for ten classes."""
    assert count(build(ResNetConfig())) == 11_220_132
    width, norm = 64, 2
    convolutions = [(3, 1), (1, 2), (2, 2), (2, 2), (2, 4), (4, 8), (8, 8), (8, 8)]  # in multiples of the width
    expected = 9 * 3 * width + norm * width
    for narrow, wide in convolutions[1:]:
        expected += 9 * narrow * wide * width**2 + norm * wide * width
    assert count(build(ResNetConfig(variant=ResNetVariant.RESNET9))) == expected + 8 * width * 100

    convolved = 9 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 192) + 2 * (16 + 32 + 64 + 192)
    assert count(build(StridedCNNConfig())) == convolved + 192 * 100 + 100

    # Our encoder has biases in its query, key and value projections, the paper's has none.
    assert count(build(CCTConfig(), num_classes=10)) - 7 * 3 * 256 == pytest.approx(3.76e6, abs=5e3)
    small = CCTConfig(conv_layers=2, embed_dim=128, depth=2, heads=2, ffn_dim=128)
    assert count(build(small, num_classes=10)) - 2 * 3 * 128 == pytest.approx(0.28e6, abs=5e3)


def test_switches_change_the_parameters_by_what_they_add() -> None:
    base = count(build(SimpleViTConfig()))
    without_cls = base - 128 - 128  # the token and its position
    assert count(build(SimpleViTConfig(pooling=Pooling.MEAN))) == without_cls
    assert count(build(SimpleViTConfig(pooling=Pooling.SEQUENCE))) == without_cls + 128
    assert count(build(SimpleViTConfig(positions=Positions.SINCOS))) == base - 65 * 128
    assert count(build(SimpleViTConfig(stochastic_depth=0.5))) == base
    base = count(build(ImageGRUConfig()))
    assert count(build(ImageGRUConfig(pooling=StepPooling.MEAN))) == base
    assert count(build(ImageGRUConfig(input_norm=True))) == base + 2 * 96


@pytest.mark.parametrize("grid", [(3, 5), (7, 1)])
@pytest.mark.parametrize("leading", [0, 1])
def test_sincos_positions_are_their_formula(grid: tuple[int, int], leading: int) -> None:
    rows, columns = grid
    module = SincosPositions(rows, columns, 12, leading)
    assert list(module.parameters()) == []
    assert module.state_dict() == {}
    table = module(torch.zeros(1, leading + rows * columns, 12))[0]
    assert table[:leading].abs().sum() == 0
    for row in range(rows):
        for column in range(columns):
            expected: list[float] = []
            for place in (column, row):
                angles = [place / 10_000 ** (k / 2) for k in range(3)]
                expected += [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
            assert table[leading + row * columns + column].tolist() == pytest.approx(expected, abs=1e-5)


def test_sequence_pooling_is_a_mean_weighted_by_its_scores() -> None:
    torch.manual_seed(0)
    pool, tokens = SequencePooling(4), torch.randn(2, 3, 4)
    pool.requires_grad_(False)
    pooled = pool(tokens)
    for image in range(2):
        scores = [math.exp(float(pool.score.weight[0] @ tokens[image, place])) for place in range(3)]
        expected = sum(score / sum(scores) * tokens[image, place] for place, score in enumerate(scores))
        torch.testing.assert_close(pooled[image], expected)


@pytest.mark.parametrize("config", [ImageLSTMConfig, ImageGRUConfig])
def test_rnn_can_classify_by_the_mean_over_its_steps(config: type[ImageLSTMConfig] | type[ImageGRUConfig]) -> None:
    model = build(config(pooling=StepPooling.MEAN, hidden_size=8)).eval()
    outputs: list[Tensor] = []
    model.layers[-1].register_forward_hook(lambda _module, _inputs, output: outputs.append(output[0]))
    logits = model(random_images(2))
    torch.testing.assert_close(logits, model.head(outputs[0].mean(dim=1)))


def test_rnn_can_normalise_each_step() -> None:
    model = build(ImageGRUConfig(input_norm=True, hidden_size=8)).eval()
    steps: list[Tensor] = []
    model.layers[0].register_forward_pre_hook(lambda _module, inputs: steps.append(inputs[0]))
    model(random_images(2) * 7 + 3)
    assert steps[0].mean(dim=2).abs().max() < 1e-5
    torch.testing.assert_close(steps[0].std(dim=2, unbiased=False), torch.ones(2, 32), rtol=1e-3, atol=0)


def test_positions_of_waves_need_a_width_in_fours() -> None:
    with pytest.raises(ValueError, match="multiple of 4, and 6 is none"):
        SpatialTokenViTConfig(embed_dim=6, heads=2, positions=Positions.SINCOS)


def test_resnet9_scales_its_logits() -> None:
    """As David Page's does: its features are maxima, and large."""
    model = build(ResNetConfig(variant=ResNetVariant.RESNET9, width=4), 10).eval()
    images = torch.randn(2, 3, 32, 32)
    features = model.stages(images).flatten(1)
    torch.testing.assert_close(model(images), 0.125 * features @ model.head[-1].weight.T)
    assert model.head[-1].bias is None
