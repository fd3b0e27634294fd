"""A first layer that needs no training: it takes the correlation of neighbouring pixels out of an image."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cifar_tui.models.image import CHANNELS

_KERNEL_SIZE = 4
_SMALLEST_VARIANCE = 1e-2
"""Added to each variance: patterns that natural images hardly have are noise, and stay weak."""


class PatchWhitening(nn.Module):
    """Fixed Conv4x4 of stride 2 → ReLU: (B, 3, 32, 32) → (B, out_channels, 15, 15).

    The filters are the principal components of the training images' patches, each scaled to unit variance (Page 2019),
    and once more with their sign turned, so that nothing is lost in the ReLU (Jordan 2024). They are random until they
    are fitted, and never learn.

    Args:
        out_channels: an even number, at most 96: both signs of all 48 components.
    """

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(CHANNELS, out_channels, _KERNEL_SIZE, stride=2, bias=False).requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, out_channels, 15, 15)."""
        return F.relu(self.filters(images))

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Take the filters from the patches of `images`, (N, 3, 32, 32), normalised, on the CPU."""
        patches = F.unfold(images, _KERNEL_SIZE, stride=_KERNEL_SIZE)  # (N, 48, 64)
        variances, directions = torch.linalg.eigh(torch.cov(patches.transpose(0, 1).flatten(1)))
        components = (directions / (variances + _SMALLEST_VARIANCE).sqrt()).T.flip(0)  # those that vary most come first
        half = components[: self.filters.out_channels // 2]
        self.filters.weight.copy_(torch.cat([half, -half]).view_as(self.filters.weight))
