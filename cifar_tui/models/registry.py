"""The architectures by name, and what a screen tells about each; importing this does not import torch."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cifar_tui.config import ModelConfig
from cifar_tui.config.model import (
    CCTConfig,
    ChannelTokenViTConfig,
    CNNTransformerConfig,
    CustomViTConfig,
    ImageGRUConfig,
    ImageLSTMConfig,
    MLPConfig,
    ResNetConfig,
    SimpleCNNConfig,
    SimpleViTConfig,
    SoftmaxRegressionConfig,
    SpatialTokenViTConfig,
    StridedCNNConfig,
)


class Family(StrEnum):
    """What kind of network it is; the report compares the families with one another."""

    LINEAR = "linear"
    FC = "FC"
    CNN = "CNN"
    TRANSFORMER = "transformer"
    HYBRID = "hybrid"
    RNN = "RNN"


@dataclass(frozen=True)
class ModelArgument:
    """One argument of an architecture, as a form or a help page shows it."""

    name: str
    title: str
    help: str
    default: object


@dataclass(frozen=True)
class ModelSpec:
    """One architecture: what it is called, how it is configured and where its code is."""

    name: str
    title: str
    family: Family
    part: int | None
    """The part of the report that introduces it, 1–5; None where the report does not have it."""
    parameters: int
    """With every default in place; counting them here would take the seconds that torch takes to import."""
    config: type[ModelConfig]
    """Its arguments; the class itself, so that `config()` is the report's model."""
    builder: str
    """`module:class` of the network, a string so that torch is imported only when one is built."""

    @property
    def summary(self) -> str:
        """The architecture in one sentence."""
        return inspect.getdoc(self.config) or ""

    @property
    def arguments(self) -> tuple[ModelArgument, ...]:
        """Everything about the architecture that can be chosen, in the order of the form."""
        return tuple(
            ModelArgument(name, field.title or name, field.description or "", field.default)
            for name, field in self.config.model_fields.items()
            if name != "name"
        )


_SPECS = (
    ModelSpec(
        name="softmax_regression",
        title="SoftmaxRegression",
        family=Family.LINEAR,
        part=1,
        parameters=307_300,
        config=SoftmaxRegressionConfig,
        builder="cifar_tui.models.softmax_regression:SoftmaxRegression",
    ),
    ModelSpec(
        name="mlp",
        title="MLP",
        family=Family.FC,
        part=1,
        parameters=1_731_940,
        config=MLPConfig,
        builder="cifar_tui.models.mlp:MLP",
    ),
    ModelSpec(
        name="simple_cnn",
        title="SimpleCNN",
        family=Family.CNN,
        part=1,
        parameters=346_628,
        config=SimpleCNNConfig,
        builder="cifar_tui.models.simple_cnn:SimpleCNN",
    ),
    ModelSpec(
        name="simple_vit",
        title="SimpleViT",
        family=Family.TRANSFORMER,
        part=1,
        parameters=820_964,
        config=SimpleViTConfig,
        builder="cifar_tui.models.vision_transformer:SimpleViT",
    ),
    ModelSpec(
        name="custom_vit",
        title="CustomViT",
        family=Family.TRANSFORMER,
        part=3,
        parameters=819_428,
        config=CustomViTConfig,
        builder="cifar_tui.models.vision_transformer:CustomViT",
    ),
    ModelSpec(
        name="cnn_transformer",
        title="CNN+Transformer hybrid",
        family=Family.HYBRID,
        part=4,
        parameters=446_052,
        config=CNNTransformerConfig,
        builder="cifar_tui.models.cnn_transformer:CNNTransformer",
    ),
    ModelSpec(
        name="spatial_token_vit",
        title="SpatialToken ViT",
        family=Family.TRANSFORMER,
        part=4,
        parameters=172_388,
        config=SpatialTokenViTConfig,
        builder="cifar_tui.models.spatial_token_vit:SpatialTokenViT",
    ),
    ModelSpec(
        name="channel_token_vit",
        title="ChannelToken ViT",
        family=Family.TRANSFORMER,
        part=4,
        parameters=549_476,
        config=ChannelTokenViTConfig,
        builder="cifar_tui.models.channel_token_vit:ChannelTokenViT",
    ),
    ModelSpec(
        name="image_lstm",
        title="Image LSTM",
        family=Family.RNN,
        part=5,
        parameters=2_353_252,
        config=ImageLSTMConfig,
        builder="cifar_tui.models.image_rnn:ImageLSTM",
    ),
    ModelSpec(
        name="image_gru",
        title="Image GRU",
        family=Family.RNN,
        part=5,
        parameters=1_777_764,
        config=ImageGRUConfig,
        builder="cifar_tui.models.image_rnn:ImageGRU",
    ),
    ModelSpec(
        name="resnet",
        title="ResNet",
        family=Family.CNN,
        part=None,
        parameters=11_220_132,
        config=ResNetConfig,
        builder="cifar_tui.models.resnet:ResNet",
    ),
    ModelSpec(
        name="strided_cnn",
        title="StridedCNN",
        family=Family.CNN,
        part=None,
        parameters=153_972,
        config=StridedCNNConfig,
        builder="cifar_tui.models.strided_cnn:StridedCNN",
    ),
    ModelSpec(
        name="cct",
        title="CCT",
        family=Family.HYBRID,
        part=None,
        parameters=3_788_644,
        config=CCTConfig,
        builder="cifar_tui.models.cct:CCT",
    ),
)

MODELS: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every architecture: the report's in its order, then those beyond it."""
