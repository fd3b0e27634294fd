"""Images with a line below each, a page at a time, in half blocks or the terminal's own graphics."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cifar_tui.text import printable
from cifar_tui.tui.images.half_blocks import block_segments
from cifar_tui.tui.images.strips import ImageStrip, Placed, inlaid
from cifar_tui.tui.images.terminal import TerminalImages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 32
"""Pixels of an image."""
SHRINKS = (1, 2)
"""Pixels a side that become one: full size, and half of it."""
_GAP = 1


class Caption(NamedTuple):
    """The line below an image."""

    text: str
    """As people brought it; it is shortened to the room that there is."""
    end: str
    """Behind it, and never shortened."""
    style: Style


class ImagePages(Widget, can_focus=True):
    """Draws what its subclass knows: how many images there are, their pixels and their captions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown,down,right,space", "turn(1)", "Next page", show=False),
        Binding("pageup,up,left", "turn(-1)", "Page before", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shrink = SHRINKS[-1]
        self._first = 0
        """Place of the page's first image."""

    @property
    def count(self) -> int:
        """How many images there are."""
        raise NotImplementedError

    @property
    def has_images(self) -> bool:
        """Whether these are drawn, and not something in their place."""
        return True

    def pixels_at(self, place: int) -> "NDArray[np.uint8]":
        """Return an image, `[32, 32, 3]`."""
        raise NotImplementedError

    def caption_at(self, place: int) -> Caption:
        """Return the line below an image."""
        raise NotImplementedError

    def write_borders(self) -> None:
        """Say in the borders what is shown."""
        raise NotImplementedError

    def resize_images(self, step: int) -> None:
        """Draw the images larger (1) or smaller (-1); the page keeps its first one."""
        place = min(max(SHRINKS.index(self._shrink) - step, 0), len(SHRINKS) - 1)
        self._shrink = SHRINKS[place]
        self.redraw()

    def redraw(self) -> None:
        """Draw the page and the borders."""
        self.write_borders()
        self.refresh()

    def redraw_captions(self, *places: int) -> None:
        """Draw only the lines below some images of the page: the images may be a megabyte to the terminal."""
        below = self._tile_height - 1
        self.refresh(*(Region(x, y + below, self._tile_width, 1) for place, x, y in self._places() if place in places))

    def action_turn(self, direction: int) -> None:
        """Go to the next page, or to the one before."""
        last = max(self.count - 1, 0) // self.page_size * self.page_size
        self._first = min(max(self._first + direction * self.page_size, 0), max(last, self._first))
        self.redraw()

    def action_edge(self, end: int) -> None:
        """Go to the first page, or to the last."""
        self._first = max(self.count - 1, 0) // self.page_size * self.page_size if end else 0
        self.redraw()

    def on_resize(self) -> None:
        """Fit the grid."""
        self.redraw()

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
        return Strip(self.line_at(y, base)).adjust_cell_length(width, base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the page, its images as the terminal can; Textual asks for lines with their border."""
        strips = super().render_lines(crop)
        if not self.has_images:
            return strips
        left, top = self.gutter.left - crop.x, self.gutter.top - crop.y
        images = self._terminal_images
        if images is None:
            blocks = self._placed_blocks()
            return [inlaid(strip, blocks.get(y - top, ()), left) for y, strip in enumerate(strips)]
        placed = self._placed_images(images)
        return [ImageStrip(strip, placed.get(y - top, ()), left) for y, strip in enumerate(strips)]

    def line_at(self, y: int, base: Style) -> list[Segment]:
        """Return a line of the page, the cells of its images empty."""
        row, line = divmod(y, self._tile_height)
        first = self._first + row * self.columns
        segments: list[Segment] = []
        for place in range(first, min(first + self.columns, self._first + self.page_size, self.count)):
            if line < self._tile_height - 1:
                segments.append(Segment(" " * self._tile_width, base))
            else:
                segments.append(self._caption(place, base))
            segments.append(Segment(" " * _GAP, base))
        return segments

    @property
    def columns(self) -> int:
        """Images beside one another."""
        return max((self.size.width + _GAP) // (self._tile_width + _GAP), 1)

    @property
    def page_size(self) -> int:
        """Images of a page."""
        return self.columns * max(self.size.height // self._tile_height, 1)

    def place_at(self, x: int, y: int) -> int | None:
        """Return the place of the image that is drawn at a cell."""
        column, row = x // (self._tile_width + _GAP), y // self._tile_height
        place = self._first + row * self.columns + column
        is_there = column < self.columns and place < min(self._first + self.page_size, self.count)
        return place if is_there else None

    @property
    def _tile_width(self) -> int:
        return SIDE // self._shrink

    @property
    def _tile_height(self) -> int:
        """Of an image and the line below it."""
        return SIDE // self._shrink // 2 + 1

    @property
    def _terminal_images(self) -> TerminalImages | None:
        """What makes the lines of the images, where Textual is not to change their colours: a dialog dims them."""
        images = getattr(self.app, "images", None)
        return images if isinstance(images, TerminalImages) and images.has_rows and self.screen.is_active else None

    def _placed_images(self, images: TerminalImages) -> dict[int, list[Placed]]:
        """Return what the terminal draws on each line of the page, and send it what it needs for that."""
        placed: dict[int, list[Placed]] = defaultdict(list)
        ground = Style(bgcolor=self.rich_style.bgcolor)
        for place, x, y in self._places():
            rows = images.rows(self.pixels_at(place).tobytes(), SIDE, self._tile_width, self._tile_height - 1)
            for line, row in enumerate(rows[: self.size.height - y], y):
                placed[line].append(Placed(x, 0, min(self._tile_width, self.size.width - x), row, ground))
        images.send()
        return placed

    def _placed_blocks(self) -> dict[int, list[tuple[int, Strip]]]:
        placed: dict[int, list[tuple[int, Strip]]] = defaultdict(list)
        ground = self.background_colors[1]
        for place, x, y in self._places():
            tile = block_segments(self.pixels_at(place).tobytes(), SIDE, self._tile_width)
            for line, segments in enumerate(tile[: self.size.height - y], y):
                strip = Strip(segments, self._tile_width).crop(0, self.size.width - x)
                for line_filter in self.get_line_filters():
                    strip = strip.apply_filter(line_filter, ground)
                placed[line].append((x, strip))
        return placed

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """Yield the images of the page, with the cells of the widget that their left upper corners are in."""
        for place in range(self._first, min(self._first + self.page_size, self.count)):
            row, column = divmod(place - self._first, self.columns)
            yield place, column * (self._tile_width + _GAP), row * self._tile_height

    def _caption(self, place: int, base: Style) -> Segment:
        caption = self.caption_at(place)
        text = Text(printable(caption.text))
        text.truncate(self._tile_width - len(caption.end), overflow="ellipsis")
        return Segment(set_cell_size(f"{text.plain}{caption.end}", self._tile_width), base + caption.style)
