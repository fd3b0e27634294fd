"""An app that keeps to the size of its terminal, however that changes, and draws nothing where it is too small."""

import contextlib
import os
import sys

from textual import events
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.widget import Widget

from cifar_tui.tui.key_turns import KeyTurnsApp

SMALLEST = Size(60, 18)
"""The smallest terminal that the app is laid out for."""
TOO_SMALL = f"cifar-tui needs {SMALLEST.width} columns and {SMALLEST.height} rows. Enlarge the window, or press q."
_SECONDS_FOR_A_NOTICE_TO_GO = 0.5


class SizedApp(KeyTurnsApp):
    """Layouts by width and height, and the focus and notices while they change."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  Textual declares it so
        (0, "-cramped"),
        (SMALLEST.width, "-narrow"),
        (100, "-wide"),
        (118, "-broad"),
        (140, "-roomy"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (SMALLEST.height, "-low"),
        (32, "-tall"),
    ]
    _focus_before: Widget | None = None
    """What had the focus before the terminal became too small."""

    def on_resize(self, event: events.Resize) -> None:
        """Give the focus back that the sentence about a small terminal took."""
        main = self.screen_stack[0]
        if event.size.width < SMALLEST.width or event.size.height < SMALLEST.height:
            self._focus_before = main.focused or self._focus_before
        elif self._focus_before is not None:
            self.call_after_refresh(main.set_focus, self._focus_before)
            self._focus_before = None

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice that is not there already.

        All is drawn anew once it is gone: where the layout changes just then, its place would stay.
        """
        if any((told.message, told.title) == (message, title) for told in self._notifications):
            return
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)
        self.call_later(self._draw_anew_after, self.NOTIFICATION_TIMEOUT if timeout is None else timeout)

    def _draw_anew_after(self, seconds: float) -> None:
        self.set_timer(seconds + _SECONDS_FOR_A_NOTICE_TO_GO, self.refresh)

    def _catch_up_with_the_terminal(self) -> None:
        """Take on the terminal's size: of many resizes in a moment the last one can be told before another."""
        if not self.is_headless:
            with contextlib.suppress(OSError):
                size = Size(*os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2))
                if size != self.size:
                    self.post_message(events.Resize(size, size))
