"""What a network looks at: the image, its maps drawn over it; or the tiles of the first layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message

from cifar_tui.text import printable
from cifar_tui.tui.widgets.image_pages import SHRINKS, SIDE, Caption, ImagePages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.inside import Answer

_DARKEST = 0.12
"""Of an image's light, where a map says nothing."""


class InsideView(ImagePages, inherit_bindings=False):
    """Left and right ask for another image, up and down turn the page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "next(1)", "Next image", show=False),
        Binding("left", "next(-1)", "Image before", show=False),
        Binding("pagedown,down", "turn(1)", "Next page", show=False),
        Binding("pageup,up", "turn(-1)", "Page before", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
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
        self._title = ""
        self._note = ""
        self._is_resized = False
        """Whether a person chose the size."""

    @property
    def captions(self) -> Sequence[str]:
        """What stands under the tiles of all pages."""
        return self._captions

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self._captions)

    def pixels_at(self, place: int) -> "NDArray[np.uint8]":
        """Return a tile, `[32, 32, 3]`."""
        assert self._pixels is not None
        tile: NDArray[np.uint8] = self._pixels[place]
        return tile

    def caption_at(self, place: int) -> Caption:
        """Return the name of a map or a unit."""
        return Caption(self._captions[place], "", Style.null())

    def write_borders(self) -> None:
        """Say what is looked at, and which page of it is shown."""
        self.border_title = Text(printable(self._title))
        page, last = self._first // self.page_size, max(self.count - 1, 0) // self.page_size
        self.border_subtitle = f"page {page + 1} of {last + 1}" if last else ""

    def say(self, note: str, title: str) -> None:
        """Show a sentence in place of tiles."""
        self._captions, self._pixels, self._note, self._title = (), None, note, title
        self._first = 0
        self.redraw()

    def show(self, answer: "Answer", image: "NDArray[np.uint8] | None", title: str) -> None:
        """Show maps over `image` `[32, 32, 3]`, or tiles, for which there is none."""
        import numpy as np

        pixels = answer.pixels
        if pixels.ndim == 3 and image is not None:
            # Of the square root: attention is peaked, and its peak would be all that is seen.
            weights = np.sqrt(np.stack([_spread(one) for one in pixels]).astype(np.float32) / 255)
            over = image * (_DARKEST + (1 - _DARKEST) * weights[..., None])
            self._pixels = np.concatenate([image[None], over.astype(np.uint8)])
            self._captions = ("image", *answer.names)
        else:
            self._pixels = np.stack([_spread(one) for one in pixels])
            self._captions = answer.names
        self._note, self._title = "", title
        self._fit()
        self.redraw()

    def lines(self) -> list[list[str]]:
        """Return what is shown as a table: titles, then a row a tile."""
        return [["tile"], *([caption] for caption in self._captions)]

    def resize_images(self, step: int) -> None:
        """Draw the tiles larger (1) or smaller (-1)."""
        self._is_resized = True
        super().resize_images(step)

    def action_next(self, step: int) -> None:
        """See another image."""
        self.post_message(self.ImageWanted(step))

    def on_resize(self) -> None:
        """Fit the grid."""
        self._fit()

    def line_at(self, y: int, base: Style) -> list[Segment]:
        """Return a line of the page, or the sentence in place of it."""
        if self._pixels is not None:
            return super().line_at(y, base)
        text = Text(f" {printable(self._note)}" if y == 0 else "")
        text.truncate(self.size.width, overflow="ellipsis")
        return [Segment(text.plain, base)]

    def _fit(self) -> None:
        """Take the largest size at which all tiles are on one page, unless a person chose one."""
        if not self._is_resized:
            for self._shrink in SHRINKS:
                if self.count <= self.page_size:
                    break


def _spread(values: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """Return `[rows, columns]` or `[rows, columns, 3]` at 32x32 pixels, each value a block of its own."""
    import numpy as np

    rows, columns = (_places(np.arange(SIDE), count) for count in values.shape[:2])
    spread: NDArray[np.uint8] = values[rows][:, columns]
    return spread


def _places(pixels: "NDArray[np.int_]", count: int) -> "NDArray[np.int_]":
    """Which of `count` values each pixel shows; large blocks begin at even pixels, sharp at half size, too."""
    return (pixels if count > SIDE // 2 else pixels // 2 * 2) * count // SIDE
