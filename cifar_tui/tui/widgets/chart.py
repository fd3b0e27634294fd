"""A line chart in a panel, with a legend in its title."""

from collections.abc import Callable

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from cifar_tui.tui.plot import GREY, ChartData, draw, style_of


class Chart(Widget):
    """Draws only what has changed: the data, the size, or the theme."""

    DEFAULT_CSS = """
    Chart { height: 1fr; border: round $border-blurred; border-title-color: $text-muted; padding: 0 1; }
    """

    def __init__(
        self, title: str, y_text: Callable[[float], str], tick_text: Callable[[float], str], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._tick_text = tick_text
        self._title = title
        self._y_text = y_text
        self._data = ChartData()
        self._drawn: tuple[ChartData, Size, Text] | None = None

    @property
    def data(self) -> ChartData:
        """What the chart shows now."""
        return self._data

    def show(self, data: ChartData) -> None:
        """Draw `data` from now on."""
        if data != self._data:
            self._data = data
            self._write_title()
            self.refresh()

    def render(self) -> Text:
        """Return the chart as styled text, drawn anew only if data or size changed."""
        if self._drawn is None or self._drawn[:2] != (self._data, self.size):
            self._drawn = (self._data, self.size, draw(self._data, self.size, self._tick_text))
        return self._drawn[2]

    def on_resize(self) -> None:
        """Fit the title."""
        self._write_title()

    def _write_title(self) -> None:
        full, short = self._legend(with_values=True), self._legend(with_values=False)
        self.border_title = full if full.cell_len <= self.size.width else short

    def _legend(self, *, with_values: bool) -> Text:
        data = self._data
        title = Text(self._title + (" (log)" if data.log_scale else ""))
        if data.cursor is not None:
            title.append(f" at {data.cursor:g}")
        for series in data.series:
            if series.is_faint:
                continue
            title.append(" ")
            title.append(f"{series.sign or '━'} {series.label}", style=style_of(series.colour))
            x = data.cursor if data.cursor is not None else series.points[-1][0] if series.points else 0.0
            value = series.at(x)
            if with_values and value is not None:
                title.append(f" {self._y_text(value)}")
        if data.reference is not None:
            value_text = f" {self._y_text(data.reference)}" if with_values else ""
            title.append(f" ─ report{value_text}", style=style_of(GREY))
        return title
