"""Signals that ask a process to end, heard in a thread of their own."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from cifar_tui.cli.console import INTERRUPTED

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Set the event on Ctrl+C, a request to end, or a hang-up; on a second one of the first two, leave at once."""
    stop = threading.Event()

    def hear(number: int) -> None:
        if stop.is_set() and number != signal.SIGHUP:  # which comes twice where a shell hands it on
            Console().show_cursor()
            os._exit(INTERRUPTED)
        stop.set()

    with hearing_signals(hear):
        yield stop


@contextmanager
def hearing_signals(hear: Callable[[int], None]) -> Iterator[None]:
    """Call `hear` with the number of each signal that asks to end, in a thread of its own.

    Python runs signal handlers between two steps of the main thread, and a single step of a large model takes up to
    minutes. A thread that reads the numbers of the signals as they arrive need not wait for it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # What is ignored stays so: `nohup` means it.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    def watch() -> None:
        while number := os.read(reader, 1):
            if number[0] in heard:
                hear(number[0])

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    handlers = {number: signal.signal(number, _leave_it_to_the_watcher) for number in heard}
    descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _leave_it_to_the_watcher(_number: int, _frame: FrameType | None) -> None:
    pass
