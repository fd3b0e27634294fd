"""What the registry tells about each architecture, and that it tells it without torch."""

import subprocess
import sys
from typing import get_args

import pytest
import torch

from cifar_tui.config import ModelConfig, SequenceMode
from cifar_tui.models.build import build
from cifar_tui.models.registry import MODELS, Family, ModelArgument, ModelSpec

SPECS = pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.name)


def test_registry_needs_no_torch() -> None:
    program = (
        "import sys\n"
        "from cifar_tui.models.registry import MODELS\n"
        "for spec in MODELS.values(): spec.summary, spec.arguments, spec.config()\n"
        "assert 'torch' not in sys.modules\n"
        "assert 'textual' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_building_one_model_imports_no_other() -> None:
    program = (
        "import sys\n"
        "from cifar_tui.config.model import SoftmaxRegressionConfig\n"
        "from cifar_tui.models.build import build\n"
        "build(SoftmaxRegressionConfig())\n"
        "assert 'cifar_tui.models.softmax_regression' in sys.modules\n"
        "assert 'cifar_tui.models.vision_transformer' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_configuration_has_one_entry() -> None:
    union, _ = get_args(ModelConfig)
    assert {spec.config for spec in MODELS.values()} == set(get_args(union))
    assert len(MODELS) == 13


def test_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        MODELS["mlp"] = MODELS["simple_cnn"]  # type: ignore[index]


def test_families_and_parts_are_the_reports() -> None:
    assert {name: (spec.family, spec.part) for name, spec in MODELS.items()} == {
        "softmax_regression": (Family.LINEAR, 1),
        "mlp": (Family.FC, 1),
        "simple_cnn": (Family.CNN, 1),
        "simple_vit": (Family.TRANSFORMER, 1),
        "custom_vit": (Family.TRANSFORMER, 3),
        "cnn_transformer": (Family.HYBRID, 4),
        "spatial_token_vit": (Family.TRANSFORMER, 4),
        "channel_token_vit": (Family.TRANSFORMER, 4),
        "image_lstm": (Family.RNN, 5),
        "image_gru": (Family.RNN, 5),
        "resnet": (Family.CNN, None),
        "strided_cnn": (Family.CNN, None),
        "cct": (Family.HYBRID, None),
    }


@SPECS
def test_entry_agrees_with_its_configuration_and_network(spec: ModelSpec) -> None:
    config = spec.config()
    assert MODELS[config.name] is spec
    with torch.device("meta"):
        model = build(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == spec.parameters
    assert spec.builder == f"{type(model).__module__}:{type(model).__name__}"


@SPECS
def test_arguments_are_described_and_their_defaults_build_the_default(spec: ModelSpec) -> None:
    for argument in spec.arguments:
        assert argument.title != argument.name, "a person reads the title"
        assert argument.help.endswith(".")
    assert "name" not in {argument.name for argument in spec.arguments}
    assert spec.config(**{argument.name: argument.default for argument in spec.arguments}) == spec.config()


def test_argument_carries_what_the_form_shows() -> None:
    arguments = {argument.name: argument for argument in MODELS["image_gru"].arguments}
    assert list(arguments) == ["sequence", "hidden_size", "layers", "dropout", "input_norm", "pooling"]
    assert arguments["hidden_size"] == ModelArgument(
        "hidden_size", "Hidden size", "Hidden units a layer and direction.", 256
    )
    assert arguments["sequence"].default is SequenceMode.ROW
    assert MODELS["softmax_regression"].arguments == ()


@SPECS
def test_summary_is_one_sentence(spec: ModelSpec) -> None:
    assert spec.summary.endswith(".")
    assert ". " not in spec.summary
    assert "\n" not in spec.summary
    assert spec.summary == spec.config.__doc__
