"""Multinomial logistic regression on the pixels (report, section 2.1)."""

from torch import Tensor, nn

from cifar_tui.config.model import SoftmaxRegressionConfig
from cifar_tui.models.image import CHANNELS, PIXELS


class SoftmaxRegression(nn.Module):
    """One linear map from all pixels to the classes; the softmax itself is part of the cross-entropy loss.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: SoftmaxRegressionConfig, num_classes: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(CHANNELS * PIXELS, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        logits: Tensor = self.head(self.flatten(images))
        return logits
