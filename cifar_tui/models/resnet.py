"""Residual networks (He et al., 2016) with a stem for small images: one 3x3 convolution that keeps the resolution."""

from torch import Tensor, nn

from cifar_tui.config.model import ResNetConfig, ResNetVariant
from cifar_tui.models.conv_norm import ConvNorm
from cifar_tui.models.image import CHANNELS

_RESNET9_SCALE = 0.125
"""Of ResNet-9's logits, whose features are maxima and large: without it a rate as high as its recipe's diverges."""


class ResNet(nn.Module):
    """Stem → stages → global pooling → Dropout → Linear: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: ResNetConfig, num_classes: int) -> None:
        super().__init__()
        is_resnet9 = config.variant is ResNetVariant.RESNET9
        self.stages = (_resnet9 if is_resnet9 else _resnet18)(config.width)
        self.scale = _RESNET9_SCALE if is_resnet9 else 1.0
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(config.dropout),
            nn.Linear(8 * config.width, num_classes, bias=not is_resnet9),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        logits: Tensor = self.head(self.stages(images))  # (B, 8·width, 1, 1)
        return logits * self.scale


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut (He et al., 2016, figure 5, left).

    (B, in_channels, H, W) → (B, out_channels, H/stride, W/stride)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.first = ConvNorm(in_channels, out_channels, stride)
        self.second = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H/stride, W/stride)."""
        output: Tensor = self.relu(self.second(self.first(x)) + self.shortcut(x))
        return output


class Residual(nn.Module):
    """Adds what two convolutions make of it to their input, without another ReLU: (B, C, H, W) → (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(ConvNorm(channels, channels), ConvNorm(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, H, W)."""
        output: Tensor = x + self.branch(x)
        return output


def _resnet18(width: int) -> nn.Sequential:
    """Four stages of two basic blocks, each stage but the first at half the resolution: 32, 16, 8, 4."""
    blocks: list[nn.Module] = []
    channels = width
    for stage, wide in enumerate((width, 2 * width, 4 * width, 8 * width)):
        blocks += [BasicBlock(channels, wide, stride=1 if stage == 0 else 2), BasicBlock(wide, wide)]
        channels = wide
    return nn.Sequential(ConvNorm(CHANNELS, width), *blocks, nn.AdaptiveAvgPool2d(1))


def _resnet9(width: int) -> nn.Sequential:
    """The network that David Page trained on CIFAR-10 in seconds (DAWNBench, 2018): eight convolutions, one Linear.

    The Linear has no bias, and its logits are scaled, both as his.
    """
    return nn.Sequential(
        ConvNorm(CHANNELS, width),
        ConvNorm(width, 2 * width),
        nn.MaxPool2d(2),
        Residual(2 * width),
        ConvNorm(2 * width, 4 * width),
        nn.MaxPool2d(2),
        ConvNorm(4 * width, 8 * width),
        nn.MaxPool2d(2),
        Residual(8 * width),
        nn.AdaptiveMaxPool2d(1),
    )
