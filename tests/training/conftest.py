"""Data sets of a few coloured images, so that training them takes moments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cifar_tui.config import RunConfig
from cifar_tui.data.dataset import ImageDataset, LabelledImages

CLASSES = 10


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)  # so small tensors only lose time when shared out


def _images(per_class: int, seed: int) -> LabelledImages:
    """A class is a colour, with noise over it."""
    random = np.random.default_rng(seed)
    colours = np.random.default_rng(0).integers(0, 200, (CLASSES, 1, 1, 3))
    labels = np.repeat(np.arange(CLASSES), per_class)
    noise = random.integers(0, 56, (len(labels), 32, 32, 3))
    return LabelledImages((colours[labels] + noise).astype(np.uint8), labels)


@pytest.fixture(scope="session")
def dataset() -> ImageDataset:
    """Ten classes in two superclasses: 60 training, 20 validation and 30 test images."""
    return ImageDataset(
        name="colours",
        train=_images(6, seed=1),
        val=_images(2, seed=2),
        test=_images(3, seed=3),
        class_names=tuple(f"class {index}" for index in range(CLASSES)),
        superclass_names=("low", "high"),
        superclass_of=(0,) * 5 + (1,) * 5,
    )


MakeConfig = Callable[..., RunConfig]

SMALL_MODELS: dict[str, dict[str, Any]] = {
    "softmax_regression": {},
    "mlp": {"hidden_sizes": [16]},
    "simple_cnn": {"widths": [4, 8], "head_size": 8},
    "strided_cnn": {"widths": [48, 8, 8], "stem": "whitened"},
    "custom_vit": {"embed_dim": 16, "depth": 1, "heads": 2, "ffn_dim": 16, "patch_size": 16, "dropout": 0.2},
    "image_gru": {"hidden_size": 8, "sequence": "patch8"},
}


@pytest.fixture(scope="session")
def make_config() -> MakeConfig:
    """Make the configuration of a small run: `make_config("mlp", epochs=2)`."""

    def make(
        model: str = "softmax_regression", augmentation: dict[str, Any] | None = None, **training: Any
    ) -> RunConfig:
        return RunConfig.model_validate(
            {
                "data": augmentation or {},
                "model": {"name": model, **SMALL_MODELS[model]},
                "training": {"epochs": 2, "batch_size": 16, "device": "cpu", "precision": "float32"} | training,
            }
        )

    return make
