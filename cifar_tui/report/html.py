"""The report as one HTML file that needs nothing beside it."""

from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cifar_tui.report.document import Document, Figure
from cifar_tui.report.figures import Drawing
from cifar_tui.report.palette import style_sheet
from cifar_tui.report.svg import inline
from cifar_tui.report.tables import MEDALS, STAR


def as_html(document: Document, drawings: Mapping[str, Drawing]) -> str:
    """Return the page; `drawings` holds the figures by their keys."""
    environment = Environment(
        loader=PackageLoader("cifar_tui.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = style_sheet() + files("cifar_tui.report").joinpath("templates", "report.css").read_text("utf-8")
    return environment.get_template("report.html.j2").render(
        document=document,
        style=Markup(style),
        medals=MEDALS,
        star=STAR,
        panels={figure.key: _panels(figure, drawings[figure.key]) for figure in document.figures},
    )


def _panels(figure: Figure, drawing: Drawing) -> list[Markup]:
    """Return the charts as elements; the first one tells what the figure shows, the others are part of it."""
    charts = []
    for place, panel in enumerate(drawing.panels):
        label = figure.alt if place == 0 else f"{figure.label} ({place + 1})"
        charts.append(Markup(inline(panel, f"{figure.key}-{place}-", label)))
    return charts
