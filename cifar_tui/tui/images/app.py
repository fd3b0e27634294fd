"""The part of the app that knows what graphics its terminal has."""

from textual import on

from cifar_tui.tui.images.answers import TerminalAnswered
from cifar_tui.tui.images.driver import ImagesDriver
from cifar_tui.tui.images.half_blocks import Colours
from cifar_tui.tui.images.protocols import Protocol, settled_protocol
from cifar_tui.tui.images.terminal import TerminalImages, measured_cell
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.terminal_size import SizedApp


class ImagesApp(SizedApp):
    """Draws images in half blocks until the terminal says, or the person has said, that there is a better way.

    Raises:
        ImagesVariableError: `CIFAR_TUI_IMAGES` holds something that is none of its values.
    """

    def __init__(self) -> None:
        super().__init__(driver_class=ImagesDriver)
        settled = Protocol.BLOCKS if self.no_color else settled_protocol()
        self.asks_terminal = settled is None
        """Whether the terminal is asked what it can."""
        self.images = TerminalImages(settled or Protocol.BLOCKS, self._colours, self._write_to_terminal)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return a picture of the screen as SVG, its images in half blocks."""
        self.images.is_pictured = True
        try:
            return super().export_screenshot(title=title, simplify=simplify)
        finally:
            self.images.is_pictured = False

    @on(TerminalAnswered)
    def _terminal_answered(self, message: TerminalAnswered) -> None:
        # Sixels are as large as they are: in cells of a size that nobody tells, they could lie over what is beside.
        is_unsized = message.protocol is Protocol.SIXEL and message.cell is None and measured_cell() is None
        self.images.protocol = Protocol.BLOCKS if is_unsized else message.protocol
        self.images.answered_cell = message.cell
        for screen in self.screen_stack:
            for pages in screen.query("ImagePages"):
                pages.refresh()

    @property
    def _colours(self) -> Colours | None:
        """What half blocks are drawn in; None where Textual takes colours away, and where there are no half blocks."""
        if self.no_color or symbols().curve != "braille":
            return None
        match self.console.color_system:
            case "truecolor" | "256" as colours:
                return colours
        return None

    def _write_to_terminal(self, text: str) -> None:
        if self._driver is not None:  # Textual offers no public way to write such sequences
            self._driver.write(text)
