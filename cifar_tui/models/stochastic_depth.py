"""Stochastic depth (Huang et al., 2016): in training an image skips some of the residual branches."""

from torch import nn


def rising_rates(last: float, depth: int) -> list[float]:
    """Return each layer's probability to be skipped: from 0 at the first of `depth` up to `last`, in equal steps."""
    if depth == 1:
        return [last]
    return [last * layer / (depth - 1) for layer in range(depth)]


def branch_dropout(dropout: float, rate: float) -> nn.Module:
    """Make what ends a residual branch (B, T, C) → (B, T, C): dropout, and the skipping of whole images at `rate`."""
    if not rate:
        return nn.Dropout(dropout)
    from torchvision.ops import StochasticDepth  # importing it takes a second

    return nn.Sequential(nn.Dropout(dropout), StochasticDepth(rate, mode="row"))
