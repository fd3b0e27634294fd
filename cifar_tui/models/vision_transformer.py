"""The vision transformer (Dosovitskiy et al., 2021) for 32×32 images (report, sections 2.4 and 4)."""

from torch import Tensor, nn

from cifar_tui.config.model import CustomViTConfig, SimpleViTConfig
from cifar_tui.models.encoder import Encoder
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer


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
    """Patches as tokens → transformer, by default on a CLS token: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: SimpleViTConfig | CustomViTConfig, num_classes: int, encoder: nn.Module) -> None:
        super().__init__()
        side = SIDE // config.patch_size
        self.patch_embedding = PatchEmbedding(config.patch_size, config.embed_dim)
        self.transformer = TokenTransformer(config, (side, side), encoder, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        logits: Tensor = self.transformer(self.patch_embedding(images))
        return logits


class SimpleViT(VisionTransformer):
    """The vision transformer on PyTorch's encoder: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: SimpleViTConfig, num_classes: int) -> None:
        super().__init__(config, num_classes, PyTorchEncoder.of(config))


class CustomViT(VisionTransformer):
    """The vision transformer on the encoder written from scratch: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: CustomViTConfig, num_classes: int) -> None:
        encoder = Encoder(
            config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout, config.stochastic_depth
        )
        super().__init__(config, num_classes, encoder)
