"""Images as sixels: https://vt100.net/docs/vt3xx-gp/chapter14.html.

Each line of cells is a picture of its own, so that Textual can draw one line anew and leave the others. Every pixel of
the image becomes a rectangle, sharp and in its own colour to a percent: a line of cells has 128 of them at most, fewer
than the 256 colours that terminals keep.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, chain

from cifar_tui.tui.images.answers import CellSize

_BAND = 6
"""Pixels, one above the other, of one sixel."""
_KEPT = 512
"""Images whose sixels are remembered, 25 KB each."""
_PERCENTS = bytes((value * 100 + 127) // 255 for value in range(256))
"""Sixels take a colour's parts in percent."""


@dataclass(frozen=True)
class SixelRow:
    """A line of cells of an image."""

    lines: tuple[bytes, ...]
    """Of pixels, three bytes each: red, green and blue in percent."""
    widths: list[int]
    """What becomes of each pixel on the terminal, from left to right."""
    heights: list[int]
    """And from top to bottom, a line."""
    cell_width: int

    def text(self, start: int, end: int) -> str:
        """Return sixels for the cells `start` to `end`, over spaces that take away what was there."""
        is_whole = (end - start) * self.cell_width == sum(self.widths)
        picture = self._whole if is_whole else self._part(start * self.cell_width, end * self.cell_width)
        return f"{' ' * (end - start)}\x1b7\x1b[{end - start}D{picture}\x1b8"

    @cached_property
    def _whole(self) -> str:
        return _picture(self.lines, self.widths, self.heights)

    def _part(self, left: int, right: int) -> str:
        """Return what lies between two places on the terminal, in its pixels."""
        edges = zip(accumulate(self.widths), self.widths, strict=True)
        widths = [max(min(edge, right) - max(edge - width, left), 0) for edge, width in edges]
        return _picture(self.lines, widths, self.heights)


@lru_cache(maxsize=_KEPT)
def sixel_rows(pixels: bytes, side: int, columns: int, rows: int, cell: CellSize) -> list[SixelRow]:
    """Return an image's lines of cells.

    Args:
        pixels: RGB, `side` x `side`.
        side: of the image, in pixels; a multiple of `rows`.
        columns: cells that it covers from left to right.
        rows: lines of cells that it covers.
        cell: a cell's size on the terminal.
    """
    percents = pixels.translate(_PERCENTS)
    lines = [percents[place : place + 3 * side] for place in range(0, len(percents), 3 * side)]
    each = side // rows
    widths, heights = _shares(columns * cell.width, side), _shares(cell.height, each)
    return [SixelRow(tuple(lines[place : place + each]), widths, heights, cell.width) for place in range(0, side, each)]


def _picture(lines: tuple[bytes, ...], widths: list[int], heights: list[int]) -> str:
    """Draw pixels, each so wide and so high.

    P2=1 leaves what is not drawn, below the last line of pixels, as it is; the raster attributes say square pixels.
    """
    colours = [[line[place : place + 3] for place in range(0, len(line), 3)] for line in lines]
    registers = {colour: number for number, colour in enumerate(dict.fromkeys(chain.from_iterable(colours)))}
    palette = "".join(f"#{number};2;{red};{green};{blue}" for (red, green, blue), number in registers.items())
    # A line of pixels is the same in each band that it reaches into, but for which of the six it covers.
    templates = [_runs([registers[colour] for colour in line], widths) for line in colours]
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


def _runs(numbers: list[int], widths: list[int]) -> str:
    """Return the runs of one colour in a line; the sixel itself, a NUL, is filled in later."""
    runs: list[str] = []
    run = 0
    for number, following, width in zip(numbers, [*numbers[1:], None], widths, strict=True):
        run += width
        if number != following:
            if run:
                runs.append(f"#{number}!{run}\0")
            run = 0
    return "".join(runs)


def _shares(whole: int, parts: int) -> list[int]:
    """Share `whole` pixels out as evenly as whole numbers allow."""
    return [(place + 1) * whole // parts - place * whole // parts for place in range(parts)]
