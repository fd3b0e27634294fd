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

    def text(self, start: int, end: int) -> str | None:
        """Return what draws the cells `start` to `end`, and leaves the cursor behind them; None where nothing does."""
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

    def render(self, console: Console) -> str | None:
        """Return what the terminal draws them with; None where it cannot be asked for these alone."""
        text = self.row.text(self.start, self.end)
        return None if text is None else Strip([Segment(text, self.ground)]).render(console)

    def within(self, first: int, last: int) -> Self | None:
        """Return what is left of it in the cells `first` to `last` of the strip, counted from `first`."""
        column = max(self.column, first)
        start = self.start + column - self.column
        end = min(self.end, self.start + last - self.column)
        return replace(self, column=column - first, start=start, end=end) if start < end else None


class ImageStrip(Strip):
    """Renders its images in place of the segments there; the segments are what a screenshot or a dialog takes."""

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
            if (text := image.render(console)) is not None:
                parts += [self._base.crop(done, image.column).render(console), text]
                done = image.column + image.end - image.start
        parts.append(self._base.crop(done).render(console))
        return "".join(parts)


def _within(images: Iterable[Placed], first: int, last: int) -> list[Placed]:
    return [left for image in images if (left := image.within(first, last)) is not None]
