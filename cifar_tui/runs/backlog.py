"""What a run has to say and the disk does not take: kept, and written in its order once there is room again."""

import logging
import time
from collections.abc import Callable

from cifar_tui.files import NO_ROOM
from cifar_tui.runs.store import StoreError

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_TRIES = 1.0


class Backlog:
    """Writes at once where it can. Not thread-safe: the training thread alone uses it.

    Args:
        tell: told what is wrong when the disk begins to refuse, and None when it takes everything again.
    """

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        self._tell = tell
        self._waiting: list[tuple[str, Callable[[], object]]] = []
        self._refused: set[str] = set()
        """The files that could not be written when they were last tried."""
        self._lacks_room = False
        """Whether that was all that was wrong, the last time."""

    def write(self, file: str, write: Callable[[], object]) -> None:
        """Do `write` once all before it is done: now, or at a later `flush`."""
        self._waiting.append((file, write))
        self.flush()

    def attempt(self, file: str, write: Callable[[], object]) -> bool:
        """Do `write` now or never; return whether it was done."""
        try:
            write()
        except (OSError, StoreError) as error:
            self._refuse(file, error)
            return False
        if file in self._refused:
            self._refused.remove(file)
            if not self._refused:
                self._tell(None)
        return True

    def flush(self) -> bool:
        """Write what waits, as far as the disk takes it; return whether nothing waits any more."""
        while self._waiting and self.attempt(*self._waiting[0]):
            self._waiting.pop(0)
        return not self._waiting

    def insist(self, seconds: float, give_up: Callable[[], bool]) -> bool:
        """Flush again and again, until `give_up` says so; return whether all was written.

        Args:
            seconds: at most, where something else than a lack of room is wrong: a folder that is gone stays gone.
            give_up: whether somebody wants to leave.
        """
        deadline = time.monotonic() + seconds
        while not self.flush():
            if self._lacks_room:
                deadline = time.monotonic() + seconds
            elif time.monotonic() > deadline:
                return False
            if give_up():
                return False
            time.sleep(_SECONDS_BETWEEN_TRIES)
        return True

    def _refuse(self, file: str, error: OSError | StoreError) -> None:
        cause = error if isinstance(error, OSError) else error.__cause__
        self._lacks_room = isinstance(cause, OSError) and cause.errno in NO_ROOM
        reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
        if not self._refused:
            self._tell(f"{file}: {reason}. Training goes on, and writes what it kept once there is room.")
        if file not in self._refused:
            logger.warning("%s cannot be written: %s", file, reason)
        self._refused.add(file)
