"""A transformer on raw pixels (report, section 5.2, 4B)."""

from torch import Tensor, nn

from cifar_tui.config.model import SpatialTokenViTConfig
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer


class SpatialTokenViT(nn.Module):
    """Each of the 1,024 pixels is a token → transformer, by default on the mean token.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: SpatialTokenViTConfig, num_classes: int) -> None:
        super().__init__()
        self.projection = nn.Linear(CHANNELS, config.embed_dim)
        self.transformer = TokenTransformer(config, (SIDE, SIDE), PyTorchEncoder.of(config), num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        pixels = images.flatten(2).transpose(1, 2)  # (B, 1024, 3)
        logits: Tensor = self.transformer(self.projection(pixels))
        return logits
