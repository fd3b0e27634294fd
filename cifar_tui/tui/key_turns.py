"""An app that takes one key after the other."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence

from textual import events
from textual.driver import Driver
from textual.message_pump import MessagePump
from textual.screen import Screen

from cifar_tui.tui.keys import AT_ONCE
from cifar_tui.tui.quiet_end import QuietEndApp

_MOVES = frozenset(("up", "down", "left", "right", "pageup", "pagedown"))
_WALKS = 4
"""A key comes up to the app; what it asked for comes up, perhaps from a table by way of its pane; what that began, such
as a dialog, is there."""
_LONGEST_STEP = 0.3
"""Seconds; a widget that does not answer, or is gone, holds the next key no longer than that."""
_LONGEST_READING = 5.0
"""Seconds that the next key waits for what a screen shows, such as from a disk far away."""
_LATE = 0.05
"""Seconds; a timer that comes later than that was held up by what held up everything."""


class KeyTurnsApp(QuietEndApp):
    """Hands a key to the focus once what the key before it set off is done.

    Textual hands keys on as they come, and of several in one packet, as a busy machine reads them, all went where the
    focus was before the first: past the dialog that it opened. `n` and a name with a q in it ended the app.
    """

    def __init__(self, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._waiting: deque[events.Event] = deque()
        self._turn: object = None
        """Of the key that is under way; None while nothing has to be waited for."""
        self._repeats: str | None = None
        """What may follow in the same turn, as it is often repeated: `moves`, `letters`, or nothing."""
        self._last_step = 0.0
        """When the walk behind the key was seen last, on the loop's clock."""
        self._openings = 0
        """What is being read for a screen that will open."""
        self._has_walked = False

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Let the next key wait for what is read here; the screen that shows it is to be pushed right behind."""
        self._openings += 1
        try:
            yield
        finally:
            self._openings -= 1
            if self._has_walked and not self._openings:
                self.call_later(self._walk, self._turn, (), None, 1)

    async def on_event(self, event: events.Event) -> None:
        """Let a key, or what is pasted, wait for its turn."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key == AT_ONCE:
            self._waiting.clear()
            await super().on_event(event)
        else:
            self._waiting.append(event)
            await self._take_keys()

    async def _take_keys(self) -> None:
        while self._waiting:
            repeats = self._repeated_kind(self._waiting[0])
            if self._turn is not None and (repeats is None or repeats != self._repeats):
                return
            turn = self._turn = object()
            self._repeats, self._has_walked = repeats, False
            way, screen = self._way_up(), self._top
            self._watch(turn)
            await super().on_event(self._waiting.popleft())
            self._walk(turn, way, screen, _WALKS)

    def _repeated_kind(self, event: events.Event) -> str | None:
        if not isinstance(event, events.Key):
            return None
        if event.key in _MOVES:
            return "moves"
        focused = self._top.focused if self._top is not None else None
        is_typed = focused is not None and focused.check_consume_key(event.key, event.character)
        return "letters" if is_typed else None

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
        self._last_step = asyncio.get_running_loop().time()
        for place, node in enumerate(way, start=1):
            if node.call_later(self._walk, turn, way[place:], screen, walks):
                return
        walks = max(walks - 1, int(screen is not self._top))
        if walks:
            self._walk(turn, self._way_up(), self._top, walks)
        elif self._openings:
            self._has_walked = True
        else:
            self._end()

    def _watch(self, turn: object, due: float | None = None) -> None:
        """End the turn where the walk stands still for too long, and not because the whole loop did."""
        if turn is not self._turn:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        longest = _LONGEST_READING if self._openings else _LONGEST_STEP
        if due is not None and now - due < _LATE and now - self._last_step >= longest:
            self._end()
        else:
            loop.call_later(_LONGEST_STEP, self._watch, turn, now + _LONGEST_STEP)

    def _end(self) -> None:
        self._turn = self._repeats = None
        self._has_walked = False
        if self._waiting:
            self.call_later(self._take_keys)

    @property
    def _top(self) -> Screen[object] | None:
        return self.screen_stack[-1] if self.screen_stack else None

    def _way_up(self) -> Sequence[MessagePump]:
        """From what has the focus to the app."""
        top = self._top
        return () if top is None else (top.focused or top).ancestors_with_self
