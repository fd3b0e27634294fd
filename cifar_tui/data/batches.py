"""Batches for training and evaluation: the images live on the device as bytes, a batch is one gather.

The training images are kept with the black border that a random crop needs, and a second time mirrored. So cropping and
mirroring are nothing but the choice of where each row of 32 pixels begins: one index a row, one `index_select` a batch.
It comes out with the channels last in memory, which is what convolutions like best.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from cifar_tui.config import AutoAugment, DataConfig, Flip
from cifar_tui.data.auto_augment import auto_augment, draw_operations
from cifar_tui.data.dataset import SIDE, LabelledImages
from cifar_tui.data.erasing import draw_boxes, erase
from cifar_tui.data.mixing import Mix, draw_mixes, mixed

MEAN = (0.5071, 0.4867, 0.4408)
STD = (0.2675, 0.2565, 0.2761)
"""CIFAR-100's channel means and standard deviations, of pixels in 0–1 (REPORT: Task)."""

Batch = tuple[Tensor, Tensor]
"""Images, float32 `[B, 3, 32, 32]`, normalised; labels, int64 `[B]`."""

_AUGMENTED_AT_ONCE = 4096
"""Images: the operations of an auto-augment policy are many small ones, and cheaper on more than a batch."""


class TrainBatch(NamedTuple):
    """A batch to train on."""

    images: Tensor
    """float32 `[B, 3, 32, 32]`, normalised."""
    labels: Tensor
    """int64 `[B]`."""
    mix: Mix | None
    """What else is in the images, where they are mixed."""


