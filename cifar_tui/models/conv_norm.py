"""The convolution of the networks beyond the report."""

from torch import nn


class ConvNorm(nn.Sequential):
    """Conv3x3 without bias → BatchNorm → ReLU: (B, in_channels, H, W) → (B, out_channels, H/stride, W/stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )
