"""An architecture as the report writes it: what an image goes through, with the sizes of this very configuration.

The notation is that of PyTorch's modules, and so needs no language.
"""

from itertools import pairwise

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
    TransformerConfig,
)

_SIDE = 32
_CHANNELS = 3
_PIXELS = _SIDE * _SIDE
_IMAGE = f"[B, {_CHANNELS}, {_SIDE}, {_SIDE}]"

_STEPS = {
    SequenceMode.ROW: (32, 96),
    SequenceMode.COL: (32, 96),
    SequenceMode.PATCH4: (64, 48),
    SequenceMode.PATCH8: (16, 192),
}
"""Steps, and values a step, of each sequence mode (REPORT: Sequence modes)."""


def sequence_shape(config: ImageLSTMConfig | ImageGRUConfig) -> tuple[int, int]:
    """Return T and D: the steps of the sequence, and the values of each."""
    return _STEPS[config.sequence]


def token_shape(config: TransformerConfig) -> tuple[int, int]:
    """Return the number of tokens that the image makes, without a CLS token, and their width in the encoder."""
    return _tokens(config), config.embed_dim


def flow(config: ModelConfig, classes: int = 100) -> tuple[str, ...]:
    """Return the steps from images to logits, one a line."""
    lines = _lines(config)
    return (f"{_IMAGE} → {lines[0]}", *(f"→ {line}" for line in lines[1:-1]), f"→ {lines[-1]}{classes})")


def _lines(config: ModelConfig) -> tuple[str, ...]:
    """The steps; the last one lacks the number of classes."""
    match config:
        case SoftmaxRegressionConfig():
            return "Flatten", f"Linear({_CHANNELS * _PIXELS} → "
        case MLPConfig():
            sizes = (_CHANNELS * _PIXELS, *config.hidden_sizes)
            hidden = [f"Linear({a} → {b}) + BatchNorm + ReLU{_dropout(config.dropout)}" for a, b in pairwise(sizes)]
            return "Flatten", *hidden, f"Linear({sizes[-1]} → "
        case SimpleCNNConfig():
            return _simple_cnn(config)
        case ImageLSTMConfig() | ImageGRUConfig():
            return _recurrent(config)
        case ResNetConfig():
            return _resnet(config)
        case StridedCNNConfig():
            return _strided_cnn(config)
        case _:
            return (*_tokenised(config), *_encoder(config))


def _simple_cnn(config: SimpleCNNConfig) -> tuple[str, ...]:
    blocks = []
    side = _SIDE
    for narrow, wide in pairwise((_CHANNELS, *config.widths)):
        side //= 2
        blocks.append(f"[Conv3×3({narrow} → {wide}) + BatchNorm + ReLU] × 2 + MaxPool2 → [B, {wide}, {side}, {side}]")
    wide, head = config.widths[-1], config.head_size
    return (
        *blocks,
        f"AdaptiveAvgPool(1) → Linear({wide} → {head}) + ReLU{_dropout(config.dropout)}",
        f"Linear({head} → ",
    )


def _recurrent(config: ImageLSTMConfig | ImageGRUConfig) -> tuple[str, ...]:
    steps, values = sequence_shape(config)
    cell = "LSTM" if isinstance(config, ImageLSTMConfig) else "GRU"
    width = 2 * config.hidden_size
    norm = " → LayerNorm" if config.input_norm else ""
    dropout = f", dropout {config.dropout:g}" if config.dropout and config.layers > 1 else ""
    is_mean = config.pooling is StepPooling.MEAN
    return (
        f"{config.sequence} → [B, {steps}, {values}]{norm}",
        f"{cell}({values} → {config.hidden_size}, layers {config.layers}, bidirectional{dropout})",
        f"{'mean over T' if is_mean else 'concat(h_n[-2], h_n[-1])'} → [B, {width}]{_dropout(config.dropout, ' → ')}",
        f"Linear({width} → ",
    )


def _resnet(config: ResNetConfig) -> tuple[str, ...]:
    first, second, third, last = (config.width * times for times in (1, 2, 4, 8))
    stem = f"Conv3×3({_CHANNELS} → {first}) + BatchNorm + ReLU"
    head = f"{_dropout(config.dropout, '').removesuffix(' ')}{' → ' if config.dropout else ''}Linear({last} → "
    if config.variant is ResNetVariant.RESNET18:
        stages = (f"[BasicBlock × 2]({width})" for width in (first, second, third, last))
        return stem, " → ".join(stages), "AdaptiveAvgPool(1)", head
    return (
        stem,
        f"Conv3×3({second}) + MaxPool2 + Residual → Conv3×3({third}) + MaxPool2",
        f"Conv3×3({last}) + MaxPool2 + Residual",
        "AdaptiveMaxPool(1)",
        head,
    )


