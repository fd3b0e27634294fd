"""The arguments of each architecture, with the report's values as defaults.

With every default in place a model has exactly the parameter count that the report gives. The classes here only
describe; `cifar_tui.models` builds.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from cifar_tui.config.base import ConfigPart

Width = Annotated[int, Field(ge=1, le=8192)]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]


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


class _TransformerConfig(ConfigPart):
    """What all the transformers share; `embed_dim` must divide evenly into heads."""

    embed_dim: Width = Field(128, title="Embedding size", description="Width of each token inside the encoder.")
    depth: int = Field(4, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    heads: int = Field(4, ge=1, le=64, title="Heads", description="Attention heads; divides the embedding size.")
    ffn_dim: Width = Field(512, title="FFN size", description="Width of the feed-forward layer.")
    dropout: Dropout = Field(
        0.1, title="Dropout", description="After each projection of the encoder; the attention weights have none."
    )

    @field_validator("heads")
    @classmethod
    def _divide_the_width(cls, heads: int, info: ValidationInfo) -> int:
        embed_dim = info.data.get("embed_dim", heads)
        if embed_dim % heads:
            raise ValueError(f"must divide the embedding size, and {embed_dim} is not a multiple of {heads}")
        return heads


class _PatchTransformerConfig(_TransformerConfig):
    patch_size: Literal[1, 2, 4, 8, 16] = Field(
        4, title="Patch size", description="Side of a square patch in pixels; 4 gives 64 tokens."
    )


class SimpleViTConfig(_PatchTransformerConfig):
    """Vision transformer on PyTorch's encoder (pre-LN), with a CLS token."""

    name: Literal["simple_vit"] = "simple_vit"


class CustomViTConfig(_PatchTransformerConfig):
    """The same vision transformer on the encoder written from scratch."""

    name: Literal["custom_vit"] = "custom_vit"


class CNNTransformerConfig(_TransformerConfig):
    """Two convolution blocks make 64 tokens, a transformer relates them."""

    name: Literal["cnn_transformer"] = "cnn_transformer"
    widths: tuple[Width, Width] = Field(
        (32, 64), title="Convolution widths", description="Channels of the two convolution blocks."
    )
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")


class SpatialTokenViTConfig(_TransformerConfig):
    """Every pixel is a token: 1,024 of them, of three values each."""

    name: Literal["spatial_token_vit"] = "spatial_token_vit"
    embed_dim: Width = Field(64, title="Embedding size", description="Width of each token inside the encoder.")
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")
    ffn_dim: Width = Field(256, title="FFN size", description="Width of the feed-forward layer.")


class ChannelTokenViTConfig(_TransformerConfig):
    """A 1x1 convolution makes channels, and every channel is a token of 1,024 values."""

    name: Literal["channel_token_vit"] = "channel_token_vit"
    channels: Width = Field(64, title="Channels", description="Channels of the 1x1 convolution: the number of tokens.")
    depth: int = Field(2, ge=1, le=48, title="Depth", description="Number of encoder layers.")


class SequenceMode(StrEnum):
    """How an image is read as a sequence."""

    ROW = "row"
    COL = "col"
    PATCH4 = "patch4"
    PATCH8 = "patch8"


class _ImageRNNConfig(ConfigPart):
    sequence: SequenceMode = Field(
        SequenceMode.ROW,
        title="Sequence mode",
        description="One step is a row, a column, a 4x4 patch or an 8x8 patch of pixels.",
    )
    hidden_size: Width = Field(256, title="Hidden size", description="Hidden units a layer and direction.")
    layers: int = Field(2, ge=1, le=8, title="Layers", description="Stacked bidirectional layers.")
    dropout: Dropout = Field(0.3, title="Dropout", description="Between the layers and before the classifier.")


class ImageLSTMConfig(_ImageRNNConfig):
    """A bidirectional LSTM reads the image as a sequence."""

    name: Literal["image_lstm"] = "image_lstm"


class ImageGRUConfig(_ImageRNNConfig):
    """A bidirectional GRU reads the image as a sequence."""

    name: Literal["image_gru"] = "image_gru"


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
    | ImageGRUConfig,
    Field(discriminator="name"),
]
"""Any architecture's arguments; `name` says which."""
