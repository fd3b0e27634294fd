"""What a terminal with graphics makes of what a program writes, after the protocols' own documents."""

import re
import zlib
from base64 import b64decode

import numpy as np
import pyte.graphics
from numpy.typing import NDArray

KITTY_QUESTION = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
DEVICE_QUESTION = b"\x1b[c"
KITTY_ANSWERS = {KITTY_QUESTION: b"\x1b_Gi=31;OK\x1b\\", DEVICE_QUESTION: b"\x1b[?62;52;c"}
"""As kitty and Ghostty give them."""
SIXEL_ANSWERS = {b"\x1b[16t": b"\x1b[6;20;10t", DEVICE_QUESTION: b"\x1b[?62;4;22c"}
"""As foot gives them, with cells of 10x20 pixels; it knows nothing of kitty's question."""
PLAIN_ANSWERS = {DEVICE_QUESTION: b"\x1b[?64;1;2c"}

PLACEHOLDER = "\U0010eeee"
# From kitty's rowcolumn-diacritics.txt.
DIACRITICS = (
    "\u0305\u030d\u030e\u0310\u0312\u033d\u033e\u033f\u0346\u034a\u034b\u034c\u0350\u0351\u0352\u0357"
    "\u035b\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d\u036e\u036f\u0483\u0484"
)

_COMMAND = re.compile(rb"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")


class KittyTerminal:
    """The images that a kitty would hold after all of `output`; a command that it would not take is an error."""

    def __init__(self, output: bytes) -> None:
        self.images: dict[int, NDArray[np.uint8]] = {}
        """By their numbers, `[H, W, 3]`."""
        self.extents: dict[int, tuple[int, int]] = {}
        """Of their virtual placements: columns and rows of cells."""
        self.transmissions = 0
        self._keys: dict[str, str] = {}
        self._payload = b""
        for command in _COMMAND.finditer(output):
            keys = dict(pair.split("=") for pair in command[1].decode().split(","))
            self._obey(keys, command[2] or b"")

    def _obey(self, keys: dict[str, str], payload: bytes) -> None:
        assert len(payload) <= 4096
        if self._keys:
            assert set(keys) <= {"m", "q"}, "a chunk that follows holds nothing else"
            self._payload += payload
            self._finish(keys)
        elif keys["a"] == "T":
            self._keys, self._payload = keys, payload
            self._finish(keys)
        elif keys["a"] == "p":
            assert keys["U"] == "1"
            assert int(keys["i"]) in self.images
            self.extents[int(keys["i"])] = int(keys["c"]), int(keys["r"])
        elif keys["a"] == "d":
            assert keys["d"] == "I", "the others leave virtual placements, or the data"
            del self.images[int(keys["i"])], self.extents[int(keys["i"])]
        else:
            assert keys["a"] == "q"

    def _finish(self, last: dict[str, str]) -> None:
        assert last["q"] == "2", "what the terminal answered would be taken for keys"
        if last["m"] == "1":
            assert len(self._payload) % 4096 == 0
            return
        keys, self._keys = self._keys, {}
        assert (keys["f"], keys["o"], keys["U"]) == ("24", "z", "1")
        shape = int(keys["v"]), int(keys["s"]), 3
        number = int(keys["i"])
        self.images[number] = np.frombuffer(zlib.decompress(b64decode(self._payload)), np.uint8).reshape(shape)
        self.extents[number] = int(keys["c"]), int(keys["r"])
        self.transmissions += 1


def colour_of(number: int) -> str:
    """Return pyte's name for the colour that says an image's number."""
    return str(pyte.graphics.FG_BG_256[number & 0xFF])


def decode_sixels(data: bytes) -> NDArray[np.uint8]:
    """Return the picture of one sixel sequence, `[H, W, 4]`, in percent; the last is 100 where it is drawn."""
    match = re.fullmatch(rb'\x1bP0;1;0q"1;1;(\d+);(\d+)([^\x1b]*)\x1b\\', data)
    assert match is not None
    width, height = int(match[1]), int(match[2])
    picture = np.zeros((-(-height // 6) * 6, width, 4), np.uint8)
    registers: dict[int, tuple[int, ...]] = {}
    x = top = colour = 0
    for token in re.finditer(rb"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|([$-])", match[3]):
        if token[1]:
            colour = int(token[1])
            assert colour < 256
            if token[2]:
                registers[colour] = *(int(token[part]) for part in (2, 3, 4)), 100
        elif token[8]:
            x, top = 0, top + 6 * (token[8] == b"-")
        else:
            count = int(token[5] or 1)
            bits = (token[6] or token[7])[0] - 63
            rows = [top + bit for bit in range(6) if bits >> bit & 1]
            assert x + count <= width
            picture[rows, x : x + count] = registers[colour]
            x += count
    assert not picture[height:].any(), "drawn below its own line"
    assert (
        b"".join(token[0] for token in re.finditer(rb"#\d+(?:;2;\d+;\d+;\d+)?|!\d+[?-~]|[?-~]|[$-]", match[3]))
        == match[3]
    )
    return picture[:height]
