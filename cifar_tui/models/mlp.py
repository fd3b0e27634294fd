"""Multilayer perceptron on the flattened image (report, section 2.2)."""

from itertools import pairwise

from torch import Tensor, nn

from cifar_tui.config.model import MLPConfig
from cifar_tui.models.image import CHANNELS, PIXELS


class HiddenLayer(nn.Sequential):
    """Linear → BatchNorm → ReLU → Dropout: (B, in_features) → (B, out_features)."""

    def __init__(self, in_features: int, out_features: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(in_features, out_features),
            nn.BatchNorm1d(out_features),
            nn.ReLU(),
            nn.Dropout(dropout),
        )


class MLP(nn.Module):
    """Flatten → hidden layers → Linear.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: MLPConfig, num_classes: int) -> None:
        super().__init__()
        sizes = (CHANNELS * PIXELS, *config.hidden_sizes)
        self.flatten = nn.Flatten()
        self.hidden = nn.Sequential(
            *(HiddenLayer(fan_in, fan_out, config.dropout) for fan_in, fan_out in pairwise(sizes))
        )
        self.head = nn.Linear(sizes[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        logits: Tensor = self.head(self.hidden(self.flatten(images)))
        return logits
