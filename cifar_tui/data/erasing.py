"""Random erasing (Zhong et al., 2020): a box of an image is blanked with the mean colour."""

import math

import torch
from torch import Tensor

from cifar_tui.data.dataset import SIDE

_AREA = (0.02, 0.33)
"""Least and largest share of the image."""
_RATIO = (0.3, 1 / 0.3)
"""Least and largest height for a width."""
_TRIES = 10
"""After so many boxes that do not fit, the image stays whole."""


def draw_boxes(probability: float, count: int, generator: torch.Generator) -> Tensor:
    """Draw a box for each of `count` images.

    Returns:
        int64 `[count, 4]`: top, bottom, left, right, the ends not included; all zero where nothing is erased.
    """
    area = torch.empty(_TRIES, count).uniform_(*_AREA, generator=generator) * SIDE**2
    ratio = torch.empty(_TRIES, count).uniform_(math.log(_RATIO[0]), math.log(_RATIO[1]), generator=generator).exp()
    heights, widths = (area * ratio).sqrt().round().long(), (area / ratio).sqrt().round().long()
    fits = (heights < SIDE) & (widths < SIDE)
    first = fits.int().argmax(dim=0, keepdim=True)  # the first that fits; 0 where none does
    height, width = heights.gather(0, first)[0], widths.gather(0, first)[0]
    place = torch.rand(2, count, generator=generator)
    top, left = (place[0] * (SIDE - height + 1)).long(), (place[1] * (SIDE - width + 1)).long()
    erased = (torch.rand(count, generator=generator) < probability) & fits.any(dim=0)
    return torch.stack([top, top + height, left, left + width], dim=1) * erased[:, None]


def erase(images: Tensor, boxes: Tensor) -> Tensor:
    """Blank each image's box.

    Args:
        images: float32 `[B, 3, 32, 32]`, normalised, so that 0 is the mean colour; not kept.
        boxes: as `draw_boxes` draws them, `[B, 4]`, on the same device.

    Returns:
        `[B, 3, 32, 32]`.
    """
    place = torch.arange(SIDE, device=images.device)
    top, bottom, left, right = boxes.unbind(dim=1)
    rows = (place >= top[:, None]) & (place < bottom[:, None])  # (B, 32)
    columns = (place >= left[:, None]) & (place < right[:, None])
    kept = ~(rows[:, None, :, None] & columns[:, None, None, :])  # (B, 1, 32, 32)
    return images.mul_(kept.to(images.dtype))
