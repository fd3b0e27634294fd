"""Policies that draw operations for each image: RandAugment (Cubuk et al., 2020), TrivialAugment (Müller, 2021).

Operations and magnitudes are those of torchvision's `v2.RandAugment` and `v2.TrivialAugmentWide`, which treat a batch
as one image; here every image of a batch has its own. What is outside of an image is black.
"""

import math
from collections.abc import Callable
from enum import IntEnum
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from cifar_tui.config import AutoAugment
from cifar_tui.data.dataset import SIDE

_MAGNITUDES = 31
_RAND_AUGMENT_OPERATIONS = 2
_RAND_AUGMENT_MAGNITUDE = 9


class Operation(IntEnum):
    """What can happen to an image."""

    IDENTITY = 0
    SHEAR_X = 1
    SHEAR_Y = 2
    TRANSLATE_X = 3
    TRANSLATE_Y = 4
    ROTATE = 5
    BRIGHTNESS = 6
    COLOUR = 7
    CONTRAST = 8
    SHARPNESS = 9
    POSTERISE = 10
    SOLARISE = 11
    AUTO_CONTRAST = 12
    EQUALISE = 13


_SIGNED = range(Operation.SHEAR_X, Operation.SHARPNESS + 1)
"""Operations that go either way."""


def draw_operations(policy: AutoAugment, count: int, generator: torch.Generator) -> Tensor:
    """Draw the operations of each of `count` images.

    Returns:
        float32 `[count, operations, 2]`: which, and how strongly (see `apply`); no operations with `none`.
    """
    if policy is AutoAugment.NONE:
        return torch.empty(count, 0, 2)
    is_trivial = policy is AutoAugment.TRIVIAL_AUGMENT
    size = (count, 1 if is_trivial else _RAND_AUGMENT_OPERATIONS)
    which = torch.randint(len(Operation), size, generator=generator)
    signs = torch.randint(2, size, generator=generator) * 2 - 1
    levels = torch.full(size, _RAND_AUGMENT_MAGNITUDE)
    if is_trivial:
        levels = torch.randint(_MAGNITUDES, size, generator=generator)
    magnitudes = _magnitudes(policy)[which, levels]
    is_signed = (which >= _SIGNED.start) & (which < _SIGNED.stop)
    return torch.stack([which.float(), torch.where(is_signed, magnitudes * signs, magnitudes)], dim=2)


def auto_augment(pixels: Tensor, operations: Tensor) -> Tensor:
    """Apply to each image its operations, one after the other.

    Args:
        pixels: uint8 `[B, 32, 32, 3]`.
        operations: as `draw_operations` draws them, `[B, operations, 2]`, on the CPU.

    Returns:
        uint8 `[B, 32, 32, 3]`.
    """
    images = pixels.permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)
    which, magnitudes = operations.unbind(dim=2)  # (B, operations)
    # The images of one operation behind one another, so that they go to the device at once: each copy waits for it.
    order = which.argsort(dim=0)
    places, strengths = order.to(images.device), magnitudes.gather(0, order).to(images.device)
    for round_, drawn in enumerate(which.unbind(dim=1)):
        counts = torch.bincount(drawn.int(), minlength=len(Operation)).tolist()
        groups = torch.split(places[:, round_], counts), torch.split(strengths[:, round_], counts)
        for operation, chosen, strength in zip(Operation, *groups, strict=True):
            if len(chosen) and operation is not Operation.IDENTITY:
                images[chosen] = apply(operation, images[chosen], strength)
    return images.permute(0, 2, 3, 1).contiguous()


def apply(operation: Operation, images: Tensor, magnitudes: Tensor) -> Tensor:
    """Apply one operation to all of `images`.

    Args:
        operation: which.
        images: uint8 `[B, 3, 32, 32]`.
        magnitudes: float32 `[B]`: the slope of a shear, pixels of a translation, degrees of a rotation; how much a
            factor of brightness, colour, contrast or sharpness differs from 1; bits kept; the threshold in 0–1 from
            which on solarising inverts.

    Returns:
        uint8 `[B, 3, 32, 32]`.
    """
    return _OPERATIONS[operation](images, magnitudes)


def _magnitudes(policy: AutoAugment) -> Tensor:
    """All magnitudes, `[operations, levels]`, without sign."""
    is_trivial = policy is AutoAugment.TRIVIAL_AUGMENT
    factor, shear, rotation = (0.99, 0.99, 135.0) if is_trivial else (0.9, 0.3, 30.0)
    translation = 32.0 if is_trivial else 150.0 / 331.0 * SIDE
    bits = 8 - (torch.arange(_MAGNITUDES) / ((_MAGNITUDES - 1) / (6 if is_trivial else 4))).round()
    largest = [0.0, shear, shear, translation, translation, rotation, factor, factor, factor, factor]
    rising = [torch.linspace(0.0, value, _MAGNITUDES) for value in largest]
    nothing = torch.zeros(_MAGNITUDES)
    return torch.stack([*rising, bits, torch.linspace(1.0, 0.0, _MAGNITUDES), nothing, nothing])


Matrix = Callable[[Tensor], tuple[Tensor | float, ...]]
"""From magnitudes to where each pixel comes from: a 2x3 matrix, row by row, in pixels from the centre."""


