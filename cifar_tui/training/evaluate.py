"""A model's logits over images that are not trained on."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


@torch.inference_mode()
def predict(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Return the logits `[N, classes]` and the labels `[N]`, both on the device, the model in eval mode."""
    model.eval()
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    for images, targets in batches:
        logits.append(model(images).float())
        labels.append(targets)
    return torch.cat(logits), torch.cat(labels)
