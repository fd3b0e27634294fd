"""Images in half blocks, two pixels a cell, one above the other.

A line of cells is written as it is: a page of thirty images is on the screen after 21 ms, where Rich's segments, with
a style for each cell, took 94 ms. Those are for where Textual changes the colours: below a dialog, without colours, in
a screenshot. rich-pixels takes twice as long as they do, as it parses each style from text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from cifar_tui.tui.symbols import symbols

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Colours = Literal["truecolor", "256"]
"""What a terminal can tell apart, in Rich's words."""

_RAMP = " .:-=+*#%@"
"""From dark to light, where there are no half blocks."""
_KEPT = 512
"""Images whose cells are remembered, 20 KB each at half size."""


@dataclass(frozen=True)
class BlockRow:
    """A line of cells of an image."""

    cells: tuple[str, ...]

    def text(self, start: int, end: int) -> str:
        """Return what draws the cells `start` to `end`."""
        return "".join(self.cells[start:end])


@lru_cache(maxsize=_KEPT)
def block_rows(pixels: bytes, side: int, columns: int, colours: Colours) -> list[BlockRow]:
    """Return an image's lines of cells: half as many as `columns`, since a cell is twice as high as it is wide.

    Args:
        pixels: RGB, `side` x `side`.
        side: of the image, in pixels; a multiple of `columns`.
        columns: cells that it covers from left to right.
        colours: those that the terminal has.
    """
    codes = _codes(_means(pixels, side, columns), colours)
    return [
        BlockRow(tuple(f"\x1b[38;{lower};48;{upper}m▄" for upper, lower in zip(above, below, strict=True)))
        for above, below in zip(codes[::2], codes[1::2], strict=True)
    ]


def block_segments(pixels: bytes, side: int, columns: int) -> Sequence[list[Segment]]:
    """Return the same as segments, and signs of more or less ink on a terminal without half blocks.

    Args:
        pixels: RGB, `side` x `side`.
        side: of the image, in pixels; a multiple of `columns`.
        columns: cells that it covers from left to right.
    """
    return (_coloured if symbols().curve == "braille" else _inked)(pixels, side, columns)


@lru_cache(maxsize=_KEPT)
def _coloured(pixels: bytes, side: int, columns: int) -> list[list[Segment]]:
    means = _means(pixels, side, columns)
    return [
        [
            Segment("▄", Style.from_color(_colour(lower), _colour(upper)))
            for upper, lower in zip(above, below, strict=True)
        ]
        for above, below in zip(means[::2].tolist(), means[1::2].tolist(), strict=True)
    ]


@lru_cache(maxsize=_KEPT)
def _inked(pixels: bytes, side: int, columns: int) -> list[list[Segment]]:
    means = _means(pixels, side, columns).astype("float32")
    light = (means[::2] + means[1::2]).mean(axis=-1) / 2 / 256 * len(_RAMP)
    return [[Segment("".join(_RAMP[int(value)] for value in row))] for row in light.tolist()]


def nearest_of_256(pixels: "NDArray[np.uint8]") -> "NDArray[np.int64]":
    """Return the numbers of the colours that a terminal with 256 of them has for `pixels`, `[..., 3]`; as Rich does."""
    import numpy as np

    values = pixels.astype(np.float64)
    most, least = values.max(axis=-1) / 255, values.min(axis=-1) / 255
    light = (most + least) / 2
    span = np.where(light <= 0.5, most + least, 2 - most - least)
    saturation = np.divide(most - least, span, out=np.zeros_like(span), where=span > 0)
    grey = np.rint(light * 25).astype(np.int64)
    greys = np.where(grey == 0, 16, np.where(grey == 25, 231, 231 + grey))
    steps = np.rint(np.where(values < 95, values / 95, 1 + (values - 95) / 40)).astype(np.int64)
    return np.where(saturation < 0.15, greys, 16 + steps @ np.array([36, 6, 1]))


def _codes(pixels: "NDArray[np.uint8]", colours: Colours) -> list[list[str]]:
    """Return what asks a terminal for each pixel's colour, behind the 38 or 48 that says of what."""
    if colours == "256":
        return [[f"5;{number}" for number in line] for line in nearest_of_256(pixels).tolist()]
    return [[f"2;{red};{green};{blue}" for red, green, blue in line] for line in pixels.tolist()]


def _means(pixels: bytes, side: int, columns: int) -> "NDArray[np.uint8]":
    import numpy as np

    shrink = side // columns
    image = np.frombuffer(pixels, np.uint8).reshape(columns, shrink, columns, shrink, 3)
    means: NDArray[np.uint8] = image.mean(axis=(1, 3)).astype(np.uint8)
    return means


def _colour(rgb: list[int]) -> Color:
    return Color.from_triplet(ColorTriplet(*rgb))
