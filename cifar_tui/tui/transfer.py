"""A download or an import, which goes on whatever screen is shown."""

import logging
import threading
from collections.abc import Callable

from cifar_tui.data.dataset import DatasetError

logger = logging.getLogger(__name__)

Tell = Callable[[int, int], None]
"""Told how many bytes are there, and of how many."""


class Transfer:
    """One at a time, in a thread that nobody who leaves waits for: what is half done is begun anew the next time."""

    def __init__(self, listener: Callable[[], object]) -> None:
        """Make one that does nothing yet.

        Args:
            listener: told in the thread when one is over.
        """
        self._listener = listener
        self.is_under_way = False
        self.what = ""
        """In a word or two, such as Downloading."""
        self.progress: tuple[int, int] | None = None
        """Bytes that are there, and of how many; None where that is not told."""
        self.error: str | None = None
        """The sentence of the last one, where it failed."""

    def start(self, what: str, work: Callable[[Tell], object]) -> None:
        """Begin one, unless one is under way.

        Args:
            what: it does, in a word or two.
            work: does it, or raises a `DatasetError`.
        """
        if self.is_under_way:
            return
        self.is_under_way, self.what, self.progress, self.error = True, what, None, None
        threading.Thread(target=self._do, args=(work,), name="transfer", daemon=True).start()

    def _do(self, work: Callable[[Tell], object]) -> None:
        try:
            work(self._tell)
        except DatasetError as error:
            self.error = str(error)
        except Exception as error:
            logger.exception("%s failed", self.what)
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            self.error = f"{self.what} failed: {reason}."
        finally:
            self.is_under_way = False
            self._listener()

    def _tell(self, done: int, total: int) -> None:
        self.progress = done, total
