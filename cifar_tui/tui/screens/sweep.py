"""A sweep's grid: a cell for each combination, with the mean over its seeds."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.color import Color
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from cifar_tui.runs.cells import Cell, Grid, grid_of
from cifar_tui.runs.columns import percent
from cifar_tui.runs.export import markdown_table
from cifar_tui.runs.store import Run
from cifar_tui.runs.sweep import counted
from cifar_tui.text import printable
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.plot import BLUE
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.key_bar import KeyBar

_SECONDS_BETWEEN_LOOKS = 2.0
_DARKEST = 0.75
"""How much of its colour the best cell takes."""


class SweepScreen(Screen[str | None]):
    """Answers with the name of the sweep when its runs are wanted on the leaderboard; None to go back."""

    DEFAULT_CSS = """
    SweepScreen #sweep-plane { height: auto; width: auto; margin-bottom: 1; }
    SweepScreen #sweep-cells { height: auto; }
    SweepScreen #sweep-scroll {
        height: 1fr; border: round $primary; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        padding: 0 1; overflow-x: auto;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("sweep")

    def __init__(self, name: str, runs: Sequence[Run], read: Callable[[], Sequence[Run]]) -> None:
        """Show a sweep.

        Args:
            name: of the sweep.
            runs: that it has now.
            read: returns the runs that it has later; called in a thread.
        """
        super().__init__(id="sweep")
        self._sweep = name
        self._runs = tuple(runs)
        self._read = read
        self._grid = grid_of(runs)
        self._is_looking = False

    def compose(self) -> ComposeResult:
        """Lay out the plane of two axes, and the cells."""
        with VerticalScroll(id="sweep-scroll"):
            yield Static(id="sweep-plane")
            yield Static(id="sweep-cells")
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw, and look again while runs may end."""
        self.query_one("#sweep-scroll").focus()
        self._draw()
        self.set_interval(_SECONDS_BETWEEN_LOOKS, self._look)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_filter(self) -> None:
        """Show its runs on the leaderboard."""
        self.dismiss(self._sweep)

    def action_copy(self) -> None:
        """Copy the cells as Markdown."""
        self.app.copy_to_clipboard(as_markdown(self._grid))
        self.notify("Copied the table as Markdown.")

    @work(group="sweep")
    async def _look(self) -> None:
        if self._is_looking:  # a home on a network may take longer than it is until the next look
            return
        self._is_looking = True
        try:
            runs = tuple(await asyncio.to_thread(self._read))
        finally:
            self._is_looking = False
        if runs != self._runs:
            self._runs, self._grid = runs, grid_of(runs)
            self._draw()

    def _draw(self) -> None:
        scroll = self.query_one("#sweep-scroll", VerticalScroll)
        scroll.border_title = f"Sweep {printable(self._sweep)} · {counted(self._runs)}"
        scroll.border_subtitle = f"{symbols().star} best validation accuracy; mean ± standard deviation over seeds"
        has_plane = len(self._grid.axes) == 2
        plane = self.query_one("#sweep-plane", Static)
        plane.display = has_plane
        if has_plane:
            plane.update(self._plane())
        self.query_one("#sweep-cells", Static).update(self._cells())

    def _plane(self) -> Table:
        """Rows and columns for two axes, with the mean validation accuracy: the darker, the better."""
        down, across = self._grid.axes
        means = [cell.val.mean for cell in self._grid.cells if cell.val.mean is not None]
        low, high = (min(means), max(means)) if means else (0.0, 0.0)
        table = Table(box=None, padding=(0, 0), pad_edge=False)
        table.add_column(Text(f"{down.title} ↓ {across.title} →  ", style="dim"), justify="right")
        for text in across.texts:
            table.add_column(Text(f" {printable(text)} ", style="bold"), justify="center", no_wrap=True)
        for row in down.texts:
            cells = [self._grid.at(row, column) for column in across.texts]
            table.add_row(Text(f"{printable(row)}  ", style="bold"), *(self._shaded(cell, low, high) for cell in cells))
        return table

    def _shaded(self, cell: Cell | None, low: float, high: float) -> Text:
        mean = cell.val.mean if cell else None
        if cell is None or mean is None:
            return Text("  ·  ", style="dim")
        best = symbols().star if cell.is_best else " "
        share = (mean - low) / (high - low) if high > low else 0.0
        style = Style(bold=cell.is_best)
        if not self.app.current_theme.ansi:
            _, ground = self.background_colors
            ground = ground.blend(Color(*BLUE), share * _DARKEST)
            style += Style(color=ground.get_contrast_text(1.0).rich_color, bgcolor=ground.rich_color)
        return Text(f" {percent(mean)}{best} ", style=style)

    def _cells(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        for axis in self._grid.axes:
            table.add_column(Text(axis.title), no_wrap=True)
        table.add_column("Val %", justify="right", no_wrap=True)
        table.add_column("", width=1)
        table.add_column("Test %", justify="right", no_wrap=True)
        table.add_column("Runs")
        for cell in self._grid.cells:
            texts = [Text(printable(text)) for text in cell.texts]
            best = symbols().star if cell.is_best else ""
            style = "bold" if cell.is_best else ""
            table.add_row(*texts, cell.val.text, best, cell.test.text, Text(cell.state, style="dim"), style=style)
        return table


def as_markdown(grid: Grid) -> str:
    """Return the cells as a Markdown table."""
    titles = [*(axis.title for axis in grid.axes), "Val %", "Test %", "Runs"]
    return markdown_table(titles, [[*cell.texts, cell.val.text, cell.test.text, cell.state] for cell in grid.cells])
