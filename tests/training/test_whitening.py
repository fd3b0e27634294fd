"""The whitened stem knows the training images from the start, and learns nothing."""

import torch
from torch.nn import functional as F

from cifar_tui.data.batches import EvalBatches
from cifar_tui.data.dataset import ImageDataset

from .conftest import MakeConfig
from .recorder import run

FILTERS = "stages.0.filters.weight"


def test_the_filters_decorrelate_the_patches_of_the_training_images(
    dataset: ImageDataset, make_config: MakeConfig
) -> None:
    filters = run(make_config("strided_cnn", epochs=1), dataset).weights[FILTERS].flatten(1)
    assert torch.equal(filters[:24], -filters[24:])

    cpu = torch.device("cpu")
    batches = EvalBatches(dataset.train, batch_size=len(dataset.train), device=cpu, channels_last=False)
    images, _ = next(iter(batches))
    patches = F.unfold(images, 4, stride=4).transpose(0, 1).flatten(1)  # (48, 64 patches of each image)
    covariance = torch.cov(filters[:24] @ patches)
    variances = covariance.diagonal()
    torch.testing.assert_close(covariance, variances.diag(), atol=1e-3, rtol=0)
    assert variances.min() > 0.5
    assert variances.max() < 1
    assert variances.equal(variances.sort(descending=True).values)


def test_neither_the_seed_nor_training_changes_the_filters(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recipes = ({"seed": 1}, {"seed": 2, "epochs": 4}, {"optimiser": "sgd", "lr": 0.1, "weight_decay": 0.1})
    one, *others = (run(make_config("strided_cnn", **recipe), dataset).weights for recipe in recipes)
    assert all(torch.equal(one[FILTERS], weights[FILTERS]) for weights in others)
    assert not any(torch.equal(one["head.2.weight"], weights["head.2.weight"]) for weights in others)
