"""The images of one app on its terminal, by whichever protocol it has."""

import fcntl
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress

from cifar_tui.tui.images.answers import CellSize
from cifar_tui.tui.images.half_blocks import Colours, block_rows
from cifar_tui.tui.images.kitty import Extent, KittyImages
from cifar_tui.tui.images.protocols import Protocol
from cifar_tui.tui.images.sixel import sixel_rows
from cifar_tui.tui.images.strips import ImageRow

_VT340 = CellSize(10, 20)
"""Of the terminal that sixels were made for; others count in its cells when they are not asked for their own."""


class TerminalImages:
    """Makes the lines of cells that widgets lay over theirs.

    Args:
        protocol: that images are drawn by.
        colours: that half blocks are drawn in; None where they are not to be made here.
        write: takes what is to be written to the terminal.
    """

    def __init__(self, protocol: Protocol, colours: Colours | None, write: Callable[[str], None]) -> None:
        self.protocol = protocol
        self.answered_cell: CellSize | None = None
        """What the terminal says of its cells' size; what the system says, where it knows, is newer."""
        self.is_pictured = False
        """Whether this is for a picture of the screen, which no terminal draws."""
        self._colours = colours
        self._write = write
        self._kitty = KittyImages()

    @property
    def has_rows(self) -> bool:
        """Whether lines of cells are made here, and widgets need not draw their own."""
        return not self.is_pictured and (self.protocol is not Protocol.BLOCKS or self._colours is not None)

    def rows(self, pixels: bytes, side: int, columns: int, rows: int) -> Sequence[ImageRow]:
        """Return the lines of cells of an image; none without `has_rows`.

        Args:
            pixels: RGB, `side` x `side`.
            side: of the image, in pixels.
            columns: cells that it covers from left to right.
            rows: lines of cells that it covers.
        """
        match self.protocol:
            case Protocol.KITTY:
                return self._kitty.rows(pixels, side, Extent(columns, rows))
            case Protocol.SIXEL:
                return sixel_rows(pixels, side, columns, rows, measured_cell() or self.answered_cell or _VT340)
            case Protocol.BLOCKS if self._colours is not None:
                return block_rows(pixels, side, columns, self._colours)
        return ()

    def send(self) -> None:
        """Write what the terminal needs before it draws the lines that were made."""
        if commands := self._kitty.take_commands():
            self._write(commands)  # at once: the writer holds thirty pieces, and then the screen waits for it

    def free(self) -> None:
        """Free the terminal of all images."""
        if deletions := self._kitty.take_deletions():
            self._write(deletions)


def measured_cell() -> CellSize | None:
    """Return the size of a cell of this process's terminal; None where the terminal does not tell the system."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        packed = fcntl.ioctl(sys.__stderr__.fileno() if sys.__stderr__ else 2, termios.TIOCGWINSZ, bytes(8))
        rows, columns, width, height = struct.unpack("4H", packed)
        if width >= columns and height >= rows:
            return CellSize(width // columns, height // rows)
    return None
