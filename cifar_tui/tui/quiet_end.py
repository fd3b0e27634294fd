"""An app whose widgets may be asked for something while they are being taken down."""

import logging

from rich.console import RenderableType
from textual.app import App

logger = logging.getLogger(__name__)


class QuietEndApp(App[None]):
    """Shows no error that comes up after the person, or a signal, has ended it.

    Widgets are taken down one by one, and what was to be done a moment later finds some of them gone: at the start,
    while the tabs are filled, one end in fifteen showed a traceback.
    """

    is_ending = False

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the app."""
        self.is_ending = True
        super().exit(result, return_code, message)

    def _handle_exception(self, error: Exception) -> None:
        if self.is_ending:
            logger.debug("while the screen was taken down", exc_info=error)
        else:
            super()._handle_exception(error)
