"""A transformer on convolution features (report, section 5.2, 4A; the hybrid of Dosovitskiy et al., 2021)."""

from torch import Tensor, nn

from cifar_tui.config.model import CNNTransformerConfig
from cifar_tui.models.conv_block import ConvBlock
from cifar_tui.models.image import CHANNELS, SIDE
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer


class CNNTransformer(nn.Module):
    """Two convolution blocks → the 8×8 positions as 64 tokens → transformer, by default on a CLS token.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(self, config: CNNTransformerConfig, num_classes: int) -> None:
        super().__init__()
        narrow, wide = config.widths
        side = SIDE // 4  # each of the two blocks halves it
        self.backbone = nn.Sequential(
            ConvBlock(CHANNELS, narrow, convolutions=1),
            ConvBlock(narrow, wide, convolutions=1),
        )
        self.projection = nn.Linear(wide, config.embed_dim)
        self.transformer = TokenTransformer(config, (side, side), PyTorchEncoder.of(config), num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        features = self.backbone(images).flatten(2).transpose(1, 2)  # (B, W, 8, 8) → (B, 64, W)
        logits: Tensor = self.transformer(self.projection(features))
        return logits
