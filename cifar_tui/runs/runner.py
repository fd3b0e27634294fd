"""The one training thread of a process: takes queued runs, one after the other."""

import logging
import os
import sys
import threading

from filelock import Timeout

from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.execute import Listener, RunTakenError, execute
from cifar_tui.runs.locks import make_lock
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.store import RunStore, StoreError

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 1.0
_NICENESS = 15


class Runner:
    """Works the queue off in a thread of its own.

    Of all processes on one data folder a single one works the queue, the one that holds `runner.lock`; the others
    look again every second, so that one of them takes over when it leaves.

    Whoever starts it joins it before the process ends: what training imports late cannot be imported any more once the
    interpreter shuts down.
    """

    def __init__(self, paths: Paths, store: RunStore, listener: Listener) -> None:
        self._paths = paths
        self._store = store
        self._queue = RunQueue(store)
        self._listener = listener
        self._wake = threading.Event()
        self._leave = threading.Event()
        self._leave_when_idle = threading.Event()
        self._current: str | None = None
        self._thread = threading.Thread(target=self._work, name="runner", daemon=False)

    @property
    def current(self) -> str | None:
        """The id of the run that this process trains, if any."""
        return self._current

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def leave_when_idle(self) -> None:
        """Go on until nothing is left to train, then end the thread."""
        self._leave_when_idle.set()
        self._wake.set()

    def shut_down(self) -> None:
        """Stop the present run at its next batch and end the thread. Queued runs stay queued."""
        self._leave.set()
        self._wake.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end; False when it has not within `timeout` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        _give_way()
        while not self._leave.is_set():
            try:
                make_folder(self._paths.data)
                with make_lock(self._paths.data / "runner.lock").acquire(timeout=0):
                    self._work_queue()
            except Timeout:
                pass  # another process works the queue
            except OSError as error:
                logger.warning("the queue cannot be worked: %s", error)
            if self._leave_when_idle.is_set():
                return
            self._wake.wait(_SECONDS_BETWEEN_LOOKS)
            self._wake.clear()

    def _work_queue(self) -> None:
        unusable: set[str] = set()
        while not self._leave.is_set():
            waiting = [run.id for run in self._queue.waiting() if run.id not in unusable]
            if not waiting or self._queue.is_paused:
                return
            self._current = waiting[0]
            try:
                execute(self._paths, self._store, waiting[0], self._leave.is_set, self._listener)
            except (RunTakenError, StoreError, OSError) as error:
                logger.warning("%s is passed over for now: %s", waiting[0], error)
                unusable.add(waiting[0])
            finally:
                self._current = None


def _give_way() -> None:
    """Let whoever draws the screen go first on the processor; it needs little, and training takes all there is."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
