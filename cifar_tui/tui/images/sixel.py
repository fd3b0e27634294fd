"""Images as sixels: https://vt100.net/docs/vt3xx-gp/chapter14.html.

Each line of cells is a picture of its own, so that Textual can draw one line anew and leave the others. Every pixel of
the image becomes a rectangle, sharp and in its own colour to a percent: a line of cells has 128 of them at most, fewer
than the 256 colours that terminals keep.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cifar_tui.tui.images.answers import CellSize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BAND = 6
"""Pixels, one above the other, of one sixel."""
_KEPT = 512
"""Images whose sixels are remembered, 25 KB each."""


class SixelRow(NamedTuple):
    """A line of cells of an image."""

    columns: int
    sixels: str

    def text(self, start: int, end: int) -> str | None:
        """Return the line as sixels over spaces; None for a part of it, for the whole would be drawn."""
        if (start, end) != (0, self.columns):
            return None
        return f"{' ' * self.columns}\x1b7\x1b[{self.columns}D{self.sixels}\x1b8"


@lru_cache(maxsize=_KEPT)
def sixel_rows(pixels: bytes, side: int, columns: int, rows: int, cell: CellSize) -> "list[SixelRow]":
    """Return an image's lines of cells.

    Args:
        pixels: RGB, `side` x `side`.
        side: of the image, in pixels; a multiple of `rows`.
        columns: cells that it covers from left to right.
        rows: lines of cells that it covers.
        cell: a cell's size on the terminal.
    """
    percents = [(value * 100 + 127) // 255 for value in pixels]
    colours = list(zip(percents[::3], percents[1::3], percents[2::3], strict=True))
    lines = [colours[place : place + side] for place in range(0, len(colours), side)]
    each = side // rows
    widths = _shares(columns * cell.width, side)
    heights = _shares(cell.height, each)
    return [SixelRow(columns, _picture(lines[place : place + each], widths, heights)) for place in range(0, side, each)]


def _picture(lines: "Sequence[Sequence[tuple[int, int, int]]]", widths: list[int], heights: list[int]) -> str:
    """Draw pixels, each so wide and so high.

    P2=1 leaves what is not drawn, below the last line of pixels, as it is; the raster attributes say square pixels.
    """
    registers = {colour: number for number, colour in enumerate(dict.fromkeys(c for line in lines for c in line))}
    palette = "".join(f"#{number};2;{red};{green};{blue}" for (red, green, blue), number in registers.items())
    # A line of pixels is the same in each band that it reaches into, but for which of the six it covers.
    templates = ["".join(_runs([registers[colour] for colour in line], widths)) for line in lines]
    total = sum(heights)
    tops = [sum(heights[:place]) for place in range(len(heights))]
    bands: list[str] = []
    for band in range(0, total, _BAND):
        passes: list[str] = []
        for template, top, height in zip(templates, tops, heights, strict=True):
            first, last = max(top - band, 0), min(top + height - band, _BAND)
            if first < last:
                passes.append(template.replace("\0", chr(63 + (1 << last) - (1 << first))))
        bands.append("$".join(passes))
    return f'\x1bP0;1;0q"1;1;{sum(widths)};{total}{palette}{"-".join(bands)}\x1b\\'


def _runs(numbers: list[int], widths: list[int]) -> "Iterator[str]":
    """Yield the runs of one colour in a line; the sixel itself, a NUL, is filled in later."""
    run = 0
    for place, (number, width) in enumerate(zip(numbers, widths, strict=True)):
        run += width
        if run and (place + 1 == len(numbers) or numbers[place + 1] != number):
            yield f"#{number}!{run}\0" if run > 3 else f"#{number}{chr(0) * run}"
            run = 0


def _shares(whole: int, parts: int) -> list[int]:
    """Share `whole` pixels out as evenly as whole numbers allow."""
    return [(place + 1) * whole // parts - place * whole // parts for place in range(parts)]
