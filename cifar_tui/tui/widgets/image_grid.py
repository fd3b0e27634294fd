"""Test images in a grid, under each what it was taken for; without the images, the same as a list."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from cifar_tui.text import printable
from cifar_tui.tui.half_blocks import cells
from cifar_tui.tui.symbols import symbols

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIDE = 32
"""Pixels of an image."""
_SHRINKS = (1, 2)
"""Pixels a side that become one: full size, and half of it."""
_GAP = 1
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


class ImageGrid(Widget, can_focus=True):
    """A page at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown,down,right,space", "turn(1)", "Next page", show=False),
        Binding("pageup,up,left", "turn(-1)", "Page before", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._everything: Sequence[Prediction] = ()
        self._title = ""
        self._pixels: NDArray[np.uint8] | None = None
        self._note = ""
        self._filter = _FILTERS[0]
        self._shrink = _SHRINKS[-1]
        self._first = 0
        """Place of the page's first image."""
        self._tiles: dict[tuple[int, int], list[list[Segment]]] = {}
        """What was drawn, by image and size."""

    @property
    def shown(self) -> Sequence[Prediction]:
        """The images of the page."""
        return self._chosen[self._first : self._first + self._page]

    @property
    def filter(self) -> str:
        """Which images are shown: `all`, `wrong` or `right`."""
        return self._filter

    def show(self, predictions: Sequence[Prediction], title: str) -> None:
        """Show the images of `predictions`, from the first one on."""
        self._everything, self._title, self._first = predictions, title, 0
        self._filter = _FILTERS[0]
        self._tiles.clear()
        self._redraw()

    def show_pixels(self, pixels: "NDArray[np.uint8] | None", note: str = "") -> None:
        """Draw with `pixels`, `[N, 32, 32, 3]`, of all test images; without them a list, below why there are none."""
        self._pixels, self._note = pixels, note
        self._redraw()

    def filter_next(self) -> None:
        """Show all images, the wrong ones, or the right ones, in turn."""
        self._filter = _FILTERS[(_FILTERS.index(self._filter) + 1) % len(_FILTERS)]
        self._first = 0
        self._redraw()

    def resize_images(self, step: int) -> None:
        """Draw the images larger (1) or smaller (-1); the page keeps its first one."""
        place = min(max(_SHRINKS.index(self._shrink) - step, 0), len(_SHRINKS) - 1)
        self._shrink = _SHRINKS[place]
        self._redraw()

    def lines(self) -> list[list[str]]:
        """Return all that is chosen as text: headings, then rows."""
        rows = ([str(one.index), one.true_name, one.predicted_name, f"{one.probability:.3f}"] for one in self._chosen)
        return [["Image", "True", "Predicted", "Probability"], *rows]

    def action_turn(self, direction: int) -> None:
        """Go to the next page, or to the one before."""
        last = max(len(self._chosen) - 1, 0) // self._page * self._page
        self._first = min(max(self._first + direction * self._page, 0), max(last, self._first))
        self._redraw()

    def action_edge(self, end: int) -> None:
        """Go to the first page, or to the last."""
        self._first = max(len(self._chosen) - 1, 0) // self._page * self._page if end else 0
        self._redraw()

    def on_resize(self) -> None:
        """Fit the grid."""
        self._redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go to the next page."""
        event.stop()
        self.action_turn(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go to the page before."""
        event.stop()
        self.action_turn(-1)

    def render_line(self, y: int) -> Strip:
        """Draw a line of the page."""
        base, width = self.rich_style, self.size.width
        segments = self._tile_line(y, base) if self._pixels is not None else self._list_line(y, base)
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _chosen(self) -> Sequence[Prediction]:
        if self._filter == "all":
            return self._everything
        return [one for one in self._everything if one.is_right == (self._filter == "right")]

    @property
    def _tile_width(self) -> int:
        return _SIDE // self._shrink

    @property
    def _tile_height(self) -> int:
        """Of an image and the line below it."""
        return _SIDE // self._shrink // 2 + 1

    @property
    def _columns(self) -> int:
        return max((self.size.width + _GAP) // (self._tile_width + _GAP), 1)

    @property
    def _page(self) -> int:
        """Images of a page."""
        if self._pixels is None:
            return max(self.size.height - len(self._note_lines), 1)
        return self._columns * max(self.size.height // self._tile_height, 1)

    @property
    def _note_lines(self) -> list[str]:
        return textwrap.wrap(printable(self._note), max(self.size.width, 20)) if self._note else []

    def _redraw(self) -> None:
        chosen = self._chosen
        right = sum(one.is_right for one in self._everything)
        self.border_title = Text(f"{printable(self._title)}: {len(self._everything)} images, {right} right")
        last = min(self._first + self._page, len(chosen))
        which = "" if self._filter == "all" else f" {self._filter}"
        self.border_subtitle = f"{self._first + 1}-{last} of {len(chosen)}{which}" if chosen else f"no image is{which}"
        self.refresh()

    def _tile_line(self, y: int, base: Style) -> list[Segment]:
        row, line = divmod(y, self._tile_height)
        shown = self.shown[row * self._columns : (row + 1) * self._columns]
        segments: list[Segment] = []
        for one in shown:
            if line < self._tile_height - 1:
                segments += self._tile(one.index)[line]
            else:
                segments += [self._caption(one, base)]
            segments.append(Segment(" " * _GAP, base))
        return segments

    def _tile(self, index: int) -> list[list[Segment]]:
        tile = self._tiles.get((index, self._shrink))
        if tile is None:
            assert self._pixels is not None
            tile = self._tiles[index, self._shrink] = cells(self._pixels[index], self._shrink)
        return tile

    def _caption(self, one: Prediction, base: Style) -> Segment:
        percent = f" {one.probability * 100:.0f}%"
        sign, style = _judged(one)
        text = Text(f"{sign} {printable(one.predicted_name)}")
        text.truncate(self._tile_width - len(percent), overflow="ellipsis")
        return Segment(set_cell_size(f"{text.plain}{percent}", self._tile_width), base + style)

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
