"""A small VGG-style convolutional network (report, section 2.3; after Simonyan & Zisserman, 2015)."""

from itertools import pairwise

from torch import Tensor, nn

from cifar_tui.config.model import SimpleCNNConfig
from cifar_tui.models.conv_block import ConvBlock
from cifar_tui.models.image import CHANNELS


class SimpleCNN(nn.Module):
    """Blocks of two convolutions, global average pooling, a two-layer head.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: SimpleCNNConfig, num_classes: int) -> None:
        super().__init__()
        widths = (CHANNELS, *config.widths)
        self.blocks = nn.Sequential(
            *(ConvBlock(narrow, wide, convolutions=2) for narrow, wide in pairwise(widths)),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1], config.head_size),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.head_size, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        features = self.blocks(images)  # (B, C, H, W): 128 × 4 × 4 by default
        logits: Tensor = self.head(self.pool(features))
        return logits
