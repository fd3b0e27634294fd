"""Curves as text, drawn by plotext: the data cleaned and thinned, the ticks set to round numbers."""

import bisect
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.geometry import Size

from cifar_tui.tui.symbols import symbols

Colour = tuple[int, int, int]

# Okabe & Ito's palette, which colour-blind people can tell apart.
BLUE: Colour = (86, 180, 233)
ORANGE: Colour = (230, 159, 0)
GREEN: Colour = (0, 158, 115)
VERMILION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)
DEEP_BLUE: Colour = (0, 114, 178)
GREY: Colour = (128, 128, 128)
RUN_COLOURS = (GREEN, PURPLE, VERMILION, DEEP_BLUE, BLUE, ORANGE)
"""Of runs that are laid over one another, in the order in which they were marked."""

_MIN_WIDTH, _MIN_HEIGHT = 16, 4
_TOO_SMALL = "Enlarge the window to see the curves."
_COLUMNS_BETWEEN_SIGNS = 12
_SMALLEST_SPAN = 1e-8
_LARGEST = 1e12
"""What lies beyond would leave nothing to see of all else."""


@dataclass(frozen=True)
class Series:
    """One curve: `points` are (x, y), x rising; values that no axis can show are left out."""

    label: str
    points: tuple[tuple[float, float], ...]
    colour: Colour
    sign: str = ""
    """Drawn on the curve here and there, so that colour is not all that tells it apart."""
    is_faint: bool = False
    """Behind the others, and not in the legend."""

    def at(self, x: float) -> float | None:
        """Return the value of the point nearest to `x`; None where there is none within half an epoch."""
        points = _finite(self.points)
        place = bisect.bisect_left(points, (x, -math.inf))
        near = min(points[max(place - 1, 0) : place + 1], key=lambda point: abs(point[0] - x), default=None)
        return near[1] if near and abs(near[0] - x) <= 0.5 else None


@dataclass(frozen=True)
class ChartData:
    """Everything that a chart shows; equal data is not drawn again."""

    series: tuple[Series, ...] = ()
    """The first lies on top of the others."""
    x_min: float = 0.0
    x_max: float = 1.0
    reference: float | None = None
    """A level line across the chart."""
    from_zero: bool = False
    log_scale: bool = False
    cursor: float | None = None
    """An upright line, whose values the legend tells."""
    empty: str = "Nothing to show yet"


