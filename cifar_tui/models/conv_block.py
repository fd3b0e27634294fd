"""The convolution block of the CNN and of the CNN+Transformer hybrid."""

from torch import nn


class ConvBlock(nn.Sequential):
    """[Conv3x3 → BatchNorm → ReLU] × `convolutions` → MaxPool2, in the manner of VGG (Simonyan & Zisserman, 2015).

    (B, in_channels, H, W) → (B, out_channels, H/2, W/2)
    """

    def __init__(self, in_channels: int, out_channels: int, convolutions: int) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, *[out_channels] * (convolutions - 1)):
            layers += [
                # The batch norm makes the bias redundant; it stays because the report's parameter counts include it.
                nn.Conv2d(channels, out_channels, kernel_size=3, padding=1),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            ]
        super().__init__(*layers, nn.MaxPool2d(2))
