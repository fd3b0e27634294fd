"""A transformer on raw pixels (report, section 5.2, 4B)."""

from torch import Tensor, nn

from cifar_tui.config.model import SpatialTokenViTConfig
from cifar_tui.models.embeddings import PositionEmbedding
from cifar_tui.models.image import CHANNELS, PIXELS
from cifar_tui.models.pytorch_encoder import PyTorchEncoder


class SpatialTokenViT(nn.Module):
    """Each of the 1,024 pixels is a token → positions → encoder → LayerNorm → mean over tokens → Linear.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: SpatialTokenViTConfig, num_classes: int) -> None:
        super().__init__()
        self.projection = nn.Linear(CHANNELS, config.embed_dim)
        self.position_embedding = PositionEmbedding(PIXELS, config.embed_dim)
        self.encoder = PyTorchEncoder(config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout)
        self.norm = nn.LayerNorm(config.embed_dim)
        self.head = nn.Linear(config.embed_dim, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        pixels = images.flatten(2).transpose(1, 2)  # (B, 1024, 3)
        tokens = self.position_embedding(self.projection(pixels))  # (B, 1024, C)
        tokens = self.norm(self.encoder(tokens))
        logits: Tensor = self.head(tokens.mean(dim=1))
        return logits
