"""A transformer on channels (report, section 5.2, 4C)."""

from torch import Tensor, nn

from cifar_tui.config.model import ChannelTokenViTConfig
from cifar_tui.models.image import CHANNELS, PIXELS
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer


class ChannelTokenViT(nn.Module):
    """Conv1x1 → each channel, all its pixels, is a token → transformer, by default on the mean token.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: ChannelTokenViTConfig, num_classes: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(CHANNELS, config.channels, kernel_size=1),
            nn.BatchNorm2d(config.channels),
            nn.ReLU(),
        )
        self.projection = nn.Linear(PIXELS, config.embed_dim)
        # Channels have no grid; one column of them makes their number the only position.
        grid = (config.channels, 1)
        self.transformer = TokenTransformer(config, grid, PyTorchEncoder.of(config), num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        channels = self.mix(images).flatten(2)  # (B, T, 1024): T channels, 64 by default
        logits: Tensor = self.transformer(self.projection(channels))
        return logits
