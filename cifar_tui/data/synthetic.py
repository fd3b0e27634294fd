"""The embedded data set: 100 classes of coloured patterns, drawn from a seed by NumPy alone.

A superclass is a pattern, a class is a pattern in a colour. Patterns are shifted at random, so that no pixel says
anything by itself: a linear model is left with the colours, while a few convolutions see the pattern. Mirroring and
shifting an image never changes its class, so that the usual augmentation applies.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cifar_tui.data.dataset import SIDE, ImageDataset, LabelledImages

Field = NDArray[np.float32]
Pattern = Callable[[Field, Field], Field]
"""From x and y, `[N, 32, 32]` in pixels and shifted at random, to coverage in 0–1."""

SYNTHETIC = "synthetic"
"""What the data set is called."""
COLOURS = {
    "red": (225, 50, 45),
    "green": (60, 175, 70),
    "blue": (50, 95, 225),
    "yellow": (235, 205, 50),
    "violet": (165, 65, 205),
}
TRAIN_PER_CLASS, VAL_PER_CLASS, TEST_PER_CLASS = 100, 20, 20


def make_synthetic(seed: int = 0) -> ImageDataset:
    """Draw the data set: 100 training, 20 validation and 20 test images a class, the same ones for the same seed."""
    train, val, test = (
        _draw(np.random.RandomState([seed, part]), per_class)
        for part, per_class in enumerate((TRAIN_PER_CLASS, VAL_PER_CLASS, TEST_PER_CLASS))
    )
    return ImageDataset(
        name=SYNTHETIC,
        train=train,
        val=val,
        test=test,
        class_names=tuple(f"{colour} {pattern}" for pattern in PATTERNS for colour in COLOURS),
        superclass_names=tuple(PATTERNS),
        superclass_of=tuple(index for index in range(len(PATTERNS)) for _ in COLOURS),
    )


def _draw(random: np.random.RandomState, per_class: int) -> LabelledImages:
    pixels = [
        _images(random, pattern, np.asarray(colour, dtype=np.float32), per_class)
        for pattern in PATTERNS.values()
        for colour in COLOURS.values()
    ]
    labels = np.repeat(np.arange(len(pixels), dtype=np.int64), per_class)
    return LabelledImages(np.concatenate(pixels), labels)


def _images(
    random: np.random.RandomState, pattern: Pattern, colour: NDArray[np.float32], count: int
) -> NDArray[np.uint8]:
    def uniform(low: float, high: float, *shape: int) -> Field:
        return random.uniform(low, high, (count, *shape)).astype(np.float32)

    along = np.arange(SIDE, dtype=np.float32)
    x = along[None, None, :] + uniform(0, 64, 1, 1)
    y = along[None, :, None] + uniform(0, 64, 1, 1)
    mirrored = uniform(0, 1, 1, 1) < 0.5
    coverage = pattern(np.where(mirrored, -x, x) + 0 * y, y + 0 * x)[..., None]
    paint = np.clip(colour + uniform(-45, 45, 1, 1, 3), 0, 255)
    ground = uniform(40, 190, 1, 1, 1) + uniform(-25, 25, 1, 1, 3)
    strength = uniform(0.6, 1.0, 1, 1, 1) * coverage
    noise = random.standard_normal((count, SIDE, SIDE, 3)).astype(np.float32) * 18
    image: NDArray[np.uint8] = np.clip(ground + strength * (paint - ground) + noise, 0, 255).astype(np.uint8)
    return image


def _wave(position: Field, period: float) -> Field:
    """A bar in each period, its edges one pixel soft."""
    return np.asarray(np.clip(np.cos(position * (2 * np.pi / period)) * period / 4 + 0.5, 0, 1), dtype=np.float32)


def _near(distance: Field, radius: float | Field) -> Field:
    return np.asarray(np.clip(radius - distance + 0.5, 0, 1), dtype=np.float32)


def _cell(position: Field, period: float) -> Field:
    """The distance, with its sign, from the middle of the cell that a position lies in."""
    return np.asarray(np.mod(position, period) - period / 2, dtype=np.float32)


def _stripes(along: tuple[float, float], period: float) -> Pattern:
    return lambda x, y: _wave(along[0] * x + along[1] * y, period)


def _checks(period: float) -> Pattern:
    return lambda x, y: np.abs(_wave(x, period) - _wave(y, period))


def _grid(period: float) -> Pattern:
    return lambda x, y: np.maximum(_near(np.abs(_cell(x, period)), 1), _near(np.abs(_cell(y, period)), 1))


def _dots(period: float, radius: float) -> Pattern:
    return lambda x, y: _near(np.hypot(_cell(x, period), _cell(y, period)), radius)


def _rings(period: float, radius: float) -> Pattern:
    return lambda x, y: _near(np.abs(np.hypot(_cell(x, period), _cell(y, period)) - radius), 1)


def _crosses(period: float, arm: float) -> Pattern:
    def draw(x: Field, y: Field) -> Field:
        u, v = np.abs(_cell(x, period)), np.abs(_cell(y, period))
        return np.maximum(np.minimum(_near(u, 1), _near(v, arm)), np.minimum(_near(v, 1), _near(u, arm)))

    return draw


def _diamonds(period: float, radius: float) -> Pattern:
    return lambda x, y: _near(np.abs(_cell(x, period)) + np.abs(_cell(y, period)), radius)


def _triangles(period: float, upwards: bool) -> Pattern:
    def draw(x: Field, y: Field) -> Field:
        u, v = np.abs(_cell(x, period)), _cell(y, period) * (1 if upwards else -1)
        return np.minimum(_near(u, (period * 0.8) * 0.25 + v * 0.5), _near(np.abs(v), period * 0.4))

    return draw


def _zigzag(period: float) -> Pattern:
    return lambda x, y: _wave(y + np.abs(_cell(x, period)), period)


def _bricks(period: float) -> Pattern:
    def draw(x: Field, y: Field) -> Field:
        shifted = x + np.floor(y / period) * period
        mortar = np.maximum(_near(np.abs(_cell(y, period)), 0.5), _near(np.abs(_cell(shifted, 2 * period)), 0.5))
        return 1 - mortar

    return draw


PATTERNS: dict[str, Pattern] = {
    "rows": _stripes((0, 1), 6),
    "wide rows": _stripes((0, 1), 14),
    "columns": _stripes((1, 0), 6),
    "wide columns": _stripes((1, 0), 14),
    "diagonals": _stripes((0.7, 0.7), 6),
    "wide diagonals": _stripes((0.7, 0.7), 14),
    "checks": _checks(8),
    "wide checks": _checks(20),
    "grid": _grid(7),
    "wide grid": _grid(16),
    "dots": _dots(8, 2),
    "discs": _dots(16, 5.5),
    "rings": _rings(9, 3),
    "wide rings": _rings(18, 6.5),
    "crosses": _crosses(12, 4),
    "diamonds": _diamonds(13, 5),
    "triangles": _triangles(13, True),
    "wedges": _triangles(13, False),
    "zigzag": _zigzag(10),
    "bricks": _bricks(8),
}
"""The twenty superclasses; a small pattern and a wide one of a kind are two of them."""
