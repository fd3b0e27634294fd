"""Textual's driver, which also asks the terminal for its graphics, hears the answer, and leaves no image behind."""

import os
import selectors
from codecs import getincrementaldecoder
from contextlib import closing, suppress

from textual.drivers.linux_driver import LinuxDriver

from cifar_tui.tui.images.answers import QUESTIONS, AnswerParser

_SECONDS_BETWEEN_TICKS = 0.1
_MOST_AT_ONCE = 4096


class ImagesDriver(LinuxDriver):
    """Asks where the app does not know; see `ImagesApp`."""

    def start_application_mode(self) -> None:
        """Ask with Textual's own questions, before the first frame, and wait for nothing."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            return  # a terminal that goes away sends SIGCONT, too, and a second writer would have nobody to read it
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and getattr(self._app, "asks_terminal", False):
            self.write(QUESTIONS)

    def stop_application_mode(self) -> None:
        """Free the terminal's images; they belong to the screen that is left with the app."""
        try:
            if self._writer_thread is not None and (images := getattr(self._app, "images", None)) is not None:
                images.free()
        finally:
            super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys and answers, as Textual's own driver does, whose parser cannot be exchanged."""
        parser = AnswerParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode  # a terminal may be set to another

        def read(seconds: float) -> None:
            if selector.select(seconds):
                content = b""
                with suppress(OSError):  # the terminal is gone
                    content = os.read(self.fileno, _MOST_AT_ONCE)
                if not content:  # nor is there anything to come: not to read on and on
                    self.exit_event.wait(seconds)
                elif text := decode(content):
                    for message in parser.feed(text):
                        self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

        with closing(selectors.SelectSelector()) as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                read(_SECONDS_BETWEEN_TICKS)
            read(_SECONDS_BETWEEN_TICKS)  # what was typed meanwhile is not the shell's
