"""Images by kitty's graphics protocol, as text: https://sw.kovidgoyal.net/kitty/graphics-protocol/.

An image is sent once, with a number, as zlib-compressed RGB. A "virtual placement" says how many cells it covers, and
then any cell with the placeholder U+10EEEE shows its part of the image: diacritics name its row and column, the
foreground colour the image. The terminal scales the image, smoothly and in its own proportions.
"""

import random
import zlib
from base64 import standard_b64encode
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

_PLACEHOLDER = "\U0010eeee"
_DIACRITICS = "".join(
    chr(code)
    for code in (
        0x305, 0x30D, 0x30E, 0x310, 0x312, 0x33D, 0x33E, 0x33F, 0x346, 0x34A, 0x34B, 0x34C, 0x350, 0x351, 0x352, 0x357,
        0x35B, 0x363, 0x364, 0x365, 0x366, 0x367, 0x368, 0x369, 0x36A, 0x36B, 0x36C, 0x36D, 0x36E, 0x36F, 0x483, 0x484,
    )
)  # fmt: skip
"""For the numbers 0 to 31, from the protocol's list."""
_COLOURS = range(16, 256)
"""The low byte of an image's number is one of the 256 colours; the first 16 may be the person's own."""
_BANKS = 4
"""High bytes of the numbers, the third diacritic."""
CAPACITY = len(_COLOURS) * _BANKS
"""Images that the terminal keeps, 64 KB of its memory each; kitty gives a program 320 MB."""
_PAYLOAD = 4096
"""Bytes of a command, at most."""
_ENLARGED = 4
"""Times that an image is enlarged before it is sent, so that the terminal's scaling blurs only the edges of its pixels.

Squares compress well: an image of CIFAR-100 takes 3.6 KB instead of 2.8 KB.
"""
_ROWS_KEPT = 8192


class Extent(NamedTuple):
    """How many cells an image covers; at most 32 each way."""

    columns: int
    rows: int


class KittyRow(NamedTuple):
    """A line of cells of an image that the terminal has."""

    number: int
    row: int

    @lru_cache(maxsize=_ROWS_KEPT)  # noqa: B019  a tuple of two numbers
    def text(self, start: int, end: int) -> str:
        """Return the placeholders of the cells `start` to `end`.

        Each says all of its place: one that left it to its neighbour would be lost when that one is covered.
        """
        high = _DIACRITICS[self.number >> 24]
        cells = (f"{_PLACEHOLDER}{_DIACRITICS[self.row]}{_DIACRITICS[column]}{high}" for column in range(start, end))
        return f"\x1b[38;5;{self.number & 0xFF}m{''.join(cells)}"


class KittyImages:
    """What the terminal was sent, and what it is still to be sent; the image that was drawn least lately goes first."""

    def __init__(self) -> None:
        # Not the numbers that another program on this terminal begins with, and not another cifar-tui's either.
        bank = random.randrange(1, len(_DIACRITICS) - _BANKS)
        self._numbers = [(bank + place) << 24 | colour for place in range(_BANKS) for colour in _COLOURS]
        self._sent: OrderedDict[bytes, tuple[int, Extent]] = OrderedDict()
        self._commands: list[str] = []

    def rows(self, pixels: bytes, side: int, extent: Extent) -> list[KittyRow]:
        """Return an image's lines of cells.

        Args:
            pixels: RGB, `side` x `side`.
            side: of the image, in pixels.
            extent: how many cells it covers.
        """
        number, sent_extent = self._sent.get(pixels, (0, extent))
        if not number:
            number = self._free_number()
            self._commands += transmission(number, pixels, side, extent)
        elif sent_extent != extent:
            self._commands.append(_command(f"a=p,U=1,q=2,i={number},p=1,c={extent.columns},r={extent.rows}"))
        self._sent[pixels] = number, extent
        self._sent.move_to_end(pixels)
        return [KittyRow(number, row) for row in range(extent.rows)]

    def take_commands(self) -> str:
        """Return what the terminal needs before these rows are drawn."""
        commands, self._commands = self._commands, []
        return "".join(commands)

    def take_deletions(self) -> str:
        """Return what frees all images in the terminal."""
        numbers = [number for number, _ in self._sent.values()]
        self._sent.clear()
        self._commands.clear()
        return "".join(_command(f"a=d,d=I,q=2,i={number}") for number in numbers)

    def _free_number(self) -> int:
        if len(self._sent) < CAPACITY:
            return self._numbers[len(self._sent)]
        _, (number, _) = self._sent.popitem(last=False)
        return number


def transmission(number: int, pixels: bytes, side: int, extent: Extent) -> list[str]:
    """Return the commands that send an image and place it; q=2: without an answer.

    Args:
        number: of the image.
        pixels: RGB, `side` x `side`.
        side: of the image, in pixels.
        extent: how many cells it covers.
    """
    import numpy as np

    image = np.frombuffer(pixels, dtype=np.uint8).reshape(side, side, 3)
    larger = image.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1)
    data = standard_b64encode(zlib.compress(larger.tobytes())).decode()
    chunks = [data[place : place + _PAYLOAD] for place in range(0, len(data), _PAYLOAD)]
    place = f"p=1,c={extent.columns},r={extent.rows}"
    keys = f"a=T,U=1,i={number},{place},f=24,o=z,s={side * _ENLARGED},v={side * _ENLARGED},"
    return [
        _command(f"{'' if nth else keys}q=2,m={int(nth < len(chunks) - 1)}", chunk) for nth, chunk in enumerate(chunks)
    ]


def _command(keys: str, payload: str = "") -> str:
    return f"\x1b_G{keys}{';' if payload else ''}{payload}\x1b\\"
