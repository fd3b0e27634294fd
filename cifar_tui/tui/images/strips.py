"""Lines of a widget with images laid over some of their cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


class ImageRow(Protocol):
    """One line of cells of an image."""

    def text(self, start: int, end: int) -> str:
        """Return what draws the cells `start` to `end`, and leaves the cursor behind them."""
        ...


@dataclass(frozen=True)
class Placed:
    """Cells `start` to `end` of an image's row, from the cell `column` of a strip on."""

    column: int
    start: int
    end: int
    row: ImageRow
    ground: Style
    """What is seen where the image leaves a part of a cell free."""

    def render(self, console: Console) -> str:
        """Return what the terminal draws them with."""
        return Strip([Segment(self.row.text(self.start, self.end), self.ground)]).render(console)

    def within(self, first: int, last: int) -> Self | None:
        """Return what is left of it in the cells `first` to `last` of the strip, counted from `first`."""
        column = max(self.column, first)
        start = self.start + column - self.column
        end = min(self.end, self.start + last - self.column)
        return replace(self, column=column - first, start=start, end=end) if start < end else None


class ImageStrip(Strip):
    """Renders its images in place of the segments there, which Textual measures and cuts by."""

    def __init__(self, base: Strip, images: Iterable[Placed], left: int = 0) -> None:
        """Lay `images` over `base`, so many cells further right than they say; what is not over it is cut off."""
        super().__init__(list(base), base.cell_length)
        self._base = base
        self._images = _within(images, -left, base.cell_length - left)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """Return the cells from `start` to `end`, with what is left of the images."""
        last = self.cell_length if end is None else end
        return ImageStrip(self._base.crop(start, end), _within(self._images, max(start, 0), last))

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Cut at cells, the images, too."""
        ends = list(cuts)
        parts = self._base.divide(ends)
        starts = (0, *ends)
        return [
            ImageStrip(part, _within(self._images, start, end))
            for part, start, end in zip(parts, starts, ends, strict=False)
        ]

    def render(self, console: Console) -> str:
        """Return what the terminal draws the line with."""
        parts: list[str] = []
        done = 0
        for image in self._images:
            parts += [self._base.crop(done, image.column).render(console), image.render(console)]
            done = image.column + image.end - image.start
        parts.append(self._base.crop(done).render(console))
        return "".join(parts)


def inlaid(base: Strip, pieces: Iterable[tuple[int, Strip]], left: int = 0) -> Strip:
    """Return a line with `pieces` in place of its own cells, so many cells further right than they say."""
    parts: list[Strip] = []
    done = 0
    for column, piece in pieces:
        first, last = max(column + left, 0), min(column + left + piece.cell_length, base.cell_length)
        if first < last:
            parts += [base.crop(done, first), piece.crop(first - column - left, last - column - left)]
            done = last
    return Strip.join([*parts, base.crop(done)])


def _within(images: Iterable[Placed], first: int, last: int) -> list[Placed]:
    return [left for image in images if (left := image.within(first, last)) is not None]
