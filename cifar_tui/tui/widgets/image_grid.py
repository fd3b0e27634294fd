"""Test images in a grid, under each what it was taken for; without the images, the same as a list."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from cifar_tui.text import printable
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.image_pages import Caption, ImagePages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILTERS = ("all", "wrong", "right")


@dataclass(frozen=True)
class Prediction:
    """What was predicted of one image."""

    index: int
    """Of the image in the data set's test images."""
    true_name: str
    predicted_name: str
    probability: float
    """Of the predicted class."""
    is_right: bool


class ImageGrid(ImagePages):
    """A page at a time."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._everything: Sequence[Prediction] = ()
        self._title = ""
        self._pixels: NDArray[np.uint8] | None = None
        self._note = ""
        self._filter = _FILTERS[0]
        self._with_right = True

    @property
    def shown(self) -> Sequence[Prediction]:
        """The images of the page."""
        return self._chosen[self._first : self._first + self.page_size]

    @property
    def filter(self) -> str:
        """Which images are shown: `all`, `wrong` or `right`."""
        return self._filter

    def show(self, predictions: Sequence[Prediction], title: str, *, with_right: bool = True) -> None:
        """Show the images of `predictions`, from the first one on, and say how many are right, where that differs."""
        self._everything, self._title, self._first = predictions, title, 0
        self._with_right = with_right
        self._filter = _FILTERS[0]
        self.redraw()

    def show_pixels(self, pixels: "NDArray[np.uint8] | None", note: str = "") -> None:
        """Draw with `pixels`, `[N, 32, 32, 3]`, of all test images; without them a list, below why there are none."""
        self._pixels, self._note = pixels, note
        self.redraw()

    def filter_next(self) -> None:
        """Show all images, the wrong ones, or the right ones, in turn."""
        self._filter = _FILTERS[(_FILTERS.index(self._filter) + 1) % len(_FILTERS)]
        self._first = 0
        self.redraw()

    def lines(self) -> list[list[str]]:
        """Return all that is chosen as text: headings, then rows."""
        rows = ([str(one.index), one.true_name, one.predicted_name, f"{one.probability:.3f}"] for one in self._chosen)
        return [["Image", "True", "Predicted", "Probability"], *rows]

    @property
    def count(self) -> int:
        """How many images the filter leaves."""
        return len(self._chosen)

    @property
    def has_images(self) -> bool:
        """Whether they are drawn, and not listed."""
        return self._pixels is not None

    def pixels_at(self, place: int) -> "NDArray[np.uint8]":
        """Return an image, `[32, 32, 3]`."""
        assert self._pixels is not None
        image: NDArray[np.uint8] = self._pixels[self._chosen[place].index]
        return image

    def caption_at(self, place: int) -> Caption:
        """Say what an image was taken for, and how surely."""
        one = self._chosen[place]
        sign, style = _judged(one)
        return Caption(f"{sign} {one.predicted_name}", f" {one.probability * 100:.0f}%", style)

    def line_at(self, y: int, base: Style) -> list[Segment]:
        """Return a line of the page; of the list, where there are no images."""
        return super().line_at(y, base) if self._pixels is not None else self._list_line(y, base)

    @property
    def page_size(self) -> int:
        """Images of a page, or lines of the list."""
        if self._pixels is not None:
            return super().page_size
        return max(self.size.height - len(self._note_lines), 1)

    def write_borders(self) -> None:
        """Say in the borders what is shown."""
        count = self.count
        right = f", {sum(one.is_right for one in self._everything)} right" if self._with_right else ""
        images = f"{len(self._everything)} image{'' if len(self._everything) == 1 else 's'}"
        self.border_title = Text(f"{printable(self._title)}: {images}{right}")
        last = min(self._first + self.page_size, count)
        if self._filter == "all":
            self.border_subtitle = f"{self._first + 1}-{last} of {count}" if count else "no image"
        else:
            some = f"{self._first + 1}-{last} of {count} {self._filter}"
            self.border_subtitle = some if count else f"no image is {self._filter}"

    @property
    def _chosen(self) -> Sequence[Prediction]:
        if self._filter == "all":
            return self._everything
        return [one for one in self._everything if one.is_right == (self._filter == "right")]

    @property
    def _note_lines(self) -> list[str]:
        return textwrap.wrap(printable(self._note), max(self.size.width, 20)) if self._note else []

    def _list_line(self, y: int, base: Style) -> list[Segment]:
        note = self._note_lines
        if y < len(note):
            return [Segment(note[y], base + Style(color="yellow"))]
        place = y - len(note)
        if place >= len(self.shown):
            return []
        one = self.shown[place]
        sign, style = _judged(one)
        arrow = "→" if symbols().curve == "braille" else "->"
        names = f"{printable(one.true_name)} {arrow} {printable(one.predicted_name)}"
        return [Segment(f"{sign} {one.index:>6}  {names}  {one.probability * 100:.1f} %", base + style)]


def _judged(one: Prediction) -> tuple[str, Style]:
    """The sign and the colour of what is right or wrong."""
    signs = symbols().status
    return (signs["finished"], Style(color="green")) if one.is_right else (signs["failed"], Style(color="red"))
