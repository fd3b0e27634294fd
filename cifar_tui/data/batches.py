"""Batches for training and evaluation: the images live on the device as bytes, a batch is one gather.

The training images are kept with the black border that a random crop needs, one pixel's three bytes side by side. Crop
and mirroring are then nothing but the choice of pixels: one index for each, one `index_select` for the batch. It comes
out with the channels last in memory, which is what convolutions like best on a CPU.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from cifar_tui.data.dataset import SIDE, LabelledImages

MEAN = (0.5071, 0.4867, 0.4408)
STD = (0.2675, 0.2565, 0.2761)
"""CIFAR-100's channel means and standard deviations, of pixels in 0–1 (REPORT: Task)."""

Batch = tuple[Tensor, Tensor]
"""Images, float32 `[B, 3, 32, 32]`, normalised; labels, int64 `[B]`."""


class TrainBatches:
    """Shuffled, augmented batches; `(seed, epoch)` decides everything that is drawn, on every device alike."""

    def __init__(
        self,
        images: LabelledImages,
        *,
        batch_size: int,
        crop_padding: int,
        flip: bool,
        device: torch.device,
        seed: int,
    ) -> None:
        pixels = torch.from_numpy(images.pixels).to(device)
        self._padded = F.pad(pixels, (0, 0, *(crop_padding,) * 4))  # [N, H + 2p, W + 2p, 3]
        self._labels = torch.from_numpy(images.labels).to(device)
        self._normalise = _Normalise(device)
        self._batch_size = batch_size
        self._crop_padding = crop_padding
        self._flip = flip
        self._device = device
        self._seed = seed
        left_over = len(images) % batch_size
        # A single image is left out: BatchNorm cannot train on it.
        self.batch_sizes = [batch_size] * (len(images) // batch_size) + [left_over] * (left_over > 1)

    def epoch(self, epoch: int, first_batch: int = 0) -> Iterator[Batch]:
        """Yield the batches of `epoch` (counted from 1), from `first_batch` (counted from 0) on."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
        count = len(self._labels)
        offsets = 2 * self._crop_padding + 1
        order = torch.randperm(count, generator=generator).to(self._device)
        tops, lefts = torch.randint(offsets, (2, count), generator=generator).to(self._device)
        mirrored = torch.randint(2 if self._flip else 1, (count,), generator=generator).bool().to(self._device)
        for batch in range(first_batch, len(self.batch_sizes)):
            part = slice(batch * self._batch_size, (batch + 1) * self._batch_size)
            chosen = order[part]
            pixels = crop_and_flip(self._padded, chosen, tops[part], lefts[part], mirrored[part])
            yield self._normalise(pixels), self._labels[chosen]


class EvalBatches:
    """Batches in order, not augmented; can be gone through again."""

    def __init__(self, images: LabelledImages, *, batch_size: int, device: torch.device) -> None:
        self._pixels = torch.from_numpy(images.pixels).to(device)
        self._labels = torch.from_numpy(images.labels).to(device)
        self._normalise = _Normalise(device)
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[Batch]:
        """Yield every image once."""
        for first in range(0, len(self._labels), self._batch_size):
            part = slice(first, first + self._batch_size)
            yield self._normalise(self._pixels[part]), self._labels[part]


def crop_and_flip(padded: Tensor, chosen: Tensor, tops: Tensor, lefts: Tensor, mirrored: Tensor) -> Tensor:
    """Cut a 32x32 window out of each chosen image, and mirror some of them.

    Args:
        padded: uint8 `[N, H, W, 3]`, the images with their border.
        chosen: which images, int64 `[B]`.
        tops: first row of each window, int64 `[B]`.
        lefts: first column of each window, int64 `[B]`.
        mirrored: bool `[B]`.

    Returns:
        uint8 `[B, 32, 32, 3]`.
    """
    _, height, width, channels = padded.shape
    along = torch.arange(SIDE, device=padded.device)
    columns = torch.where(mirrored[:, None], SIDE - 1 - along, along) + lefts[:, None]  # (B, 32)
    rows = (chosen * height + tops)[:, None] + along  # (B, 32), counted over all images
    pixels = (rows * width)[:, :, None] + columns[:, None, :]  # (B, 32, 32), likewise
    return padded.view(-1, channels).index_select(0, pixels.view(-1)).view(-1, SIDE, SIDE, channels)


class _Normalise:
    """From bytes to zero mean and unit variance: one multiplication and one addition a value."""

    def __init__(self, device: torch.device) -> None:
        std = torch.tensor(STD, device=device)
        self._scale = 1 / (255 * std)
        self._shift = -torch.tensor(MEAN, device=device) / std
        # On MPS, gradients of BatchNorm and LSTM were reported wrong with the channels last.
        self._contiguous = device.type == "mps"

    def __call__(self, pixels: Tensor) -> Tensor:
        images = pixels.float().mul_(self._scale).add_(self._shift).permute(0, 3, 1, 2)  # (B, 3, 32, 32)
        return images.contiguous() if self._contiguous else images