@dataclass(frozen=True)
class _Cells:
    """One axis of the canvas: where plotext draws what."""

    low: float
    high: float
    count: int
    dots: int
    """Of a cell of a curve, along this axis: with braille, plotext rounds to those, not to cells."""

    def under_dot(self, value: float) -> float:
        """Return the value whose sign is drawn in the cell that has the braille dot of `value`."""
        if self.count < 2:
            return value
        dot = self._place(value, self.count * self.dots)
        return self.low + (dot // self.dots) / (self.count - 1) * (self.high - self.low)

    def _place(self, value: float, count: int) -> int:
        """As plotext finds it."""
        return math.floor(round(0.5 + (count - 1) * (value - self.low) / (self.high - self.low), 8))


def draw(data: ChartData, size: Size, tick_text: Callable[[float], str]) -> Text:
    """Return `data` as a picture of `size` cells."""
    import plotext  # not before there is something to draw

    curves = [(series, _visible(series, data)) for series in data.series]
    curves = [(series, points) for series, points in curves if points]
    if not curves:
        return _words(data.empty, size)
    if size.width < _MIN_WIDTH or size.height < _MIN_HEIGHT:
        return _words(_TOO_SMALL, size)

    is_braille = symbols().curve == "braille"
    scale = math.log10 if data.log_scale else float
    values = [y for _, points in curves for _, y in points]
    reference = None if data.log_scale and not (data.reference or 0) > 0 else data.reference
    levels = values if reference is None else [*values, reference]
    most = max(2, size.height // 3)
    if data.log_scale:
        y_ticks = log_ticks(min(levels), max(levels), most)
    else:
        y_ticks = level_ticks(0.0 if data.from_zero else min(levels), max(levels), most)
    x_min, x_max = data.x_min, max(data.x_max, data.x_min + 1e-9)
    x_ticks = _epoch_ticks(x_min, x_max, size.width)
    # Without a frame, the canvas is what the labels of both axes leave.
    canvas = Size(size.width - max(len(tick_text(tick)) for tick in y_ticks), size.height - 1)
    columns = _Cells(x_min, x_max, canvas.width, dots=2 if is_braille else 1)
    rows = _Cells(scale(y_ticks[0]), scale(y_ticks[-1]), canvas.height, dots=4 if is_braille else 1)

    plotext.clear_figure()
    plotext.limit_size(False, False)  # to what it takes for the terminal
    plotext.theme("clear")
    plotext.plot_size(size.width, size.height)
    plotext.frame(False)
    plotext.xlim(x_min, x_max)
    plotext.ylim(scale(y_ticks[0]), scale(y_ticks[-1]))
    plotext.xticks(x_ticks, [f"{tick:g}" for tick in x_ticks])
    plotext.yticks([scale(tick) for tick in y_ticks], [tick_text(tick) for tick in y_ticks])
    if reference is not None:
        plotext.hline(rows.under_dot(scale(reference)), color=GREY)
    if data.cursor is not None:
        plotext.vline(columns.under_dot(data.cursor), color=GREY)
    from_front = sorted(curves, key=lambda curve: curve[0].is_faint)
    for series, points in reversed(from_front):
        xs, ys = [x for x, _ in points], [scale(y) for _, y in points]
        marker = symbols().curve if len(points) > 1 else "dot"
        plotext.plot(xs, ys, marker=marker, color=GREY if series.is_faint else series.colour)
    for place, (series, points) in reversed(list(enumerate(curves))):
        if series.sign and not series.is_faint:
            spots = _spots(points, place / max(len(curves), 1), (x_max - x_min) * _COLUMNS_BETWEEN_SIGNS / size.width)
            xs, ys = [x for x, _ in spots], [scale(y) for _, y in spots]
            if len(points) > 1:  # one alone is drawn as a sign is
                xs, ys = [columns.under_dot(x) for x in xs], [rows.under_dot(y) for y in ys]
            plotext.scatter(xs, ys, marker=series.sign, color=series.colour)
    text = Text.from_ansi(plotext.build())
    text.no_wrap = True
    return text


def _words(text: str, size: Size) -> Text:
    """`text` in the middle of `size` cells."""
    lines = textwrap.wrap(text, max(size.width, 1))[: max(size.height, 1)]
    blank = "\n" * ((size.height - len(lines)) // 2)
    return Text(blank + "\n".join(line.center(size.width) for line in lines), style="dim")


def level_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values that cover `low` to `high`, about `most` of them."""
    if high - low < _SMALLEST_SPAN * max(1.0, abs(low)):
        high = low + max(1.0, abs(low)) * 0.1
    step = _round_step((high - low) / max(most - 1, 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _epoch_ticks(low: float, high: float, width: int) -> list[float]:
    """Return the last whole epoch and the round ones before it that leave its label room, in `width` cells."""
    last = math.floor(high + 1e-9)
    blank = (len(f"{last:g}") + 2) * (high - low) / width
    ticks = [tick for tick in level_ticks(low, high, max(2, width // 9)) if low <= tick <= high]
    return [*(tick for tick in ticks if tick < last - blank), last] if last > low else ticks


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return 1, 2 and 5 times powers of ten that cover `low` to `high`, both above 0, about `most` of them."""
    ticks: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 2)
        ticks = [factor * 10.0**power for power in powers for factor in factors]
        first = max((place for place, tick in enumerate(ticks) if tick <= low * 1.001), default=0)
        last = min((place for place, tick in enumerate(ticks) if tick >= high * 0.999), default=len(ticks) - 1)
        ticks = ticks[first : max(last, first + 1) + 1]
        if len(ticks) <= most + 1:
            return ticks
    stride = math.ceil(len(ticks) / most)
    return [*ticks[:-1:stride], ticks[-1]]


def smoothed(points: Sequence[tuple[float, float]], weight: float = 0.7) -> tuple[tuple[float, float], ...]:
    """Return the exponential moving average of the values, corrected for its start (as Adam's moments are)."""
    average, found = 0.0, []
    for count, (x, y) in enumerate(_finite(points), start=1):
        average = weight * average + (1 - weight) * y
        found.append((x, average / (1 - weight**count)))
    return tuple(found)


def style_of(colour: Colour) -> str:
    """Return `colour` as rich writes it."""
    return "rgb({},{},{})".format(*colour)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def _finite(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without what no axis can show; NaN fails every comparison."""
    return [(x, y) for x, y in points if abs(x) <= _LARGEST and abs(y) <= _LARGEST]


def _visible(series: Series, data: ChartData) -> list[tuple[float, float]]:
    """The points inside the window, without what a logarithm cannot show."""
    points = [point for point in _finite(series.points) if point[1] >= 1 / _LARGEST or not data.log_scale]
    inside = [place for place, (x, _) in enumerate(points) if data.x_min <= x <= data.x_max]
    if not inside:
        return []
    return _thinned(points[inside[0] : inside[-1] + 1])


def _thinned(points: list[tuple[float, float]], most: int = 400) -> list[tuple[float, float]]:
    """Keep at most `most` points, the last one always: more than two a column cannot be seen."""
    if len(points) <= most:
        return points
    stride = math.ceil(len(points) / most)
    return [*points[:-1:stride], points[-1]]


def _spots(points: list[tuple[float, float]], phase: float, gap: float) -> list[tuple[float, float]]:
    """Where a curve's sign stands: `gap` apart, each curve's at other places than the others', and at its end."""
    spots = [points[-1]]
    wanted = points[0][0] + gap * (0.5 + phase)
    for point in points[:-1]:
        if point[0] >= wanted and point[0] <= points[-1][0] - gap / 2:
            spots.append(point)
            wanted = point[0] + gap
    return spots
