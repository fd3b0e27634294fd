"""A transformer on channels (report, section 5.2, 4C)."""

from torch import Tensor, nn

from cifar_tui.config.model import ChannelTokenViTConfig
from cifar_tui.models.embeddings import PositionEmbedding
from cifar_tui.models.image import CHANNELS, PIXELS
from cifar_tui.models.pytorch_encoder import PyTorchEncoder


class ChannelTokenViT(nn.Module):
    """Conv1x1 → each channel, all its pixels, is a token → positions → encoder → LayerNorm → mean → Linear.

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
        self.position_embedding = PositionEmbedding(config.channels, config.embed_dim)
        self.encoder = PyTorchEncoder(config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout)
        self.norm = nn.LayerNorm(config.embed_dim)
        self.head = nn.Linear(config.embed_dim, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        channels = self.mix(images).flatten(2)  # (B, T, 1024): T channels, 64 by default
        tokens = self.position_embedding(self.projection(channels))  # (B, T, C)
        tokens = self.norm(self.encoder(tokens))
        logits: Tensor = self.head(tokens.mean(dim=1))
        return logits
