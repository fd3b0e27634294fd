"""The vision transformer (Dosovitskiy et al., 2021) for 32×32 images (report, sections 2.4 and 4)."""

from torch import Tensor, nn

from cifar_tui.config.model import CustomViTConfig, SimpleViTConfig
from cifar_tui.models.embeddings import ClassToken, PositionEmbedding
from cifar_tui.models.encoder import Encoder
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder


class PatchEmbedding(nn.Module):
    """A linear map of each square patch, written as a strided convolution: (B, 3, 32, 32) → (B, T, C)."""

    def __init__(self, patch_size: int, dim: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(CHANNELS, dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, T, C), the patches in reading order."""
        patches: Tensor = self.projection(images)  # (B, C, 32/P, 32/P)
        return patches.flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """Patches → CLS + positions → encoder → LayerNorm → Linear on the CLS token.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: SimpleViTConfig | CustomViTConfig, num_classes: int, encoder: nn.Module) -> None:
        super().__init__()
        patches = (SIDE // config.patch_size) ** 2
        self.patch_embedding = PatchEmbedding(config.patch_size, config.embed_dim)
        self.class_token = ClassToken(config.embed_dim)
        self.position_embedding = PositionEmbedding(1 + patches, config.embed_dim)
        self.encoder = encoder
        self.norm = nn.LayerNorm(config.embed_dim)
        self.head = nn.Linear(config.embed_dim, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        tokens = self.class_token(self.patch_embedding(images))  # (B, 1 + T, C)
        tokens = self.encoder(self.position_embedding(tokens))
        # The norm is of each token alone, so it suffices to norm the one that is read.
        logits: Tensor = self.head(self.norm(tokens[:, 0]))
        return logits


class SimpleViT(VisionTransformer):
    """The vision transformer on PyTorch's encoder: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: SimpleViTConfig, num_classes: int) -> None:
        encoder = PyTorchEncoder(config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout)
        super().__init__(config, num_classes, encoder)


class CustomViT(VisionTransformer):
    """The vision transformer on the encoder written from scratch: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: CustomViTConfig, num_classes: int) -> None:
        encoder = Encoder(config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout)
        super().__init__(config, num_classes, encoder)
