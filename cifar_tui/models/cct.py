"""The compact convolutional transformer (Hassani et al., "Escaping the Big Data Paradigm", 2021)."""

from itertools import pairwise

from torch import Tensor, nn

from cifar_tui.config.model import CCTConfig
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer

_HIDDEN_CHANNELS = 64
"""Of the tokeniser's convolutions before the last."""


class ConvTokeniser(nn.Sequential):
    """[Conv → ReLU → MaxPool] × `layers`, each at half the resolution: (B, 3, 32, 32) → (B, C, 32/2^n, 32/2^n)."""

    def __init__(self, dim: int, layers: int, kernel_size: int) -> None:
        stack: list[nn.Module] = []
        for narrow, wide in pairwise((CHANNELS, *[_HIDDEN_CHANNELS] * (layers - 1), dim)):
            convolution = nn.Conv2d(narrow, wide, kernel_size, padding=kernel_size // 2, bias=False)
            nn.init.kaiming_normal_(convolution.weight)
            stack += [convolution, nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2, padding=1)]
        super().__init__(*stack)


class CCT(nn.Module):
    """Overlapping convolutions → positions of the feature map as tokens → transformer with sequence pooling.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: CCTConfig, num_classes: int) -> None:
        super().__init__()
        side = SIDE // 2**config.conv_layers
        self.tokeniser = ConvTokeniser(config.embed_dim, config.conv_layers, config.kernel_size)
        self.transformer = TokenTransformer(config, (side, side), PyTorchEncoder.of(config), num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        tokens = self.tokeniser(images).flatten(2).transpose(1, 2)  # (B, C, H, W) → (B, H·W, C)
        logits: Tensor = self.transformer(tokens)
        return logits