def _strided_cnn(config: StridedCNNConfig) -> tuple[str, ...]:
    stem, *stages = pairwise((_CHANNELS, *config.widths))
    if config.stem is Stem.WHITENED:
        side, first = _SIDE // 2 - 1, f"Whitening4×4({stem[0]} → {stem[1]}, stride 2) + ReLU"
    else:
        side, first = _SIDE // 2, f"Conv3×3({stem[0]} → {stem[1]}, stride 2) + BatchNorm + ReLU"
    lines = [f"{first} → [B, {stem[1]}, {side}, {side}]"]
    for narrow, wide in stages[:-1]:
        side //= 2
        lines.append(f"Conv3×3({narrow} → {wide}) + BatchNorm + ReLU + MaxPool2 → [B, {wide}, {side}, {side}]")
    narrow, wide = stages[-1]
    last = f"Conv3×3({narrow} → {wide}) + BatchNorm + ReLU"
    return *lines, last, f"AdaptiveMaxPool(1){_dropout(config.dropout, ' → ')}", f"Linear({wide} → "


def _tokenised(config: TransformerConfig) -> tuple[str, ...]:
    dim = config.embed_dim
    match config:
        case SimpleViTConfig() | CustomViTConfig():
            size = config.patch_size
            embedding = f"Conv{size}×{size}({_CHANNELS} → {dim}, stride {size})"
            return (f"{embedding} → [B, {_tokens(config)}, {dim}]",)
        case CNNTransformerConfig():
            narrow, wide = config.widths
            return (
                f"Conv3×3({_CHANNELS} → {narrow}) + BatchNorm + ReLU + MaxPool2 → [B, {narrow}, 16, 16]",
                f"Conv3×3({narrow} → {wide}) + BatchNorm + ReLU + MaxPool2 → [B, {wide}, 8, 8]",
                f"[B, 64, {wide}] → Linear({wide} → {dim})",
            )
        case SpatialTokenViTConfig():
            return (f"[B, {_PIXELS}, {_CHANNELS}] → Linear({_CHANNELS} → {dim})",)
        case ChannelTokenViTConfig():
            return (
                f"Conv1×1({_CHANNELS} → {config.channels}) + BatchNorm + ReLU",
                f"[B, {config.channels}, {_PIXELS}] → Linear({_PIXELS} → {dim})",
            )
        case CCTConfig():
            kernel = config.kernel_size
            block = f"[Conv{kernel}×{kernel} + ReLU + MaxPool3] × {config.conv_layers}"
            return (f"{block} → [B, {_tokens(config)}, {dim}]",)
        case _:
            raise TypeError(f"{config.__class__.__name__} describes no transformer that is known here")


def _encoder(config: TransformerConfig) -> tuple[str, ...]:
    dim = config.embed_dim
    tokens = _tokens(config) + (config.pooling is Pooling.CLS)
    learned = config.positions is Positions.LEARNED
    leading = "CLS + " if config.pooling is Pooling.CLS else ""
    encoder = "custom Encoder" if isinstance(config, CustomViTConfig) else "TransformerEncoder"
    drops = f", dropout {config.dropout:g}" if config.dropout else ""
    drops += f", stochastic depth {config.stochastic_depth:g}" if config.stochastic_depth else ""
    pooled = {Pooling.CLS: "CLS", Pooling.MEAN: "mean over tokens", Pooling.SEQUENCE: "sequence pooling"}
    return (
        f"{leading}{'learned' if learned else 'sincos'} positions → [B, {tokens}, {dim}]",
        f"{encoder}(pre-LN, layers {config.depth}, d {dim}, heads {config.heads}, FFN {config.ffn_dim}{drops})",
        f"LayerNorm → {pooled[config.pooling]} → [B, {dim}]",
        f"Linear({dim} → ",
    )


def _tokens(config: TransformerConfig) -> int:
    match config:
        case SimpleViTConfig() | CustomViTConfig():
            return (_SIDE // config.patch_size) ** 2
        case SpatialTokenViTConfig():
            return _PIXELS
        case ChannelTokenViTConfig():
            return config.channels
        case CCTConfig():
            side: int = _SIDE // 2**config.conv_layers
            return side**2
        case _:
            return 64


def _dropout(probability: float, joint: str = " + ") -> str:
    return f"{joint}Dropout({probability:g})" if probability else ""
