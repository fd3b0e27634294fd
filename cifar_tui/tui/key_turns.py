"""An app that takes one key after the other."""

import asyncio
from collections import deque
from collections.abc import Sequence

from textual import events
from textual.driver import Driver
from textual.message_pump import MessagePump
from textual.screen import Screen

from cifar_tui.tui.quiet_end import QuietEndApp

_MOVES = frozenset(("up", "down", "left", "right", "pageup", "pagedown"))
_WALKS = 3
"""A key comes up to the app; what it asked for comes up; what that began, such as a dialog, is there."""
_LONGEST_TURN = 0.3
"""Seconds; a widget that is busy, or gone, holds the next key no longer than that."""


class KeyTurnsApp(QuietEndApp):
    """Hands a key to the focus once what the key before it set off is done.

    Textual hands keys on as they come, and of several in one packet, as a busy machine reads them, all went where the
    focus was before the first: past the dialog that it opened. `n` and a name with a q in it ended the app.
    """

    def __init__(self, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._turn: object = None
        """Of the key that is under way; None while nothing has to be waited for."""
        self._waiting: deque[events.Event] = deque()

    async def on_event(self, event: events.Event) -> None:
        """Let a key, or what is pasted, wait for its turn."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
            return
        self._waiting.append(event)
        await self._take_keys()

    async def _take_keys(self) -> None:
        while self._turn is None and self._waiting:
            event = self._waiting.popleft()
            way, screen = self._way_up(), self._top
            if self._opens_nothing(event):
                await super().on_event(event)
                continue
            turn = self._turn = object()
            asyncio.get_running_loop().call_later(_LONGEST_TURN, self._end, turn)
            await super().on_event(event)
            self._walk(turn, way, screen, _WALKS)

    def _opens_nothing(self, event: events.Event) -> bool:
        """Whether the next key need not wait for this one: it is a letter in a line, or a move, which often repeat."""
        if not isinstance(event, events.Key):
            return False
        focused = self._top.focused if self._top is not None else None
        is_typed = focused is not None and focused.check_consume_key(event.key, event.character)
        return is_typed or event.key in _MOVES

    def _walk(self, turn: object, way: Sequence[MessagePump], screen: Screen[object] | None, walks: int) -> None:
        """Go up `way`, at each node behind what lies in its queue; and again, `walks` in all.

        Args:
            turn: whose walk it is.
            way: what is still to be gone through.
            screen: the one on top when this walk began; a new one is waited for.
            walks: this one and the next ones.
        """
        if turn is not self._turn:
            return
        for place, node in enumerate(way, start=1):
            if node.call_later(self._walk, turn, way[place:], screen, walks):
                return
        walks = max(walks - 1, int(screen is not self._top))
        if walks:
            self._walk(turn, self._way_up(), self._top, walks)
        else:
            self._end(turn)

    def _end(self, turn: object) -> None:
        if turn is self._turn:
            self._turn = None
            if self._waiting:
                self.call_later(self._take_keys)

    @property
    def _top(self) -> Screen[object] | None:
        return self.screen_stack[-1] if self.screen_stack else None

    def _way_up(self) -> Sequence[MessagePump]:
        """From what has the focus to the app."""
        top = self._top
        return () if top is None else (top.focused or top).ancestors_with_self
