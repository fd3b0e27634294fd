"""What the charts draw, and what they make of data that no axis can show."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from cifar_tui.tui.plot import BLUE, ORANGE, ChartData, Series, draw, level_ticks, log_ticks, smoothed
from cifar_tui.tui.symbols import ASCII, UNICODE, VARIABLE, sparkline, symbols

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def chart(*values: float, **options: object) -> ChartData:
    points = tuple((float(place), value) for place, value in enumerate(values, start=1))
    return ChartData((Series("train", points, BLUE, "o"),), x_max=max(len(values), 1), **options)


@given(
    values=st.lists(NUMBERS, max_size=30), log_scale=st.booleans(), width=st.integers(0, 90), height=st.integers(0, 30)
)
def test_any_values_in_any_size_are_drawn(values: list[float], log_scale: bool, width: int, height: int):
    text = draw(chart(*values, log_scale=log_scale), Size(width, height), str).plain
    assert len(text.splitlines()) <= max(height, 2)


def test_values_without_meaning_do_not_stretch_the_axis():
    clean = draw(chart(1.0, 2.0, 3.0, 3.0), Size(60, 15), "{:g}".format).plain
    for value in (math.inf, math.nan, 1e300):
        dirty = draw(chart(1.0, 2.0, 3.0, value), Size(60, 15), "{:g}".format).plain
        assert [line[:5] for line in dirty.splitlines()] == [line[:5] for line in clean.splitlines()]


def test_curves_have_signs_besides_their_colours():
    points = tuple((float(x), float(x)) for x in range(1, 31))
    higher = tuple((x, y + 5) for x, y in points)
    data = ChartData((Series("a", points, BLUE, "o"), Series("b", higher, ORANGE, "x")), x_max=30)
    text = draw(data, Size(80, 20), "{:g}".format).plain
    assert text.count("o") >= 3
    assert text.count("x") >= 3


@pytest.mark.parametrize("log_scale", [False, True])
@given(
    values=st.lists(st.floats(0.5, 9), min_size=2, max_size=40), width=st.integers(20, 90), height=st.integers(5, 30)
)
def test_signs_lie_on_their_curve(log_scale: bool, values: list[float], width: int, height: int):
    data = chart(*values, log_scale=log_scale)
    size = Size(width, height)
    signed = draw(data, size, "{:g}".format).plain
    bare = draw(replace(data, series=(replace(data.series[0], sign=""),)), size, "{:g}".format).plain
    under = {below for above, below in zip(signed, bare, strict=True) if above == "o"}
    assert under
    assert all("\u2800" < sign <= "\u28ff" for sign in under)


def test_the_first_curve_lies_on_top():
    points = tuple((float(x), 1.0) for x in range(1, 9))
    first, second = Series("own", points, BLUE), Series("other", points, ORANGE)
    colours = {span.style.color.triplet for span in draw(ChartData((first, second), x_max=8), Size(60, 9), str).spans}
    assert BLUE in colours
    assert ORANGE not in colours


def test_a_chart_too_small_for_curves_says_so():
    told = draw(chart(1.0, 2.0, empty="No epoch was finished"), Size(26, 3), "{:g}".format).plain
    assert " ".join(told.split()) == "Enlarge the window to see the curves."
    assert max(len(line) for line in told.splitlines()) <= 26
    assert "No epoch was finished" in draw(chart(empty="No epoch was finished"), Size(26, 3), "{:g}".format).plain


@pytest.mark.parametrize(
    ("epochs", "width", "labels"),
    [(41, 34, "0 41"), (40, 34, "0 20 40"), (41, 56, "0 10 20 30 41"), (1, 34, "0 0.5 1"), (12, 56, "0 5 10 12")],
)
def test_the_last_epoch_is_labelled(epochs: int, width: int, labels: str):
    data = ChartData((Series("rate", ((1.0, 0.1), (float(epochs), 0.2)), BLUE),), x_max=epochs)
    assert " ".join(draw(data, Size(width, 9), "{:g}".format).plain.splitlines()[-1].split()) == labels


def test_a_cursor_reads_the_nearest_epoch():
    series = Series("train", ((1.0, 5.0), (2.0, 4.0), (3.0, math.nan)), BLUE)
    assert (series.at(1.2), series.at(2.4), series.at(3.0), series.at(9.0)) == (5.0, 4.0, None, None)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (0.1, 4.7), (-3.0, 8e9), (1e-9, 2e-9), (1e11, 1e11)])
def test_plain_ticks_are_round_and_cover(low: float, high: float):
    ticks = level_ticks(low, high, 5)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 12


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (0.011, 4.7), (3.0, 8e9)])
def test_log_ticks_cover(low: float, high: float):
    ticks = log_ticks(low, high, 5)
    assert ticks[0] <= low * 1.001
    assert ticks[-1] >= high * 0.999
    assert ticks == sorted(ticks)


def test_smoothing_is_a_corrected_moving_average():
    assert smoothed([(1, 2.0), (2, 4.0)], weight=0.5) == ((1, 2.0), (2, pytest.approx((0.25 * 2 + 0.5 * 4) / 0.75)))


def test_sparklines_span_their_values():
    bars = symbols().bars
    assert sparkline([0, 1], 5) == bars[0] + bars[-1]
    assert sparkline(range(100), 3)[-1] == bars[-1]
    assert len(sparkline(range(100), 12)) == 12
    assert sparkline([], 5) == ""
    assert len(set(sparkline([3, 3, 3], 5))) == 1
    assert sparkline([0.99, 1.0], 5, from_zero=True) == bars[-1] * 2
    assert sparkline([0, 0], 5, from_zero=True) == bars[0] * 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({VARIABLE: "1"}, ASCII), ({"TERM": "linux"}, ASCII), ({VARIABLE: "0", "TERM": "xterm-256color"}, UNICODE)],
)
def test_signs_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: object):
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "UTF-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert symbols.__wrapped__() is expected


def test_ascii_signs_are_ascii():
    signs = "".join(
        (*ASCII.medals, ASCII.star, ASCII.marked, ASCII.bars, *ASCII.gauge, *ASCII.points, *ASCII.status.values())
    )
    assert signs.isascii()
