"""The arguments of each architecture, with the report's values as defaults.

With every default in place a model has exactly the parameter count that the report gives. The classes here only
describe; `cifar_tui.models` builds.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from cifar_tui.config.base import ADVANCED, ConfigPart

Width = Annotated[int, Field(ge=1, le=8192)]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]

WHITENING_FILTERS = 96
"""Those that a patch of 4x4 pixels and 3 channels has: both signs of each of its 48 principal components."""


class SoftmaxRegressionConfig(ConfigPart):
    """A linear map of the pixels: Flatten → Linear."""

    name: Literal["softmax_regression"] = "softmax_regression"


class MLPConfig(ConfigPart):
    """Flatten → [Linear, BatchNorm, ReLU, Dropout] for each hidden layer → Linear."""

    name: Literal["mlp"] = "mlp"
    hidden_sizes: tuple[Width, ...] = Field(
        (512, 256), min_length=1, max_length=8, title="Hidden sizes", description="Width of each hidden layer."
    )
    dropout: Dropout = Field(0.3, title="Dropout", description="Dropout probability after each hidden layer.")


class SimpleCNNConfig(ConfigPart):
    """Blocks of two Conv3x3 + BatchNorm + ReLU and a max pool, then a two-layer head."""

    name: Literal["simple_cnn"] = "simple_cnn"
    widths: tuple[Width, ...] = Field(
        (32, 64, 128),
        min_length=1,
        max_length=5,
        title="Block widths",
        description="Channels of each block; every block halves height and width.",
    )
    head_size: Width = Field(256, title="Head size", description="Width of the hidden layer after pooling.")
    dropout: Dropout = Field(0.3, title="Dropout", description="Dropout probability before the last layer.")


class Pooling(StrEnum):
    """What of the tokens the classifier sees."""

    CLS = "cls"
    MEAN = "mean"
    SEQUENCE = "sequence"


class Positions(StrEnum):
    """What tells a transformer where a token stands."""

    LEARNED = "learned"
    SINCOS = "sincos"


class TransformerConfig(ConfigPart):
    """What all the transformers share; `embed_dim` must divide evenly into heads."""

    embed_dim: Width = Field(128, title="Embedding size", description="Width of each token inside the encoder.")
    depth: int = Field(4, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    heads: int = Field(4, ge=1, le=64, title="Heads", description="Attention heads; divides the embedding size.")
    ffn_dim: Width = Field(512, title="FFN size", description="Width of the feed-forward layer.")
    dropout: Dropout = Field(
        0.1, title="Dropout", description="After each projection of the encoder; the attention weights have none."
    )
    stochastic_depth: Dropout = Field(
        0.0,
        title="Stochastic depth",
        description="Probability that an image skips the last layer's branches; it rises to that from 0.",
        json_schema_extra=ADVANCED,
    )
    pooling: Pooling = Field(
        Pooling.CLS,
        title="Pooling",
        description="cls: a token of its own. mean: of all tokens. sequence: a learned weighted mean.",
    )
    positions: Positions = Field(
        Positions.LEARNED,
        title="Positions",
        description="learned, or sincos: fixed sines and cosines of the place.",
        json_schema_extra=ADVANCED,
    )

    @field_validator("heads")
    @classmethod
    def _divide_the_width(cls, heads: int, info: ValidationInfo) -> int:
        embed_dim = info.data.get("embed_dim", heads)
        if embed_dim % heads:
            raise ValueError(f"must divide the embedding size, and {embed_dim} is not a multiple of {heads}")
        return heads

    @field_validator("positions")
    @classmethod
    def _waves_fill_the_width(cls, positions: Positions, info: ValidationInfo) -> Positions:
        embed_dim = info.data.get("embed_dim", 4)
        if positions is Positions.SINCOS and embed_dim % 4:
            raise ValueError(f"sincos needs an embedding size that is a multiple of 4, and {embed_dim} is none")
        return positions


class _PatchTransformerConfig(TransformerConfig):
    patch_size: Literal[1, 2, 4, 8, 16] = Field(
        4, title="Patch size", description="Side of a square patch in pixels; 4 gives 64 tokens."
    )


class SimpleViTConfig(_PatchTransformerConfig):
    """Vision transformer on PyTorch's encoder (pre-LN), with a CLS token."""

    name: Literal["simple_vit"] = "simple_vit"


class CustomViTConfig(_PatchTransformerConfig):
    """The same vision transformer on the encoder written from scratch."""

    name: Literal["custom_vit"] = "custom_vit"


class CNNTransformerConfig(TransformerConfig):
    """Two convolution blocks make 64 tokens, a transformer relates them."""

    name: Literal["cnn_transformer"] = "cnn_transformer"
    widths: tuple[Width, Width] = Field(
        (32, 64), title="Convolution widths", description="Channels of the two convolution blocks."
    )
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")


_MEAN_POOLING: Any = Field(
    Pooling.MEAN,
    title="Pooling",
    description="mean: of all tokens. sequence: a learned weighted mean. cls: a token of its own.",
)


class SpatialTokenViTConfig(TransformerConfig):
    """Every pixel is a token: 1,024 of them, of three values each."""

    name: Literal["spatial_token_vit"] = "spatial_token_vit"
    embed_dim: Width = Field(64, title="Embedding size", description="Width of each token inside the encoder.")
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    ffn_dim: Width = Field(256, title="FFN size", description="Width of the feed-forward layer.")
    pooling: Pooling = _MEAN_POOLING


