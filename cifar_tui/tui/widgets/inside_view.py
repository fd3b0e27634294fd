"""What a network looks at: the image, its maps drawn over it; or the tiles of the first layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cifar_tui.text import printable
from cifar_tui.tui.half_blocks import cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.inside import Answer

_SIDE = 32
_SHRINKS = (1, 2)
"""Pixels a side that become one: full size, and half of it."""
_GAP = 2
_DARKEST = 0.12
"""Of an image's light, where a map says nothing."""


class InsideView(Widget, can_focus=True):
    """Tiles with a caption under each, a page at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "next(1)", "Next image", show=False),
        Binding("left", "next(-1)", "Image before", show=False),
        Binding("pagedown,down", "turn(1)", "Next page", show=False),
        Binding("pageup,up", "turn(-1)", "Page before", show=False),
    ]

    class ImageWanted(Message):
        """A person wants to see another image, so many further on."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._captions: Sequence[str] = ()
        self._pixels: NDArray[np.uint8] | None = None
        self._note = ""
        self._wanted_shrink: int | None = None
        """What a person chose; None takes the full size where all tiles fit in."""
        self._page = 0
        self._tiles: dict[tuple[int, int], list[list[Segment]]] = {}

    @property
    def captions(self) -> Sequence[str]:
        """What stands under the tiles of all pages."""
        return self._captions

    def say(self, note: str, title: str) -> None:
        """Show a sentence in place of tiles."""
        self._captions, self._pixels, self._note, self.border_title = (), None, note, Text(printable(title))
        self._redraw()

    def show(self, answer: "Answer", image: "NDArray[np.uint8] | None", title: str) -> None:
        """Show maps over `image` `[32, 32, 3]`, or tiles, for which there is none."""
        import numpy as np

        pixels = answer.pixels
        captions = list(answer.names)
        if pixels.ndim == 3 and image is not None:
            # Of the square root: attention is peaked, and its light would be all that is seen.
            weights = np.sqrt(np.stack([_spread(one) for one in pixels]).astype(np.float32) / 255)
            over = image * (_DARKEST + (1 - _DARKEST) * weights[..., None])
            self._pixels = np.concatenate([image[None], over.astype(np.uint8)])
            captions = ["image", *captions]
        else:
            self._pixels = np.stack([_spread(one) for one in pixels])
        self._captions, self._note, self.border_title = captions, "", Text(printable(title))
        self._page = min(self._page, self._last_page)
        self._redraw()

    def lines(self) -> list[list[str]]:
        """Return what is shown as a table: titles, then a row a tile."""
        return [["tile"], *([caption] for caption in self._captions)]

    def resize_tiles(self, step: int) -> None:
        """Draw the tiles larger or smaller."""
        place = _SHRINKS.index(self._shrink) - step
        self._wanted_shrink = _SHRINKS[min(max(place, 0), len(_SHRINKS) - 1)]
        self._page = min(self._page, self._last_page)
        self._redraw()

    def action_next(self, step: int) -> None:
        """See another image."""
        self.post_message(self.ImageWanted(step))

    def action_turn(self, step: int) -> None:
        """Turn the page."""
        self._page = min(max(self._page + step, 0), self._last_page)
        self._redraw()

    def on_resize(self, _: events.Resize) -> None:
        """Keep to the pages that there are."""
        self._page = min(self._page, self._last_page)
        self._redraw()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        base = self.rich_style
        width = self.size.width
        if self._pixels is None:
            text = Text(f" {printable(self._note)}" if y == 0 else "", base)
            text.truncate(width, overflow="ellipsis")
            return Strip([Segment(text.plain, base)]).adjust_cell_length(width, base)
        row, line = divmod(y, self._tile_height)
        first = self._page * self._on_page + row * self._columns
        segments: list[Segment] = []
        if row < self._rows:
            for place in range(first, min(first + self._columns, len(self._captions))):
                segments += self._tile(place)[line] if line < self._tile_height - 1 else [self._caption(place)]
                segments.append(Segment(" " * _GAP, base))
        return Strip(segments).adjust_cell_length(width, base).apply_style(base)

    @property
    def _shrink(self) -> int:
        if self._wanted_shrink is not None:
            return self._wanted_shrink
        columns, rows = (self.size.width + _GAP) // (_SIDE + _GAP), self.size.height // (_SIDE // 2 + 1)
        return _SHRINKS[0] if len(self._captions) <= columns * rows else _SHRINKS[-1]

    @property
    def _tile_height(self) -> int:
        """Of a tile and the line below it."""
        return _SIDE // self._shrink // 2 + 1

    @property
    def _columns(self) -> int:
        return max((self.size.width + _GAP) // (_SIDE // self._shrink + _GAP), 1)

    @property
    def _rows(self) -> int:
        return max(self.size.height // self._tile_height, 1)

    @property
    def _on_page(self) -> int:
        return self._columns * self._rows

    @property
    def _last_page(self) -> int:
        return max(len(self._captions) - 1, 0) // self._on_page

    def _tile(self, place: int) -> list[list[Segment]]:
        assert self._pixels is not None
        key = (place, self._shrink)
        if key not in self._tiles:
            self._tiles[key] = cells(self._pixels[place], self._shrink)
        return self._tiles[key]

    def _caption(self, place: int) -> Segment:
        text = Text(printable(self._captions[place]))
        text.truncate(_SIDE // self._shrink, overflow="ellipsis", pad=True)
        return Segment(text.plain, self.rich_style)

    def _redraw(self) -> None:
        self._tiles.clear()
        pages = self._last_page + 1
        self.border_subtitle = f"page {self._page + 1} of {pages}" if pages > 1 else ""
        self.refresh()


def _spread(values: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Return `[rows, columns]` or `[rows, columns, 3]` at 32x32 pixels, each value a block of its own."""
    import numpy as np

    rows, columns = (_places(np.arange(_SIDE), count) for count in values.shape[:2])
    spread: NDArray[np.uint8] = values[rows][:, columns]
    return spread


def _places(pixels: "NDArray[np.int_]", count: int) -> "NDArray[np.int_]":
    """Which of `count` values each pixel shows; large blocks begin at even pixels, sharp at half size, too."""
    return (pixels if count > _SIDE // 2 else pixels // 2 * 2) * count // _SIDE
