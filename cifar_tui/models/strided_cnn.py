"""A convolutional network that sees the image at half its resolution from the first layer on."""

from itertools import pairwise

from torch import Tensor, nn

from cifar_tui.config.model import Stem, StridedCNNConfig
from cifar_tui.models.conv_norm import ConvNorm
from cifar_tui.models.image import CHANNELS
from cifar_tui.models.patch_whitening import PatchWhitening


class StridedCNN(nn.Module):
    """Stem → [ConvNorm → MaxPool2] × stages → global maximum → Dropout → Linear; the stem has stride 2.

    (B, 3, 32, 32) → (B, num_classes)

    At full resolution even a narrow convolution takes most of a step, and adds little to the first ten epochs.
    """

    def __init__(self, config: StridedCNNConfig, num_classes: int) -> None:
        super().__init__()
        is_whitened = config.stem is Stem.WHITENED
        stem = PatchWhitening(config.widths[0]) if is_whitened else ConvNorm(CHANNELS, config.widths[0], stride=2)
        layers: list[nn.Module] = [stem]
        for narrow, wide in pairwise(config.widths):
            layers += [ConvNorm(narrow, wide), nn.MaxPool2d(2)]
        # The last stage's own pooling is the global one.
        self.stages = nn.Sequential(*layers[:-1], nn.AdaptiveMaxPool2d(1))
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(config.dropout),
            nn.Linear(config.widths[-1], num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        logits: Tensor = self.head(self.stages(images))  # (B, widths[-1], 1, 1)
        return logits
