"""The four ways to read an image as a sequence (report, section 6.1).

In all of them the three channels of a pixel stay together, and both the steps and the pixels of a step come in
reading order: left to right, then top to bottom. (A column has only one pixel a row: its steps go left to right and
its pixels top to bottom.)
"""

from torch import Tensor, nn

from cifar_tui.config import SequenceMode
from cifar_tui.models.image import CHANNELS, PIXELS, SIDE

_STEP_PIXELS = {
    SequenceMode.ROW: SIDE,
    SequenceMode.COL: SIDE,
    SequenceMode.PATCH4: 4 * 4,
    SequenceMode.PATCH8: 8 * 8,
}


def rows(images: Tensor) -> Tensor:
    """One step a row of pixels, from the top: (B, 3, 32, 32) → (B, 32, 96)."""
    return images.permute(0, 2, 3, 1).flatten(2)


def columns(images: Tensor) -> Tensor:
    """One step a column of pixels, from the left: (B, 3, 32, 32) → (B, 32, 96)."""
    return images.permute(0, 3, 2, 1).flatten(2)


def patches(images: Tensor, size: int) -> Tensor:
    """One step a square patch of `size` × `size` pixels: (B, 3, 32, 32) → (B, (32/size)², 3·size²)."""
    count = SIDE // size
    grid = images.reshape(-1, CHANNELS, count, size, count, size)  # (B, channel, patch row, y, patch column, x)
    return grid.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


class ImageToSequence(nn.Module):
    """Reads images as sequences of T steps with D values each: (B, 3, 32, 32) → (B, T, D)."""

    def __init__(self, mode: SequenceMode) -> None:
        super().__init__()
        self.mode = mode
        self.features = CHANNELS * _STEP_PIXELS[mode]
        """D, the values of a step."""
        self.steps = PIXELS // _STEP_PIXELS[mode]
        """T, the length of the sequence."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, T, D)."""
        match self.mode:
            case SequenceMode.ROW:
                return rows(images)
            case SequenceMode.COL:
                return columns(images)
            case SequenceMode.PATCH4:
                return patches(images, 4)
            case SequenceMode.PATCH8:
                return patches(images, 8)