class ChannelTokenViTConfig(TransformerConfig):
    """A 1x1 convolution makes channels, and every channel is a token of 1,024 values."""

    name: Literal["channel_token_vit"] = "channel_token_vit"
    channels: Width = Field(64, title="Channels", description="Channels of the 1x1 convolution: the number of tokens.")
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    pooling: Pooling = _MEAN_POOLING


class SequenceMode(StrEnum):
    """How an image is read as a sequence."""

    ROW = "row"
    COL = "col"
    PATCH4 = "patch4"
    PATCH8 = "patch8"


class StepPooling(StrEnum):
    """What of an RNN's steps the classifier sees."""

    FINAL = "final"
    MEAN = "mean"


class _ImageRNNConfig(ConfigPart):
    sequence: SequenceMode = Field(
        SequenceMode.ROW,
        title="Sequence mode",
        description="One step is a row, a column, a 4x4 patch or an 8x8 patch of pixels.",
    )
    hidden_size: Width = Field(256, title="Hidden size", description="Hidden units a layer and direction.")
    layers: int = Field(2, ge=1, le=8, title="Layers", description="Stacked bidirectional layers.")
    dropout: Dropout = Field(0.3, title="Dropout", description="Between the layers and before the classifier.")
    input_norm: bool = Field(
        False, title="Input norm", description="LayerNorm over the values of each step.", json_schema_extra=ADVANCED
    )
    pooling: StepPooling = Field(
        StepPooling.FINAL,
        title="Pooling",
        description="final: each direction's last state. mean: of the outputs at all steps.",
    )


class ImageLSTMConfig(_ImageRNNConfig):
    """A bidirectional LSTM reads the image as a sequence."""

    name: Literal["image_lstm"] = "image_lstm"


class ImageGRUConfig(_ImageRNNConfig):
    """A bidirectional GRU reads the image as a sequence."""

    name: Literal["image_gru"] = "image_gru"


class ResNetVariant(StrEnum):
    """The residual networks that are known by their number of layers."""

    RESNET9 = "resnet9"
    RESNET18 = "resnet18"


class ResNetConfig(ConfigPart):
    """A residual network with a stem for small images: a deeper CNN than the report's."""

    name: Literal["resnet"] = "resnet"
    variant: ResNetVariant = Field(
        ResNetVariant.RESNET18,
        title="Variant",
        description="resnet18: eight blocks. resnet9: fast to train.",
    )
    width: Width = Field(64, title="Width", description="Channels of the first stage; they double three times.")
    dropout: Dropout = Field(0.0, title="Dropout", description="Dropout probability before the last layer.")


class Stem(StrEnum):
    """Where the filters of the first layer come from."""

    LEARNED = "learned"
    WHITENED = "whitened"


class StridedCNNConfig(ConfigPart):
    """A stem of stride 2 and one convolution a stage: a network that trains in seconds."""

    name: Literal["strided_cnn"] = "strided_cnn"
    widths: tuple[Width, ...] = Field(
        (16, 32, 64, 192),
        min_length=2,
        max_length=5,
        title="Widths",
        description="Channels of the stem and of each stage; each halves the image's sides.",
    )
    stem: Stem = Field(
        Stem.LEARNED,
        title="Stem",
        description="learned: 3x3 filters, trained. whitened: fixed 4x4 filters that decorrelate the pixels.",
    )
    dropout: Dropout = Field(0.0, title="Dropout", description="Dropout probability before the last layer.")

    @field_validator("stem")
    @classmethod
    def _has_filters_for_the_width(cls, stem: Stem, info: ValidationInfo) -> Stem:
        width = info.data.get("widths", (2,))[0]
        if stem is Stem.WHITENED and (width % 2 or width > WHITENING_FILTERS):
            raise ValueError(
                f"whitened needs an even number of channels in the stem, at most {WHITENING_FILTERS}, "
                f"and the first of the widths is {width}"
            )
        return stem


class CCTConfig(TransformerConfig):
    """Compact convolutional transformer: overlapping convolutions make the tokens, a learned mean pools them."""

    name: Literal["cct"] = "cct"
    conv_layers: int = Field(1, ge=1, le=4, title="Conv. layers", description="Convolutions that make tokens.")
    kernel_size: Literal[3, 5, 7] = Field(3, title="Kernel size", description="Of the tokeniser's convolutions.")
    embed_dim: Width = Field(256, title="Embedding size", description="Width of each token inside the encoder.")
    depth: int = Field(7, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    dropout: Dropout = Field(
        0.0, title="Dropout", description="After each projection of the encoder; the attention weights have none."
    )
    stochastic_depth: Dropout = Field(
        0.1,
        title="Stochastic depth",
        description="Probability that an image skips the last layer's branches; it rises to that from 0.",
        json_schema_extra=ADVANCED,
    )
    pooling: Pooling = Field(
        Pooling.SEQUENCE,
        title="Pooling",
        description="sequence: a learned weighted mean. mean: of all tokens. cls: a token of its own.",
    )


ModelConfig = Annotated[
    SoftmaxRegressionConfig
    | MLPConfig
    | SimpleCNNConfig
    | SimpleViTConfig
    | CustomViTConfig
    | CNNTransformerConfig
    | SpatialTokenViTConfig
    | ChannelTokenViTConfig
    | ImageLSTMConfig
    | ImageGRUConfig
    | ResNetConfig
    | StridedCNNConfig
    | CCTConfig,
    Field(discriminator="name"),
]
"""Any architecture's arguments; `name` says which."""
