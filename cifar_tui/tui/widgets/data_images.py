"""The images of a class, or the variants of one image, with a cursor that chooses one."""

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from cifar_tui.text import printable
from cifar_tui.tui.widgets.image_pages import Caption, ImagePages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_WIDTH = 10
"""Of a sentence in place of the images."""


class DataImages(ImagePages, inherit_bindings=False):
    """The arrows move the cursor, which takes the page along."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", "Next image", show=False),
        Binding("left", "move(-1)", "Image before", show=False),
        Binding("down", "move_row(1)", "Row below", show=False),
        Binding("up", "move_row(-1)", "Row above", show=False),
        Binding("pagedown,space", "turn(1)", "Next page", show=False),
        Binding("pageup", "turn(-1)", "Page before", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pixels: NDArray[np.uint8] | None = None
        self._indices: Sequence[int] = ()
        self._caption_of: Callable[[int], str] = str
        self._title = ""
        self._hint = ""
        self._note = ""
        self._is_wrong = False
        self._cursor = 0
        """Place of the chosen image."""

    def show(
        self,
        pixels: "NDArray[np.uint8]",
        indices: Sequence[int],
        caption_of: Callable[[int], str],
        title: str,
        *,
        hint: str = "",
        cursor: int = 0,
    ) -> None:
        """Show some of the images of a split.

        Args:
            pixels: all of them, uint8 `[N, 32, 32, 3]`.
            indices: which of them are shown, in that order.
            caption_of: from an image's index to the line below it.
            title: in the upper border.
            hint: in the lower border, beside the place of the page.
            cursor: the place in `indices` of the chosen one.
        """
        self._pixels, self._indices, self._caption_of = pixels, indices, caption_of
        self._title, self._hint, self._note = title, hint, ""
        self._move_to(cursor)

    def say(self, title: str, sentence: str, *, is_wrong: bool = False) -> None:
        """Show a sentence in place of images."""
        self._pixels, self._indices = None, ()
        self._title, self._hint, self._note, self._is_wrong = title, "", sentence, is_wrong
        self._first = self._cursor = 0
        self.redraw()

    @property
    def chosen(self) -> int | None:
        """The index of the image that the cursor is on."""
        return self._indices[self._cursor] if self._cursor < len(self._indices) else None

    @property
    def cursor(self) -> int:
        """The place of the image that the cursor is on."""
        return self._cursor

    @property
    def shown(self) -> Sequence[int]:
        """The indices of the images of the page."""
        return self._indices[self._first : self._first + self.page_size]

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self._indices)

    def pixels_at(self, place: int) -> "NDArray[np.uint8]":
        """Return an image, `[32, 32, 3]`."""
        assert self._pixels is not None
        image: NDArray[np.uint8] = self._pixels[self._indices[place]]
        return image

    def caption_at(self, place: int) -> Caption:
        """Return the line below an image; of the chosen one it begins with a sign."""
        is_chosen = place == self._cursor
        style = Style(bold=True, reverse=self.has_focus) if is_chosen else Style(dim=True)
        return Caption(f"{'> ' if is_chosen else '  '}{self._caption_of(self._indices[place])}", "", style)

    def write_borders(self) -> None:
        """Say in the borders what is shown."""
        self.border_title = Text(printable(self._title))
        first, last = self._first + 1, min(self._first + self.page_size, self.count)
        which = f"{first:,}-{last:,}" if first < last else f"{first:,}"
        place = f"{which} of {self.count:,}" if self.count else ""
        self.border_subtitle = Text(" · ".join(part for part in (place, self._hint) if part))

    def line_at(self, y: int, base: Style) -> list[Segment]:
        """Return a line of the page, or of the sentence in its place."""
        if not self._note:
            return super().line_at(y, base)
        lines = textwrap.wrap(printable(self._note), max(self.size.width - 2, _LEAST_WIDTH))
        style = Style(color="red") if self._is_wrong else Style()
        return [Segment(f" {lines[y]}", base + style)] if y < len(lines) else []

    def action_move(self, step: int) -> None:
        """Choose the next image, or the one before."""
        self._choose(self._cursor + step)

    def action_move_row(self, step: int) -> None:
        """Choose the image below, or above."""
        place = self._cursor + step * self.columns
        if 0 <= place < self.count:
            self._choose(place)

    def action_turn(self, direction: int) -> None:
        """Go to the next page, or to the one before; the cursor keeps its place on it."""
        self._choose(self._cursor + direction * self.page_size)

    def action_edge(self, end: int) -> None:
        """Choose the first image, or the last."""
        self._choose(self.count - 1 if end else 0)

    def on_resize(self) -> None:
        """Fit the grid; the chosen image stays in sight."""
        self._move_to(self._cursor)

    def resize_images(self, step: int) -> None:
        """Draw the images larger (1) or smaller (-1); the chosen one stays in sight."""
        super().resize_images(step)
        self._move_to(self._cursor)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.redraw_captions(self._cursor)

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self.redraw_captions(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Choose the image under the pointer."""
        offset = event.get_content_offset(self)
        place = self.place_at(offset.x, offset.y) if offset is not None else None
        if place is not None:
            self._choose(place)

    def _choose(self, place: int) -> None:
        """Move the cursor; what stays where it is need not be drawn anew."""
        before, first = self._cursor, self._first
        self._place_cursor(place)
        if self._first == first:
            self.redraw_captions(before, self._cursor)
        else:
            self.redraw()

    def _move_to(self, place: int) -> None:
        self._place_cursor(place)
        self.redraw()

    def _place_cursor(self, place: int) -> None:
        self._cursor = min(max(place, 0), max(self.count - 1, 0))
        self._first = self._cursor // self.page_size * self.page_size
