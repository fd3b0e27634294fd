"""Starting the app, and what becomes of its training thread when the screen or the terminal goes."""

import contextlib
import os
import signal
import sys
import termios
import threading
from enum import StrEnum
from typing import Any

from cifar_tui.cli.console import INTERRUPTED, USAGE
from cifar_tui.cli.signals import hearing_signals
from cifar_tui.paths import Paths
from cifar_tui.runs.devices import AUTO
from cifar_tui.text import printable
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.images.protocols import ImagesVariableError

_SECONDS_FOR_THE_SCREEN = 5.0
_SECONDS_FOR_THE_TERMINAL = 0.5
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
"""The descriptors themselves: while the screen is up, `sys.stdout` is not the terminal."""
_PLAIN_SCREEN = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""Gives mouse, pasting, focus, wrapping and keys back, leaves the alternate screen, and shows the cursor."""


class OnHangup(StrEnum):
    """What becomes of training when the terminal goes away."""

    CONTINUE = "continue"
    """It goes on, without a terminal, until the queue is empty."""
    STOP = "stop"
    """The run stops at its next batch, with a checkpoint."""


def start_app(
    paths: Paths,
    *,
    devices: tuple[str, ...] = (AUTO,),
    demo: bool = False,
    on_hangup: OnHangup = OnHangup.CONTINUE,
) -> None:
    """Run the app until the person or the terminal leaves, and the training threads to the end that is due to them.

    Args:
        paths: where everything is kept.
        devices: what to train on (see `devices.parse_devices`).
        demo: begin with a short run on embedded images.
        on_hangup: what becomes of training when the terminal goes away.

    Raises:
        SystemExit: with 130 after Ctrl+C or a request to end; with 2 where a variable says what it cannot.
    """
    try:
        app = CifarApp(paths, devices=devices, demo=demo)
    except ImagesVariableError as error:
        print(f"cifar-tui: {printable(str(error))}", file=sys.stderr)
        sys.exit(USAGE)
    leaving = _Leaving(app, on_hangup)
    with hearing_signals(leaving.hear):
        try:
            app.run()
        finally:
            leaving.wait_for_training()
    if leaving.is_asked:
        sys.exit(INTERRUPTED)


class _Leaving:
    """Hears signals, in their thread."""

    def __init__(self, app: CifarApp, on_hangup: OnHangup) -> None:
        self._app = app
        self._runner = app.runner
        self._on_hangup = on_hangup
        self._has_hung_up = False
        self._settings = _terminal_settings()
        self._is_waiting = False
        self._has_left_the_screen = threading.Event()
        self.is_asked = False
        """Whether a signal wants the process to end."""

    def hear(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._hang_up()
        elif self.is_asked or (self._is_waiting and not self._has_hung_up):
            self._leave_at_once()
        else:
            self.is_asked = True
            self._runner.shut_down()
            self._app.end_screen()

    def wait_for_training(self) -> None:
        self._is_waiting = True
        self._has_left_the_screen.set()
        if not self._has_hung_up:
            self._runner.shut_down()
            if self._runner.current:
                with contextlib.suppress(OSError):  # the terminal may go at any time
                    print("Stopping at the next batch, and keeping a checkpoint …", flush=True)
        self._runner.join()

    def _hang_up(self) -> None:
        if self._has_hung_up:
            return
        self._has_hung_up = True
        _let_go_of_the_terminal()
        if self._on_hangup is OnHangup.CONTINUE:
            self._runner.leave_when_idle()
        else:
            self._runner.shut_down()
        self._app.end_screen()
        # Not in the thread that hears signals: one that asks to end may follow, however long training goes on.
        threading.Thread(target=self._outlive_the_screen, name="hang-up", daemon=True).start()

    def _outlive_the_screen(self) -> None:
        """End the process with its training, should the screen hang on the terminal that is no more."""
        if not self._has_left_the_screen.wait(_SECONDS_FOR_THE_SCREEN):
            self._runner.join()
            os._exit(INTERRUPTED if self.is_asked else 0)

    def _leave_at_once(self) -> None:
        # A terminal that was told to wait (Ctrl+S) takes nothing, and would hold whoever writes to it.
        restoring = threading.Thread(target=self._restore_the_terminal, daemon=True)
        restoring.start()
        restoring.join(_SECONDS_FOR_THE_TERMINAL)
        os._exit(INTERRUPTED)

    def _restore_the_terminal(self) -> None:
        if self._settings is not None:
            with contextlib.suppress(OSError, termios.error):
                os.write(_OUTPUT, _PLAIN_SCREEN.encode())
                termios.tcsetattr(_INPUT, termios.TCSANOW, self._settings)


def _terminal_settings() -> list[Any] | None:
    try:
        return termios.tcgetattr(_INPUT)
    except (OSError, termios.error):
        return None


def _let_go_of_the_terminal() -> None:
    """Read from and write to nowhere: the terminal that is gone answers with errors."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (_INPUT, _OUTPUT, _ERRORS):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