def _warp(matrix: Matrix, images: Tensor, magnitudes: Tensor) -> Tensor:
    """Take each pixel from the one nearest to where `matrix` sends it."""
    values = [value + torch.zeros_like(magnitudes) for value in matrix(magnitudes)]
    rows = torch.stack(values, dim=1).view(-1, 2, 3)
    along = torch.linspace((1 - SIDE) / 2, (SIDE - 1) / 2, SIDE, device=images.device)
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([x, y, torch.ones_like(x)], dim=2).view(1, -1, 3)
    grid = places.expand(len(images), -1, -1).bmm(rows.transpose(1, 2) / (SIDE / 2))
    warped = F.grid_sample(images.float(), grid.view(-1, SIDE, SIDE, 2), mode="nearest", align_corners=False)
    return warped.round().to(torch.uint8)


_CORNER = SIDE / 2
"""A shear keeps the corner where it is: a pixel moves by the slope times its distance from it."""


def _shear_x(slopes: Tensor) -> tuple[Tensor | float, ...]:
    return (1.0, slopes, slopes * _CORNER, 0.0, 1.0, 0.0)


def _shear_y(slopes: Tensor) -> tuple[Tensor | float, ...]:
    return (1.0, 0.0, 0.0, slopes, 1.0, slopes * _CORNER)


def _translate_x(pixels: Tensor) -> tuple[Tensor | float, ...]:
    return (1.0, 0.0, -pixels.trunc(), 0.0, 1.0, 0.0)


def _translate_y(pixels: Tensor) -> tuple[Tensor | float, ...]:
    return (1.0, 0.0, 0.0, 0.0, 1.0, -pixels.trunc())


def _rotate(degrees: Tensor) -> tuple[Tensor | float, ...]:
    angle = degrees * (math.pi / 180)
    return (angle.cos(), -angle.sin(), 0.0, angle.sin(), angle.cos(), 0.0)


def _brightness(images: Tensor, magnitudes: Tensor) -> Tensor:
    return _blend(images.float(), torch.zeros((), device=images.device), magnitudes)


def _colour(images: Tensor, magnitudes: Tensor) -> Tensor:
    return _blend(images.float(), _grey(images), magnitudes)


def _contrast(images: Tensor, magnitudes: Tensor) -> Tensor:
    return _blend(images.float(), _grey(images).mean(dim=(1, 2, 3), keepdim=True), magnitudes)


def _sharpness(images: Tensor, magnitudes: Tensor) -> Tensor:
    kernel = torch.ones(3, 3, device=images.device)
    kernel[1, 1] = 5
    sharp = images.float()
    inner = sharp[:, :, 1:-1, 1:-1]  # the border stays as it is
    blurred = F.conv2d(sharp, (kernel / kernel.sum()).expand(3, 1, 3, 3), groups=3).round()
    inner += (blurred - inner) * -magnitudes.view(-1, 1, 1, 1)
    return sharp.clamp(0, 255).to(torch.uint8)


def _posterise(images: Tensor, bits: Tensor) -> Tensor:
    dropped = (8 - bits).to(torch.uint8).view(-1, 1, 1, 1)
    return images >> dropped << dropped


def _solarise(images: Tensor, thresholds: Tensor) -> Tensor:
    return torch.where(images >= (thresholds * 255).view(-1, 1, 1, 1), 255 - images, images)


def _auto_contrast(images: Tensor, _: Tensor) -> Tensor:
    from torchvision.transforms.v2.functional import autocontrast  # importing it takes a second

    stretched: Tensor = autocontrast(images)
    return stretched


def _equalise(images: Tensor, _: Tensor) -> Tensor:
    from torchvision.transforms.v2.functional import equalize

    equalised: Tensor = equalize(images)
    return equalised


def _blend(images: Tensor, others: Tensor, magnitudes: Tensor) -> Tensor:
    """Go from `others` (at factor 0) to `images` (at 1) and beyond."""
    beyond = magnitudes.view(-1, 1, 1, 1)
    return (images * (1 + beyond) - others * beyond).clamp(0, 255).to(torch.uint8)


def _grey(images: Tensor) -> Tensor:
    red, green, blue = images.float().unbind(dim=1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).floor()[:, None]  # ITU-R BT.601


_OPERATIONS: dict[Operation, Callable[[Tensor, Tensor], Tensor]] = {
    Operation.SHEAR_X: partial(_warp, _shear_x),
    Operation.SHEAR_Y: partial(_warp, _shear_y),
    Operation.TRANSLATE_X: partial(_warp, _translate_x),
    Operation.TRANSLATE_Y: partial(_warp, _translate_y),
    Operation.ROTATE: partial(_warp, _rotate),
    Operation.BRIGHTNESS: _brightness,
    Operation.COLOUR: _colour,
    Operation.CONTRAST: _contrast,
    Operation.SHARPNESS: _sharpness,
    Operation.POSTERISE: _posterise,
    Operation.SOLARISE: _solarise,
    Operation.AUTO_CONTRAST: _auto_contrast,
    Operation.EQUALISE: _equalise,
}
"""All but the identity."""
