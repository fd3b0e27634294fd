"""A transformer on convolution features (report, section 5.2, 4A; the hybrid of Dosovitskiy et al., 2021)."""

from torch import Tensor, nn

from cifar_tui.config.model import CNNTransformerConfig
from cifar_tui.models.conv_block import ConvBlock
from cifar_tui.models.embeddings import ClassToken, PositionEmbedding
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder


class CNNTransformer(nn.Module):
    """Two convolution blocks → the 8×8 positions as 64 tokens → CLS + positions → encoder → Linear on the CLS token.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: CNNTransformerConfig, num_classes: int) -> None:
        super().__init__()
        narrow, wide = config.widths
        grid = SIDE // 4  # each of the two blocks halves it
        self.backbone = nn.Sequential(
            ConvBlock(CHANNELS, narrow, convolutions=1),
            ConvBlock(narrow, wide, convolutions=1),
        )
        self.projection = nn.Linear(wide, config.embed_dim)
        self.class_token = ClassToken(config.embed_dim)
        self.position_embedding = PositionEmbedding(1 + grid * grid, config.embed_dim)
        self.encoder = PyTorchEncoder(config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout)
        self.norm = nn.LayerNorm(config.embed_dim)
        self.head = nn.Linear(config.embed_dim, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        features = self.backbone(images).flatten(2).transpose(1, 2)  # (B, W, 8, 8) → (B, 64, W)
        tokens = self.class_token(self.projection(features))  # (B, 65, C)
        tokens = self.encoder(self.position_embedding(tokens))
        # The norm is of each token alone, so it suffices to norm the one that is read.
        logits: Tensor = self.head(self.norm(tokens[:, 0]))
        return logits
