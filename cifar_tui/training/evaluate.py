"""A model's logits over images that are not trained on."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn


@torch.inference_mode()
def predict(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], autocast: AbstractContextManager[object]
) -> tuple[Tensor, Tensor]:
    """Return the logits, float32 `[N, classes]`, and the labels `[N]`, both on the device.

    Args:
        model: left in eval mode.
        batches: images and labels.
        autocast: the context that forward passes run in.
    """
    model.eval()
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with autocast:
        for images, targets in batches:
            logits.append(model(images).float())
            labels.append(targets)
    return torch.cat(logits), torch.cat(labels)
