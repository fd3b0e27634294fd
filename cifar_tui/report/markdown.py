"""The report as Markdown with pipe tables, as pandoc and GitHub read it; its figures lie beside it."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cifar_tui.report.document import Document

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~^@!]|&(?=[#\w]+;))")
"""What starts anything in pandoc's Markdown or in GitHub's, in the midst of a line."""


def as_markdown(document: Document, figures: str) -> str:
    """Return the text; `figures` is the folder of the pictures as seen from it."""
    environment = Environment(  # every value is escaped for Markdown, by finalize
        loader=PackageLoader("cifar_tui.report"), finalize=_escaped, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, autoescape=False,
    )  # fmt: skip
    environment.filters |= {"code": _code, "block": _block, "rules": _rules}
    return environment.get_template("report.md.j2").render(document=document, figures=Markup(figures))


def _escaped(value: object) -> object:
    return value if isinstance(value, Markup) or not isinstance(value, str) else _SPECIAL.sub(r"\\\1", value)


def _code(text: str) -> Markup:
    """Return text as a code span; a bar would end the cell of a table that it stands in."""
    fence = _fence(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return Markup(f"{fence}{space}{text}{space}{fence}".replace("|", "\\|"))


def _block(text: str, language: str = "") -> Markup:
    """Return text as a fenced block."""
    fence = _fence(text, 3)
    return Markup(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _rules(aligns: tuple[str, ...]) -> Markup:
    return Markup("|".join(" ---: " if align == "right" else " --- " for align in aligns))
