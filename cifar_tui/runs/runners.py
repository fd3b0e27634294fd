"""All that a process trains with: one runner a device, the first in this process, each other in its own."""

import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from filelock import BaseFileLock, Timeout
from pydantic import ValidationError

from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.devices import AUTO, find_devices
from cifar_tui.runs.locks import make_lock
from cifar_tui.runs.runner import Runner, queue_is_worked
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.worker import IDLE, WAKE, Order, Said

if TYPE_CHECKING:
    from cifar_tui.runs.execute import Listener

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_TRIES = 1.0


class Runners:
    """Works the queue off on several devices; the same calls as of a `Runner`, for all of them."""

    def __init__(
        self,
        paths: Paths,
        store: RunStore,
        listener: "Listener",
        *,
        devices: tuple[str, ...] = (AUTO,),
        sweep: str | None = None,
        tell: Callable[[str], None] = logger.warning,
        tell_of_waiting: Callable[[str], None] | None = None,
    ) -> None:
        """Make them; nothing is started yet.

        Args:
            paths: where the queue is.
            store: the runs.
            listener: told what the runs of this process say; those of the others are read off their folders.
            devices: see `devices.parse_devices`.
            sweep: take only runs of this sweep.
            tell: given a sentence when a device takes no more runs, in any thread.
            tell_of_waiting: given a sentence, once, when another process works the queue; None where that is nothing
                to speak of.
        """
        self._paths, self._store, self._listener = paths, store, listener
        self._wanted = devices
        self._sweep = sweep
        self._tell = tell
        self._tell_of_waiting = tell_of_waiting
        self._turn = threading.Lock()
        """Held while runners are started, or told to leave."""
        self._leave = threading.Event()
        self._when_idle = False
        self._runner: Runner | None = None
        self._workers: list[_Worker] = []
        self._thread = threading.Thread(target=self._start_all, name="runners", daemon=False)

    @property
    def current(self) -> tuple[str, ...]:
        """The ids of the runs that train here."""
        found = [self._runner.current if self._runner else None, *(worker.current for worker in self._workers)]
        return tuple(run_id for run_id in found if run_id is not None)

    def start(self) -> None:
        """Start training what waits; returns at once."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now."""
        with self._turn:
            if self._runner:
                self._runner.wake()
            for worker in self._workers:
                worker.write(WAKE)

    def leave_when_idle(self) -> None:
        """Go on until nothing is left to train, then end."""
        with self._turn:
            self._when_idle = True
            if self._runner:
                self._runner.leave_when_idle()
            for worker in self._workers:
                worker.write(IDLE)

    def shut_down(self) -> None:
        """Stop the present runs at their next batch and end. Queued runs stay queued."""
        self._leave.set()
        with self._turn:
            if self._runner:
                self._runner.shut_down()
            for worker in self._workers:
                worker.hang_up()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for all to end; False when they have not within `timeout` seconds each."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        has_ended = not self._thread.is_alive() and (self._runner is None or self._runner.join(timeout))
        return all([has_ended, *(worker.join(timeout) for worker in self._workers)])

    def _start_all(self) -> None:
        devices = find_devices(self._wanted)
        with contextlib.ExitStack() as held:
            if self._wanted == (AUTO,) != devices:
                lock = self._wait_for_the_queue()
                if lock is None:
                    return
                held.callback(lock.release)
            self._start(devices)
            if len(devices) > 1:
                self._join_all()

    def _start(self, devices: tuple[str, ...]) -> None:
        with self._turn:
            if self._leave.is_set():
                return
            self._runner = Runner(
                self._paths, self._store, self._listener, devices=devices, is_own_choice=self._wanted == (AUTO,),
                sweep=self._sweep, tell=self._tell, tell_of_waiting=self._tell_of_waiting,
            )  # fmt: skip
            self._runner.start()
            for place in range(1, len(devices)):
                order = Order(
                    data=self._paths.data, datasets=self._paths.datasets, presets=self._paths.presets,
                    devices=devices, place=place, sweep=self._sweep,
                )  # fmt: skip
                try:
                    self._workers.append(_Worker(order, self._tell))
                except OSError as error:
                    self._tell(f"{devices[place]} takes no runs: its process cannot be started: {error.strerror}.")
            if self._when_idle:
                self._runner.leave_when_idle()
                for worker in self._workers:
                    worker.write(IDLE)

    def _join_all(self) -> None:
        if self._runner:
            self._runner.join()
        for worker in self._workers:
            worker.join()

    def _wait_for_the_queue(self) -> BaseFileLock | None:
        """Return the lock on the whole queue once it is free, held; None when it is time to leave before."""
        while not self._leave.is_set() and not self._when_idle:
            try:
                make_folder(self._paths.data)
                lock = make_lock(self._paths.data / "runner.lock")
                lock.acquire(timeout=0)
                return lock
            except Timeout:
                if self._tell_of_waiting is not None:
                    self._tell_of_waiting(queue_is_worked(AUTO))
                    self._tell_of_waiting = None
            except OSError:
                pass  # it may be there again in a moment
            self._leave.wait(_SECONDS_BETWEEN_TRIES)
        return None


class _Worker:
    """A process that trains on one device."""

    def __init__(self, order: Order, tell: Callable[[str], None]) -> None:
        self._device = order.devices[order.place]
        self._tell = tell
        self.current: str | None = None
        self._process = subprocess.Popen(
            # -P: or a torch.py in the folder that the app was started in would be run
            [sys.executable, "-P", "-m", "cifar_tui.runs.worker", order.model_dump_json()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._is_leaving = False
        self._listening = threading.Thread(target=self._listen, name=f"worker {self._device}", daemon=True)
        self._listening.start()

    def write(self, word: str) -> None:
        self._is_leaving |= word == IDLE
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()

    def hang_up(self) -> None:
        """Have it stop its run and end: there is nothing more for it to read."""
        self._is_leaving = True
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def join(self, timeout: float | None = None) -> bool:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        self._listening.join(timeout)
        return True

    def _listen(self) -> None:
        assert self._process.stdout is not None
        has_told = False
        with self._process.stdout as lines:
            for line in lines:
                try:
                    said = Said.model_validate_json(line)
                except ValidationError:
                    logger.warning("a worker said %r", line[:200])
                    continue
                if said.tell is not None:
                    has_told = True
                    self._tell(said.tell)
                else:
                    self.current = said.current
        self.current = None
        if self._process.wait() != 0 and not self._is_leaving and not has_told:
            self._tell(f"{self._device} takes no more runs: its process ended with {self._process.returncode}.")
