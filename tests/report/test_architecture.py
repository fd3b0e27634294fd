"""What the report writes of an architecture is what the model does."""

import re

import pytest

from cifar_tui.config.model import (
    ImageGRUConfig,
    ResNetConfig,
    ResNetVariant,
    SequenceMode,
    SimpleViTConfig,
    Stem,
    StridedCNNConfig,
)
from cifar_tui.data.batches import MEAN, STD
from cifar_tui.models.registry import MODELS
from cifar_tui.models.summary import summarise
from cifar_tui.report import chapters
from cifar_tui.report.architecture import flow

CONFIGS = [
    *(spec.config() for spec in MODELS.values()),  # type: ignore[operator]
    SimpleViTConfig(patch_size=8, embed_dim=64, heads=2),
    ImageGRUConfig(sequence=SequenceMode.PATCH8, hidden_size=32, layers=1),
    ResNetConfig(variant=ResNetVariant.RESNET9, width=32, dropout=0.1),
    StridedCNNConfig(widths=(24, 8, 16), stem=Stem.WHITENED),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_every_shape_is_one_of_the_model(config: object) -> None:
    lines = flow(config)  # type: ignore[arg-type]
    shapes = {layer.output_shape for layer in summarise(config).layers}  # type: ignore[arg-type]
    # What tokens are made of lies in a layer's output, flattened or turned, and what is pooled in its last dimension.
    flat = {(shape[0], shape[1] * shape[2]) for shape in shapes if len(shape) == 3}
    sizes = {tuple(sorted(shape)) for shape in shapes | flat} | {shape[-1:] for shape in shapes}
    for text in re.findall(r"\[B, ([\d, ]+)\]", "\n".join(lines[1:])):
        shape = tuple(int(size) for size in text.split(", "))
        assert tuple(sorted(shape)) in sizes or shape == (1024, 3), text
    assert lines[0].startswith("[B, 3, 32, 32] → ")
    assert re.fullmatch(r".*Linear\(\d+ → 100\)", lines[-1])
    assert all(line.count("(") == line.count(")") for line in lines)


def test_the_report_says_how_images_are_normalised() -> None:
    assert (chapters.MEAN, chapters.STD) == (MEAN, STD)
