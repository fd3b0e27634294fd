"""A line chart in a panel, drawn by plotext."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotext
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

Colour = tuple[int, int, int]

# Okabe & Ito's palette, which colour-blind people can tell apart.
BLUE: Colour = (86, 180, 233)
ORANGE: Colour = (230, 159, 0)
GREEN: Colour = (0, 158, 115)
GREY: Colour = (128, 128, 128)

_MIN_WIDTH, _MIN_HEIGHT = 16, 4


@dataclass(frozen=True)
class Series:
    """One curve: `points` are (x, y); values that are not finite are left out."""

    label: str
    points: tuple[tuple[float, float], ...]
    colour: Colour


@dataclass(frozen=True)
class ChartData:
    """Everything that a chart shows; equal data is not drawn again."""

    series: tuple[Series, ...] = ()
    x_max: float = 1.0
    """The x axis runs over whole numbers from 1 to here."""
    reference: float | None = None
    """A level line across the chart."""
    from_zero: bool = False
    empty: str = "Nothing to show yet"


class Chart(Widget):
    """Owns plotext: it cleans and thins the data, sets the ticks, and redraws only what has changed."""

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
            self._drawn = (self._data, self.size, _draw(self._data, self.size, self._tick_text))
        return self._drawn[2]

    def on_resize(self) -> None:
        """Fit the title."""
        self._write_title()

    def _write_title(self) -> None:
        full, short = self._legend(with_values=True), self._legend(with_values=False)
        self.border_title = full if full.cell_len <= self.size.width else short

    def _legend(self, *, with_values: bool) -> Text:
        title = Text(self._title)
        for series in self._data.series:
            title.append(" ")
            title.append(f"━ {series.label}", style=_style(series.colour))
            if with_values and (finite := _finite(series.points)):
                title.append(f" {self._y_text(finite[-1][1])}")
        if self._data.reference is not None:
            value = f" {self._y_text(self._data.reference)}" if with_values else ""
            title.append(f" ─ report{value}", style=_style(GREY))
        return title


def whole_ticks(last: int, most: int) -> list[int]:
    """Return at most about `most` round whole numbers from 1 to `last`, both ends included."""
    if last <= most:
        return list(range(1, last + 1))
    step = _round_step(last / most)
    ticks = [1, *range(max(int(step), 1), last + 1, max(int(step), 1))]
    if ticks[-1] != last and last - ticks[-1] < step / 2 and len(ticks) > 2:
        ticks.pop()
    return sorted({*ticks, last})


def level_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values that cover `low` to `high`, about `most` of them."""
    if high <= low:
        high = low + (abs(low) or 1.0) * 0.1
    step = _round_step((high - low) / max(most - 1, 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def _finite(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [point for point in points if math.isfinite(point[0]) and math.isfinite(point[1])]


def _thinned(points: list[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Keep at most `most` points, the last one always: more than two a column cannot be seen."""
    if len(points) <= most:
        return points
    stride = math.ceil(len(points) / most)
    return [*points[:-1:stride], points[-1]]


def _style(colour: Colour) -> str:
    return "rgb({},{},{})".format(*colour)


def _draw(data: ChartData, size: Size, tick_text: Callable[[float], str]) -> Text:
    curves = [(series, _thinned(_finite(series.points), 2 * size.width)) for series in data.series]
    curves = [(series, points) for series, points in curves if points]
    if not curves or size.width < _MIN_WIDTH or size.height < _MIN_HEIGHT:
        return Text("\n" * max(size.height // 2 - 1, 0) + data.empty.center(size.width), style="dim")

    values = [y for _, points in curves for _, y in points]
    levels = values if data.reference is None else [*values, data.reference]
    y_ticks = level_ticks(0.0 if data.from_zero else min(levels), max(levels), max(2, size.height // 3))
    last = max(int(data.x_max), 1)
    x_ticks = whole_ticks(last, max(2, size.width // 9))

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(size.width, size.height)
    plotext.frame(False)
    plotext.xlim(1, max(last, 2))
    plotext.ylim(y_ticks[0], y_ticks[-1])
    plotext.xticks(x_ticks, [str(tick) for tick in x_ticks])
    plotext.yticks(y_ticks, [tick_text(tick) for tick in y_ticks])
    if data.reference is not None:
        plotext.hline(data.reference, color=GREY)
    for series, points in curves:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        plotext.plot(xs, ys, marker="braille" if len(points) > 1 else "dot", color=series.colour)
    text = Text.from_ansi(plotext.build())
    text.no_wrap = True
    return text
