"""What a model knows of the training images before its first step."""

import torch
from torch import nn

from cifar_tui.data.batches import EvalBatches
from cifar_tui.data.dataset import LabelledImages
from cifar_tui.models.patch_whitening import PatchWhitening

_ENOUGH_IMAGES = 2000
"""Their 128,000 patches settle a covariance of 48 values: more would only take longer."""


def whiten(model: nn.Module, images: LabelledImages) -> None:
    """Fit the whitening of patches to the first of `images`, where `model`, still on the CPU, has one."""
    for part in model.modules():
        if isinstance(part, PatchWhitening):
            few = LabelledImages(images.pixels[:_ENOUGH_IMAGES], images.labels[:_ENOUGH_IMAGES])
            batches = EvalBatches(few, batch_size=_ENOUGH_IMAGES, device=torch.device("cpu"), channels_last=False)
            part.fit(next(iter(batches))[0])
