"""Several runs beside one another: their curves, the settings that differ, and what came of it."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from cifar_tui.runs.compare import TEST_ACCURACY, Difference, Metric, differences, metrics, within_spread
from cifar_tui.runs.index import History
from cifar_tui.text import printable
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.plot import style_of
from cifar_tui.tui.widgets.curve_actions import CurveActions
from cifar_tui.tui.widgets.curves import Curve, Curves, Overlay
from cifar_tui.tui.widgets.key_bar import KeyBar

_NAME_WIDTH = 24


class CompareScreen(Screen[None], CurveActions):
    """The first run is what the others are compared with."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    def __init__(self, histories: Sequence[History]) -> None:
        super().__init__()
        self._histories = histories
        self._overlays = tuple(
            Overlay(printable(history.run.title)[:_NAME_WIDTH], history.epochs, place)
            for place, history in enumerate(histories)
        )

    def compose(self) -> ComposeResult:
        """Lay out curves and tables."""
        yield Curves(id="run-curves")
        with VerticalScroll(id="compare-table") as scroll:
            scroll.border_title = f"{len(self._histories)} runs"
            yield Static(self._table())
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw."""
        planned = max(history.run.config.training.epochs for history in self._histories)
        self.query_one(Curves).show(Curve(planned_epochs=planned, overlays=self._overlays, is_own_shown=False))
        self.query_one("#compare-table").focus()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the table as Markdown."""
        names = [overlay.name for overlay in self._overlays]
        lines = [["", *names], ["---"] * (len(names) + 1)]
        lines += [[metric.title, *metric.texts] for metric in self._metrics()]
        lines += [[difference.title, *difference.texts] for difference in self._differences()]
        text = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
        self.app.copy_to_clipboard(text + "\n")
        self.notify("Copied the table as Markdown.")

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
        table.add_column("", no_wrap=True, style="dim")
        for overlay in self._overlays:
            table.add_column(Text(f"{overlay.sign} {overlay.name}", style=f"bold {style_of(overlay.colour)}"))
        for metric in self._metrics():
            texts = zip(metric.texts, metric.change_texts, strict=True)
            cells = (Text.assemble(text, (f"  {change}" if change else "", "dim")) for text, change in texts)
            table.add_row(metric.title, *cells)
            if metric.title == TEST_ACCURACY:
                notes = ("" if change is None else within_spread(change) for change in metric.changes)
                table.add_row("", *(Text(note, style="dim") for note in notes))
        if any(history.problem for history in self._histories):
            table.add_row("History", *(Text(history.problem or "", style="yellow") for history in self._histories))
        table.add_row("")
        found = self._differences()
        for difference in found:
            table.add_row(difference.title, *(Text(printable(text), style="yellow") for text in difference.texts))
        if not found:
            table.add_row(Text("no setting differs"))
        return table

    def _metrics(self) -> list[Metric]:
        return metrics([history.run.record.results for history in self._histories])

    def _differences(self) -> list[Difference]:
        return differences([history.run.config for history in self._histories])
