"""Draws the report's pictures with matplotlib, which takes a moment to import.

The object interface alone, on canvases without a screen: a thread of the app can draw, too.
"""

import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from cifar_tui.report.curves import Curve, LearningCurves, thinned
from cifar_tui.report.palette import INK, MARKERS, RULE, SERIES
from cifar_tui.report.pictures import BarsPicture, CurvesPicture, Picture, SizesPicture
from cifar_tui.runs.columns import count
from cifar_tui.runs.compare import shortened

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "cifar-tui",  # or the ids would be new with each drawing
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.family": ["DejaVu Sans", "sans-serif"],  # matplotlib brings it, and it has Vietnamese
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.0,
    "legend.frameon": False,
    "legend.handlelength": 2.8,
    "legend.fontsize": 8.5,
}
_PANEL = (4.5, 3.2)
"""Width and height of one chart in inches."""
_BAR = 0.36
"""Height of a bar and its gap."""
_DOTS_PER_INCH = 160
_LONGEST_NAME = 26
_MARKS_ON_A_CURVE = 8
_SIDES = ((11.0, 0.0), (-11.0, 0.0), (0.0, 10.0), (0.0, -10.0))
"""Where the number of a point may stand, in points from it."""
_ENOUGH = 25.0
"""Points between a number and all else."""

LegendEntry = tuple[Artist, str]
"""A sign of the legend, and what it stands for."""
Draw = Callable[[Axes], list[LegendEntry]]


@dataclass(frozen=True)
class Drawing:
    """A picture that was drawn."""

    svg: bytes
    """A file of its own, on white."""
    png: bytes
    panels: tuple[bytes, ...]
    """Its charts one by one, as SVG without a background: a narrow page sets them below one another."""


