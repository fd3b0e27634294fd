"""Whatever a history holds can be drawn."""

from xml.etree import ElementTree

import pytest

from cifar_tui.report.curves import Curve, LearningCurves, thinned
from cifar_tui.report.figures import draw
from cifar_tui.report.pictures import Bar, BarsPicture, CurvesPicture, Picture, Point, SizesPicture
from cifar_tui.report.svg import inline

EMPTY = Curve((), (), ())
_NAMES = ("_hidden", "$\\frac{", "漢字 🎉", "<b>&amp;</b>", "x" * 200, "%s {}", "", "x" * 199 + "y")


def _curves(title: str, loss: Curve, accuracy: Curve, val: Curve = EMPTY) -> LearningCurves:
    return LearningCurves(title, loss, val, accuracy, val)


def _picture(*curves: LearningCurves) -> CurvesPicture:
    return CurvesPicture(curves, "epoch", "loss", "accuracy", "training", "validation")


@pytest.mark.parametrize(
    "picture",
    [
        _picture(_curves("one epoch", Curve((1,), (4.6,), ()), Curve((1,), (0.01,), ()))),
        _picture(_curves("huge", Curve((1, 2), (1e39, 0.0), (1e38, 1e39)), Curve((1, 2), (0.0, 1.0), (0.0, 0.7)))),
        _picture(*(_curves(name, Curve((1, 2), (3.0, 2.0), ()), Curve((1, 2), (0.1, 0.2), ())) for name in _NAMES)),
        BarsPicture((Bar("", "0.00", 0.0, None, None), Bar("best", "100.00", 1.0, 0.5, 1.0)), "accuracy", "report"),
        SizesPicture((Point("1", 0, 0.0), Point("2", 10**15, 1.0), Point("3", 10**15, 1.0)), "parameters", "accuracy"),
    ],
    ids=["one", "huge", "names", "bars", "sizes"],
)
@pytest.mark.filterwarnings("error")
def test_draws(picture: Picture) -> None:
    drawing = draw(picture)
    assert drawing.png.startswith(b"\x89PNG")
    ElementTree.fromstring(drawing.svg)
    for panel in drawing.panels:
        chart = ElementTree.fromstring(inline(panel, "a-", "what it shows"))
        assert chart.get("aria-label") == "what it shows"
        assert "var(--ink)" in "".join(element.get("style", "") for element in chart.iter())


def test_names_in_a_legend_are_as_people_wrote_them() -> None:
    curve = Curve((1, 2), (0.5, 0.6), ())
    drawing = draw(_picture(_curves("_a $x$ <b>", curve, curve), _curves("other", curve, curve)))
    texts = [element.text for element in ElementTree.fromstring(drawing.svg).iter() if element.tag.endswith("text")]
    assert {"_a $x$ <b>", "other", "validation", "training"} <= set(texts)


def test_long_histories_are_thinned_to_their_last_point() -> None:
    epochs = tuple(range(1, 100_001))
    curve = thinned(Curve(epochs, tuple(float(epoch) for epoch in epochs), ()))
    assert len(curve.epochs) <= 400
    assert (curve.epochs[-1], curve.means[-1]) == (100_000, 100_000.0)
