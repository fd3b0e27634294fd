"""What the terminal answers when it is asked for its graphics, taken out of what is typed.

The questions go out with Textual's own at the start, and nobody waits: until the answers come, and on terminals that
give none, half blocks are drawn.
"""

import re
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from textual._xterm_parser import XTermParser
from textual.message import Message

from cifar_tui.tui.images.protocols import Protocol

QUESTIONS = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c"
"""Would it take an image by kitty's protocol, how large is a cell, and what can it do (primary device attributes)?

All terminals answer the last one, so that nothing is to come behind its answer.
"""
_ANSWER = re.compile(r"\x1b_Gi=31(?:,[^;\x1b]*)?;(\w+)[^\x1b]*\x1b\\|\x1b\[6;(\d+);(\d+)t|\x1b\[\?([\d;]*)c")
_BEGUN = re.compile(r"\x1b(?:_(?:G[^\x1b]*\x1b?)?|\[(?:\?[\d;]*|6(?:;[\d;]*)?)?)?\Z")
"""The beginning of an answer whose end has not come yet."""
_SIXEL = "4"
"""Among the device attributes."""
_SECONDS_FOR_AN_ANSWER = 10.0
"""From the start on; behind that, what looks like the beginning of one is not kept back."""
_SECONDS_FOR_ITS_END = 0.1


class CellSize(NamedTuple):
    """Of a cell of the terminal, in pixels."""

    width: int
    height: int


class TerminalAnswered(Message):
    """The terminal said what graphics it has."""

    def __init__(self, protocol: Protocol, cell: CellSize | None) -> None:
        super().__init__()
        self.protocol = protocol
        self.cell = cell
        """None where it did not say."""


class AnswerParser(XTermParser):
    """Textual's parser, which would take these answers for keys, with a sieve before it."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._began = monotonic()
        self._kept = ""
        self._kept_at = 0.0
        self._cell: CellSize | None = None
        self._protocol = Protocol.BLOCKS
        self._is_done = False

    def feed(self, data: str) -> Iterable[Message]:
        """Take what was read; yield what it means. Nothing is the end."""
        if self._is_done or not data:
            if kept := self._let_go():
                yield from super().feed(kept)
            yield from super().feed(data)
            return
        data = self._let_go() + data
        place = 0
        for answer in _ANSWER.finditer(data):
            if before := data[place : answer.start()]:
                yield from super().feed(before)
            place = answer.end()
            yield from self._heard(answer)
        data = data[place:]
        is_expected = not self._is_done and monotonic() - self._began < _SECONDS_FOR_AN_ANSWER
        if is_expected and (begun := _BEGUN.search(data)):
            self._kept, self._kept_at = begun.group(), monotonic()
            data = data[: begun.start()]
        if data:
            yield from super().feed(data)

    def tick(self) -> Iterable[Message]:
        """Go on with what looked like an answer, and is the escape key, say."""
        if self._kept and monotonic() - self._kept_at > _SECONDS_FOR_ITS_END:
            yield from super().feed(self._let_go())
        yield from super().tick()

    def _let_go(self) -> str:
        kept, self._kept = self._kept, ""
        return kept

    def _heard(self, answer: re.Match[str]) -> Iterable[Message]:
        word, height, width, attributes = answer.groups()
        if height is not None:
            self._cell = CellSize(int(width), int(height))
        elif attributes is not None:
            self._is_done = True
            # Terminals that have both do not know kitty's placeholders: Konsole, WezTerm.
            if _SIXEL in attributes.split(";")[1:]:
                self._protocol = Protocol.SIXEL
                yield TerminalAnswered(self._protocol, self._cell)
        elif word == "OK":
            self._protocol = Protocol.KITTY
            yield TerminalAnswered(self._protocol, self._cell)