def draw(picture: Picture) -> Drawing:
    """Draw `picture` in every form that a report needs."""
    with _own_style():
        match picture:
            case CurvesPicture():
                charts: Sequence[Draw] = [lambda axes: _loss(axes, picture), lambda axes: _accuracy(axes, picture)]
                height = _PANEL[1] + 0.2 * ((len(picture.curves) + 1) // 2)
            case BarsPicture():
                charts = [lambda axes: _bars(axes, picture)]
                height = 1.0 + _BAR * len(picture.bars)
            case SizesPicture():
                charts = [lambda axes: _sizes(axes, picture)]
                height = _PANEL[1]
        whole = _figure(charts, max(len(charts), 1.5) * _PANEL[0], height)
        panels = [_figure([chart], _PANEL[0], height) for chart in charts]
        svg = _as_svg(whole)
        whole.set_layout_engine("none")  # it is laid out now, which takes as long as drawing it
        return Drawing(svg, _as_png(whole), tuple(_as_svg(panel, transparent=True) for panel in panels))


@contextmanager
def _own_style() -> Iterator[None]:
    """Draw as the report does, whatever a person's matplotlibrc says."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a font cache that is built is no news to anybody
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)  # names are of any alphabet
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _figure(charts: Sequence[Draw], width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    legend: list[LegendEntry] = []
    for axes, chart in zip(figure.subplots(1, len(charts), squeeze=False)[0], charts, strict=True):
        legend = chart(axes)
    if legend:
        # Names are set afterwards: matplotlib leaves out those that begin with an underscore.
        drawn = figure.legend(
            [sign for sign, _ in legend],
            [f"{place}" + "x" * len(name) for place, (_, name) in enumerate(legend)],
            loc="outside lower center",
            ncols=min(len(legend), 2 * len(charts)),
        )
        for text, (_, name) in zip(drawn.get_texts(), legend, strict=True):
            text.set_text(name)
    return figure


def _as_svg(figure: Figure, *, transparent: bool = False) -> bytes:
    FigureCanvasSVG(figure)
    content = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(content, format="svg", transparent=transparent, metadata=nothing)
    return content.getvalue()


def _as_png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return content.getvalue()


def _loss(axes: Axes, picture: CurvesPicture) -> list[LegendEntry]:
    axes.set_ylabel(picture.loss)
    return _learning(axes, picture, lambda curves: (curves.train_loss, curves.val_loss), 1.0)


def _accuracy(axes: Axes, picture: CurvesPicture) -> list[LegendEntry]:
    axes.set_ylabel(picture.accuracy)
    legend = _learning(axes, picture, lambda curves: (curves.train_accuracy, curves.val_accuracy), 100.0)
    axes.set_ylim(bottom=0.0)
    return legend


def _learning(
    axes: Axes, picture: CurvesPicture, get: Callable[[LearningCurves], tuple[Curve, Curve]], scale: float
) -> list[LegendEntry]:
    """Draw training dashed and validation solid, each model in its own colour; a single one in two."""
    axes.set_xlabel(picture.epoch)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    axes.margins(x=0.02)
    names = shortened([curves.title for curves in picture.curves], _LONGEST_NAME)
    is_single = len(picture.curves) == 1
    legend: list[LegendEntry] = []
    for place, curves in enumerate(picture.curves):
        training, validation = get(curves)
        colour, marker = SERIES[place], MARKERS[place]
        train_colour, train_marker = (SERIES[1], MARKERS[1]) if is_single else (colour, "")
        train = _line(axes, training, scale, train_colour, train_marker, "--", faint=not is_single)
        val = _line(axes, validation, scale, colour, marker, "-")
        legend += [(val, picture.validation), (train, picture.training)] if is_single else [(val, names[place])]
    if not is_single:
        solid, dashed = (Line2D([], [], color=INK, linestyle=style, linewidth=1.2) for style in ("-", "--"))
        legend += [(solid, picture.validation), (dashed, picture.training)]
    return legend


def _line(
    axes: Axes, curve: Curve, scale: float, colour: str, marker: str, style: str, *, faint: bool = False
) -> Line2D:
    curve = thinned(curve)
    means = [mean * scale for mean in curve.means]
    if curve.deviations:
        low = [mean - deviation * scale for mean, deviation in zip(means, curve.deviations, strict=True)]
        high = [mean + deviation * scale for mean, deviation in zip(means, curve.deviations, strict=True)]
        axes.fill_between(curve.epochs, low, high, color=colour, alpha=0.2, linewidth=0)
    every = max(1, len(means) // _MARKS_ON_A_CURVE)
    width, alpha = (1.1, 0.75) if faint else (1.6, 1.0)
    marker = marker or ("." if len(means) == 1 else "")
    (line,) = axes.plot(
        curve.epochs, means, style, color=colour, marker=marker, markevery=every, linewidth=width, alpha=alpha
    )
    return line


def _bars(axes: Axes, picture: BarsPicture) -> list[LegendEntry]:
    names = shortened([bar.label for bar in picture.bars], _LONGEST_NAME)
    places = range(len(picture.bars))
    values = [100 * bar.accuracy for bar in picture.bars]
    errors = [100 * (bar.deviation or 0.0) for bar in picture.bars]
    axes.barh(places, values, height=0.62, color=SERIES[0])
    if any(errors):
        axes.errorbar(values, places, xerr=errors, fmt="none", ecolor=INK, elinewidth=1.0, capsize=2.5)
    for place, (bar, value, error) in enumerate(zip(picture.bars, values, errors, strict=True)):
        beyond = max(value + error, 100 * (bar.reference or 0.0))
        axes.annotate(bar.text, (beyond, place), (7, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, names)
    axes.set_ylim(len(picture.bars) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.22 * max([*values, *(100 * (bar.reference or 0.0) for bar in picture.bars), 1.0]))
    axes.set_xlabel(picture.accuracy)
    known = [(100 * bar.reference, place) for place, bar in enumerate(picture.bars) if bar.reference is not None]
    if not known:
        return []
    (sign,) = axes.plot(
        [value for value, _ in known], [place for _, place in known], "D", color=SERIES[1], markeredgecolor=INK,
        markeredgewidth=0.8, markersize=6.5,
    )  # fmt: skip
    return [(sign, picture.reference)]


def _sizes(axes: Axes, picture: SizesPicture) -> list[LegendEntry]:
    axes.set_xscale("log")
    positions = [(max(point.parameters, 1), 100 * point.accuracy) for point in picture.points]
    axes.plot([x for x, _ in positions], [y for _, y in positions], "o", markersize=6.5, color=SERIES[0])
    for point, position, beside in zip(picture.points, positions, _beside(positions), strict=True):
        axes.annotate(
            point.mark, position, beside, textcoords="offset points", ha="center", va="center_baseline", fontsize=8.5
        )
    axes.margins(x=0.12, y=0.14)
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _round_count(round(value))))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_xlabel(picture.parameters)
    axes.set_ylabel(picture.accuracy)
    return []


def _beside(positions: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where each point's number stands, in points from it: on the side that is farthest from all else."""
    wide, high = 72 * 0.7 * _PANEL[0], 72 * 0.7 * _PANEL[1]  # about what the axes leave
    logs = [math.log10(x) for x, _ in positions]
    span, top = (max(logs) - min(logs)) or 1.0, max(y for _, y in positions) or 1.0
    dots = [(wide * (log - min(logs)) / span, high * y / top) for log, (_, y) in zip(logs, positions, strict=True)]
    numbers: list[tuple[float, float]] = []
    found: list[tuple[float, float]] = []
    for dot in dots:
        others = [other for other in dots if other is not dot] + numbers

        places = [(dot[0] + x, dot[1] + y) for x, y in _SIDES]
        room = [min((math.dist(place, other) for other in others), default=0.0) for place in places]
        best = max(range(len(_SIDES)), key=lambda side: min(room[side], _ENOUGH))  # the first with room enough
        found.append(_SIDES[best])
        numbers.append(places[best])
    return found


def _round_count(value: int) -> str:
    return count(value).replace(".0K", "K").replace(".00M", "M")
