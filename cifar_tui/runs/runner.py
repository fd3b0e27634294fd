"""A training thread: takes queued runs, one after the other."""

import contextlib
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from filelock import Timeout

from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.devices import AUTO, suits
from cifar_tui.runs.locks import make_lock
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.training.allocator import keep_freed_memory

if TYPE_CHECKING:
    from cifar_tui.runs.execute import Listener

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 1.0
_NICENESS = 15


class DeviceGoneError(Exception):
    """One sentence: why a device trains no more runs."""


class Runner:
    """Works the queue off on one device, in a thread of its own.

    Of all processes on one data folder a single one works the queue on its own choice of device, the one that holds
    `runner.lock`; with devices that a person named, one on each machine and device. The others look again every second,
    so that one of them takes over when it leaves.

    Whoever starts it joins it before the process ends: what training imports late cannot be imported any more once the
    interpreter shuts down.
    """

    def __init__(
        self,
        paths: Paths,
        store: RunStore,
        listener: "Listener",
        *,
        devices: tuple[str, ...] = (AUTO,),
        place: int = 0,
        is_own_choice: bool = False,
        sweep: str | None = None,
        tell: Callable[[str], None] = logger.warning,
        tell_of_waiting: Callable[[str], None] | None = None,
    ) -> None:
        """Make one; nothing is started yet.

        Args:
            paths: where the queue is.
            store: the runs.
            listener: told what the runs say, in the runner's thread.
            devices: that train at the same time, each with a runner.
            place: this runner's device among them.
            is_own_choice: whether no person named the devices, so that others may be taken.
            sweep: take only runs of this sweep.
            tell: given a sentence, in the runner's thread, when the device takes no more runs, or not some run.
            tell_of_waiting: given a sentence there, once, when another process has the device; None where that is
                nothing to speak of.
        """
        self._paths = paths
        self._store = store
        self._queue = RunQueue(store)
        self._listener = listener
        self._devices = devices
        self._place = place
        self._lock_name = _lock_name(devices, place)
        self._is_own_choice = is_own_choice
        self._sweep = sweep
        self._tell = tell
        self._tell_of_waiting = tell_of_waiting
        self._wake = threading.Event()
        self._leave = threading.Event()
        self._leave_when_idle = threading.Event()
        self._is_checked = False
        self._is_stuck = False
        """Whether the last run could not even be begun, which was told."""
        self._current: str | None = None
        self._thread = threading.Thread(target=self._work, name="runner", daemon=False)

    @property
    def device(self) -> str:
        """The device that it trains on."""
        return self._devices[self._place]

    @property
    def current(self) -> str | None:
        """The id of the run that this process trains, if any."""
        return self._current

    def start(self) -> None:
        """Start the thread."""
        keep_freed_memory()  # too late for the thread itself
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
                with self._turn():
                    self._work_queue()
            except Timeout:
                self._say_that_it_waits()
            except DeviceGoneError as error:
                self._tell(str(error))
                return
            except OSError as error:
                logger.warning("the queue cannot be worked: %s", error)
            if self._leave_when_idle.is_set():
                return
            self._wake.wait(_SECONDS_BETWEEN_LOOKS)
            self._wake.clear()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold what keeps other processes from the same device.

        Raises:
            Timeout: another process has it.
        """
        with make_lock(self._paths.data / f"{self._lock_name}.lock").acquire(timeout=0):
            yield

    def _say_that_it_waits(self) -> None:
        if self._tell_of_waiting is not None:
            self._tell_of_waiting(queue_is_worked(self.device))
            self._tell_of_waiting = None

    def _work_queue(self) -> None:
        from cifar_tui.runs.execute import RunTakenError, execute  # the app's first frame does not wait for it

        unusable: set[str] = set()
        while not self._leave.is_set():
            waiting = [run.id for run in self._queue.waiting() if self._may_take(run) and run.id not in unusable]
            if not waiting or self._queue.is_paused:
                return
            if not self._is_checked:
                self._prepare()
                self._is_checked = True
            self._current = waiting[0]
            try:
                ended = execute(
                    self._paths, self._store, waiting[0], self._leave.is_set, self._listener,
                    device=self.device, only_if=RunStatus.QUEUED,
                )  # fmt: skip
                self._is_stuck = False
                if ended.error is not None:
                    self._check_device()
            except DeviceGoneError:
                raise
            except RunTakenError:
                unusable.add(waiting[0])  # by a runner beside this one, as a rule
            except Exception as error:
                if not isinstance(error, StoreError | OSError):
                    logger.exception("%s could not be trained", waiting[0])
                if not self._is_stuck:  # the others are no better off as a rule, nor is it a second later
                    self._tell(f"{waiting[0]} is passed over for now: {error}")
                self._is_stuck = True
                unusable.add(waiting[0])
            finally:
                self._current = None

    def _may_take(self, run: Run) -> bool:
        others = self._devices[: self._place] + self._devices[self._place + 1 :]
        is_ours = self._sweep is None or run.record.sweep == self._sweep
        return is_ours and suits(run.config.training.device, self.device, others, is_first=self._place == 0)

    def _prepare(self) -> None:
        """Take this runner's share of the processor, and see that its device is there, before it takes a run."""
        if self.device == AUTO:
            return
        try:
            self._check_device()
        except DeviceGoneError:
            if not self._is_own_choice or _has_gpu():
                raise
            number = len(self._devices)
            self._tell(f"The driver shows {number} GPUs, but this torch can use none: runs train on the processor.")
            self._devices, self._place = (AUTO,), 0
        if (count := self._devices.count("cpu")) > 1 and self.device == "cpu":
            import torch

            torch.set_num_threads(max(1, torch.get_num_threads() // count))

    def _check_device(self) -> None:
        """Compute a little on the device: one that is broken would fail each run that it takes.

        Raises:
            DeviceGoneError: it does not compute.
        """
        from cifar_tui.training.device import DeviceError, check_device

        try:
            check_device(self.device)
        except DeviceError as error:
            name = "The device" if self.device == AUTO else self.device
            raise DeviceGoneError(f"{name} takes no more runs: {error}") from error


def queue_is_worked(device: str) -> str:
    """Return a sentence for who waits to work the queue on `device`."""
    where = "" if device == AUTO else f" on {device}"
    return f"Another process works the queue of this data folder{where}; this one waits for it."


def _lock_name(devices: tuple[str, ...], place: int) -> str:
    device = devices[place]
    if device == AUTO:
        return "runner"
    # Of a device that stands there several times, each has a lock of its own.
    number = devices[:place].count(device)
    host = socket.gethostname().partition(".")[0]
    return f"runner-{host}-{device.replace(':', '-')}" + (f"-{number}" if number else "")


def _has_gpu() -> bool:
    from cifar_tui.training.device import find_device

    return find_device(AUTO).type != "cpu"


def _give_way() -> None:
    """Let whoever draws the screen go first on the processor; it needs little, and training takes all there is."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the process
        thread = threading.get_native_id()
        if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:  # nobody but root may ask for more of it again
            os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)
