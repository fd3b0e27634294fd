"""Each mode reads the image in the order it claims."""

import pytest
import torch
from torch import Tensor

from cifar_tui.config import SequenceMode
from cifar_tui.models.sequences import ImageToSequence


def labelled_image() -> Tensor:
    """(1, 3, 32, 32), where the value at (channel, row, column) is written as the decimal digits c rr cc."""
    channel = torch.arange(3).view(3, 1, 1)
    row = torch.arange(32).view(1, 32, 1)
    column = torch.arange(32).view(1, 1, 32)
    return (10_000 * channel + 100 * row + column).float()[None]


def labels(pixels: list[tuple[int, int]]) -> list[float]:
    """What a step holds that visits these (row, column) positions, each with its three channels together."""
    return [10_000.0 * channel + 100 * row + column for row, column in pixels for channel in range(3)]


def read(mode: SequenceMode) -> list[list[float]]:
    (sequence,) = ImageToSequence(mode)(labelled_image())
    return sequence.tolist()


def test_row_mode_steps_down_and_reads_to_the_right() -> None:
    assert read(SequenceMode.ROW) == [labels([(row, column) for column in range(32)]) for row in range(32)]


def test_column_mode_steps_right_and_reads_down() -> None:
    assert read(SequenceMode.COL) == [labels([(row, column) for row in range(32)]) for column in range(32)]


@pytest.mark.parametrize(("mode", "size"), [(SequenceMode.PATCH4, 4), (SequenceMode.PATCH8, 8)])
def test_patch_modes_read_patches_and_their_pixels_in_reading_order(mode: SequenceMode, size: int) -> None:
    expected = [
        labels([(top + y, left + x) for y in range(size) for x in range(size)])
        for top in range(0, 32, size)
        for left in range(0, 32, size)
    ]
    assert read(mode) == expected


@pytest.mark.parametrize(
    ("mode", "steps", "features"),
    [
        (SequenceMode.ROW, 32, 96),
        (SequenceMode.COL, 32, 96),
        (SequenceMode.PATCH4, 64, 48),
        (SequenceMode.PATCH8, 16, 192),
    ],
)
def test_shape_is_announced_and_kept(mode: SequenceMode, steps: int, features: int) -> None:
    sequence = ImageToSequence(mode)
    assert (sequence.steps, sequence.features) == (steps, features)
    assert sequence(torch.randn(5, 3, 32, 32)).shape == (5, steps, features)


@pytest.mark.parametrize("mode", SequenceMode)
def test_images_of_a_batch_stay_apart(mode: SequenceMode) -> None:
    images = torch.randn(3, 3, 32, 32)
    together = ImageToSequence(mode)(images)
    for image, sequence in zip(images, together, strict=True):
        assert torch.equal(ImageToSequence(mode)(image[None])[0], sequence)


@pytest.mark.parametrize("mode", SequenceMode)
def test_memory_format_does_not_matter(mode: SequenceMode) -> None:
    images = torch.randn(2, 3, 32, 32)
    sequence = ImageToSequence(mode)
    assert torch.equal(sequence(images.to(memory_format=torch.channels_last)), sequence(images))
