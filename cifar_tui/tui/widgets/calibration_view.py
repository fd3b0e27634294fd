"""How often a model is right beside how sure it is: the reliability curve, and the images at each confidence."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from cifar_tui.analysis.wording import sureness
from cifar_tui.runs.columns import percent, points
from cifar_tui.tui.plot import BLUE, GREY, ORANGE, ChartData, Series, style_of
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.chart import Chart

if TYPE_CHECKING:
    from cifar_tui.analysis.calibration import Bin, Calibration

_COLUMNS = len("93-100    98.56   +2.1     277 ")
_LEAST_BAR = 4


class CalibrationView(Horizontal):
    """The curve, and a table of the bins with a histogram."""

    DEFAULT_CSS = """
    CalibrationView { height: 1fr; visibility: hidden; }
    CalibrationView Chart, CalibrationView Bins { visibility: visible; width: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the curve and the table."""
        yield Chart("Reliability", lambda share: f"{share * 100:.1f}%", lambda tick: f"{tick * 100:g}%", id="curve")
        yield Bins(id="bins")

    def show(self, calibration: "Calibration") -> None:
        """Show how well a model is calibrated."""
        reached = tuple(
            (part.confidence * 100, part.accuracy)
            for part in calibration.bins
            if part.confidence is not None and part.accuracy is not None
        )
        accuracy = Series("right", reached, BLUE, symbols().points[0])
        ideal = Series("ideal", ((0.0, 0.0), (100.0, 1.0)), GREY)
        self.query_one(Chart).show(ChartData(series=(accuracy, ideal), x_max=100.0, from_zero=True))
        self.query_one(Bins).show(calibration)

    def lines(self) -> list[list[str]]:
        """Return the table as text: headings, then rows."""
        return self.query_one(Bins).lines()


class Bins(VerticalScroll):
    """A line for each bin of confidence, with a bar of its images, right and wrong."""

    DEFAULT_CSS = """
    Bins { border: round $border-blurred; border-title-color: $text-muted; padding: 0 1; scrollbar-size-vertical: 1; }
    Bins:focus { border: round $primary; }
    Bins Static { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._calibration: Calibration | None = None
        full, empty = symbols().gauge
        self.border_title = Text.assemble(
            "Images  ", (f"{full} right", style_of(BLUE)), "  ", (f"{empty} wrong", style_of(ORANGE))
        )

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static()

    def show(self, calibration: "Calibration") -> None:
        """Show the bins."""
        self._calibration = calibration
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the bars."""
        self._draw()

    def lines(self) -> list[list[str]]:
        """Return the table as text: headings, then rows."""
        titles = ["Confidence %", "Mean confidence %", "Accuracy %", "Images", "Right"]
        bins = self._calibration.bins if self._calibration is not None else ()
        rows = (
            [_range(part), percent(part.confidence), percent(part.accuracy), str(part.count), str(part.right)]
            for part in bins
        )
        return [titles, *rows]

    def _draw(self) -> None:
        calibration = self._calibration
        if calibration is None or not self.size.width:
            return
        text = Text.assemble(("ECE ", "dim"), (f"{percent(calibration.ece)} %", "bold"), f": {sureness(calibration)}\n")
        text.append("sure ", style="dim").append(f"{percent(calibration.confidence)} %", style="not dim")
        text.append("  right ", style="dim").append(f"{percent(calibration.accuracy)} %\n", style="not dim")
        text.append("sure %  right %    gap  images", style="dim")
        full, empty = symbols().gauge
        most = max(part.count for part in calibration.bins)
        room = max(self.size.width - _COLUMNS - 1, _LEAST_BAR)  # 1: of the scrollbar, which may come with the text
        for part in calibration.bins:
            gap = "" if part.accuracy is None or part.confidence is None else points(part.accuracy - part.confidence)
            text.append(f"\n{_range(part):>6} {percent(part.accuracy):>8} {gap:>6} {part.count:>7} ")
            right = round(part.right / most * room)
            text.append(full * right, style=style_of(BLUE))
            text.append(empty * (round(part.count / most * room) - right), style=style_of(ORANGE))
        self.query_one(Static).update(text)


def _range(part: "Bin") -> str:
    return f"{part.low * 100:.0f}-{part.high * 100:.0f}"