class TrainBatches:
    """Shuffled, augmented batches; `(seed, epoch)` decides everything that is drawn, on every device alike."""

    def __init__(
        self,
        images: LabelledImages,
        augmentation: DataConfig,
        *,
        batch_size: int,
        device: torch.device,
        seed: int,
        channels_last: bool,
    ) -> None:
        self._pixels = _padded(torch.from_numpy(images.pixels), augmentation).to(device)
        self._labels = torch.from_numpy(images.labels).to(device)
        self._normalise = _Normalise(device, channels_last=channels_last)
        self._augmentation = augmentation
        self._batch_size = batch_size
        self._device = device
        self._seed = seed
        left_over = len(images) % batch_size
        # A single image is left out: BatchNorm cannot train on it.
        self.batch_sizes = [batch_size] * (len(images) // batch_size) + [left_over] * (left_over > 1)

    def epoch(self, epoch: int, first_batch: int = 0) -> Iterator[TrainBatch]:
        """Yield the batches of `epoch` (counted from 1), from `first_batch` (counted from 0) on."""
        how = self._augmentation
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
        count = len(self._labels)
        order = torch.randperm(count, generator=generator)
        tops, lefts = torch.randint(2 * how.crop_padding + 1, (2, count), generator=generator)
        mirrored = torch.randint(1 if how.flip is Flip.OFF else 2, (count,), generator=generator).bool()
        if how.flip is Flip.ALTERNATING:
            mirrored = self._mirrored_in_the_first_epoch()[order] ^ (epoch % 2 == 0)
        operations = draw_operations(how.auto_augment, count, generator)
        boxes = draw_boxes(how.erasing, count, generator) if how.erasing else None
        mixes = draw_mixes(how.mixup, how.cutmix, len(self.batch_sizes), generator)

        chosen = order.to(self._device)
        starts = _first_pixels(self._pixels, count, order, tops, lefts, mirrored).to(self._device)
        boxes = boxes.to(self._device) if boxes is not None else None
        batches_at_once = max(_AUGMENTED_AT_ONCE // self._batch_size, 1)
        augmented = torch.empty(0)
        for batch in range(first_batch, len(self.batch_sizes)):
            part = slice(batch * self._batch_size, (batch + 1) * self._batch_size)
            if how.auto_augment is AutoAugment.NONE:
                pixels = windows(self._pixels, starts[part])
            else:
                place = batch % batches_at_once
                if place == 0 or batch == first_batch:
                    first = (batch - place) * self._batch_size
                    whole = slice(first, first + batches_at_once * self._batch_size)
                    augmented = auto_augment(windows(self._pixels, starts[whole]), operations[whole])
                pixels = augmented[place * self._batch_size :][: self._batch_size]
            images, labels = self._normalise(pixels), self._labels[chosen[part]]
            if boxes is not None:
                images = erase(images, boxes[part])
            other: Mix | None = None
            if mixes:
                images, other = mixed(images, labels, mixes[batch])
            yield TrainBatch(images, labels, other)

    def _mirrored_in_the_first_epoch(self) -> Tensor:
        """bool `[N]`: by image, not by place, so that it holds for all epochs."""
        generator = torch.Generator().manual_seed(self._seed)
        return torch.randint(2, (len(self._labels),), generator=generator).bool()


class EvalBatches:
    """Batches in order, not augmented; can be gone through again."""

    def __init__(self, images: LabelledImages, *, batch_size: int, device: torch.device, channels_last: bool) -> None:
        self._pixels = torch.from_numpy(images.pixels).to(device)
        self._labels = torch.from_numpy(images.labels).to(device)
        self._normalise = _Normalise(device, channels_last=channels_last)
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[Batch]:
        """Yield every image once."""
        for first in range(0, len(self._labels), self._batch_size):
            part = slice(first, first + self._batch_size)
            yield self._normalise(self._pixels[part]), self._labels[part]


def bytes_of_image(augmentation: DataConfig) -> int:
    """Return how many bytes of a device's memory `TrainBatches` takes for each image."""
    return _padded(torch.zeros(1, SIDE, SIDE, 3, dtype=torch.uint8), augmentation).nbytes


def _padded(pixels: Tensor, augmentation: DataConfig) -> Tensor:
    """[N, H, W, 3] → [2N, H + 2p, W + 2p, 3]: the mirrored images behind the others, where there are any.

    On the CPU, however large: nothing but the result goes to the device.
    """
    count, padding = len(pixels), augmentation.crop_padding
    copies, side = 1 if augmentation.flip is Flip.OFF else 2, SIDE + 2 * padding
    padded = pixels.new_zeros(copies * count, side, side, 3)
    inner = padded[:, padding : padding + SIDE, padding : padding + SIDE]
    inner[:count] = pixels
    if copies == 2:
        inner[count:] = pixels.flip(2)
    return padded


def windows(pixels: Tensor, starts: Tensor) -> Tensor:
    """Cut a 32x32 window out of one image each.

    Args:
        pixels: uint8 `[M, H, W, 3]`.
        starts: the place of each window's first pixel, counted over all images, int64 `[B]`.

    Returns:
        uint8 `[B, 32, 32, 3]`.
    """
    images, height, width, channels = pixels.shape
    rows = starts[:, None] + torch.arange(SIDE, device=starts.device) * width  # (B, 32): where each row begins
    if not _gathers_overlapping_rows(pixels.device):
        every_pixel = (rows[..., None] + torch.arange(SIDE, device=starts.device)).view(-1)
        return pixels.view(-1, channels).index_select(0, every_pixel).view(-1, SIDE, SIDE, channels)
    row_bytes = SIDE * channels
    # Every 32 neighbouring pixels as one row of a matrix; the rows overlap, nothing is copied.
    every_row = pixels.view(-1).as_strided((images * height * width - SIDE + 1, row_bytes), (channels, 1))
    return every_row.index_select(0, rows.view(-1)).view(-1, SIDE, SIDE, channels)


def _gathers_overlapping_rows(device: torch.device) -> bool:
    """Whether a gather reads the rows alone; on MPS some versions of torch first copy them all, 14 GB of CIFAR-100."""
    return device.type != "mps"


def _first_pixels(pixels: Tensor, count: int, chosen: Tensor, tops: Tensor, lefts: Tensor, mirrored: Tensor) -> Tensor:
    """Return for `windows` where images that are cropped at `tops`, `lefts` and then mirrored or not begin: `[N]`."""
    _, height, width, _ = pixels.shape
    image = torch.where(mirrored, chosen + count, chosen)
    left = torch.where(mirrored, width - SIDE - lefts, lefts)
    return (image * height + tops) * width + left


class _Normalise:
    """From bytes to zero mean and unit variance: one multiplication and one addition a value."""

    def __init__(self, device: torch.device, *, channels_last: bool) -> None:
        std = torch.tensor(STD, device=device)
        scale = 1 / (255 * std)
        shift = -torch.tensor(MEAN, device=device) / std
        self._channels_last = channels_last
        # Spread over a row of pixels: broadcasting along three channels that are last is eight times slower on a CPU.
        self._scale = scale.repeat(SIDE) if channels_last else scale.view(3, 1, 1)
        self._shift = shift.repeat(SIDE) if channels_last else shift.view(3, 1, 1)

    def __call__(self, pixels: Tensor) -> Tensor:
        """uint8 `[B, 32, 32, 3]` → float32 `[B, 3, 32, 32]`."""
        if self._channels_last:
            images = pixels.reshape(len(pixels), SIDE, -1).float().mul_(self._scale).add_(self._shift)
            return images.view(pixels.shape).permute(0, 3, 1, 2)
        return pixels.permute(0, 3, 1, 2).contiguous().float().mul_(self._scale).add_(self._shift)
