"""Writes the report's files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cifar_tui.files import make_folder, replacing
from cifar_tui.paths import Paths
from cifar_tui.presets import Preset, load_presets
from cifar_tui.report.chapters import compose
from cifar_tui.report.content import gather
from cifar_tui.report.document import Document
from cifar_tui.report.selection import ReportError, Selection, choose_runs
from cifar_tui.report.words import Language, Words
from cifar_tui.runs.store import RunStore

if TYPE_CHECKING:
    from cifar_tui.report.figures import Drawing

Form = Literal["html", "md"]
FIGURES = "figures"
"""The folder of the pictures, beside the report."""


@dataclass(frozen=True)
class WrittenReport:
    """What was written."""

    file: Path
    runs: int
    """Those that it holds."""
    figures: int
    gaps: tuple[Preset, ...]
    """The presets of the course report's rows that no run fills."""


def write_report(
    paths: Paths,
    folder: Path,
    selection: Selection | None = None,
    *,
    language: Language = "en",
    form: Form = "html",
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> WrittenReport:
    """Write `report.html` or `report.md` into `folder`, and the figures as SVG and PNG into its folder `figures`.

    Each file is replaced in one step; equal runs make equal files. It takes seconds, and may be called in any thread,
    in one at a time.

    Args:
        paths: where the runs and the presets are.
        folder: is made where it is not.
        selection: which runs; None takes every finished one.
        language: of all texts.
        form: of the report.
        tell: hears of each figure how many are drawn before it, of how many; then of all.

    Raises:
        SelectionError: a wanted run is not there, is one of several, or is not finished.
        ReportError: there is nothing to report on, or the folder cannot be written to.
    """
    selection = selection or Selection()
    words = Words(language)
    store = RunStore(paths.runs)
    runs = choose_runs(store, selection)
    content = gather(store, runs, load_presets(paths).presets, selection, words)
    document = compose(content, words)

    file = folder / f"report.{form}"
    try:
        make_folder(folder / FIGURES)  # at first, as drawing takes a while
        drawings = _draw(document, tell)
        for key, drawing in drawings.items():
            _replace(folder / FIGURES / f"{key}.svg", drawing.svg)
            _replace(folder / FIGURES / f"{key}.png", drawing.png)
        _replace(file, _text(document, drawings, form).encode())  # last: it never names a figure that is not there
    except OSError as error:
        raise ReportError(f"The report cannot be written to {folder}: {error.strerror or error}.") from None
    return WrittenReport(file, len(runs), len(drawings), content.gaps)


def _draw(document: Document, tell: Callable[[int, int], None]) -> dict[str, "Drawing"]:
    from cifar_tui.report.figures import draw  # matplotlib takes a second to import

    drawings = {}
    for place, figure in enumerate(document.figures):
        tell(place, len(document.figures))
        drawings[figure.key] = draw(figure.picture)
    tell(len(drawings), len(drawings))
    return drawings


def _text(document: Document, drawings: Mapping[str, "Drawing"], form: Form) -> str:
    if form == "html":
        from cifar_tui.report.html import as_html

        return as_html(document, drawings)
    from cifar_tui.report.markdown import as_markdown

    return as_markdown(document, FIGURES)


def _replace(path: Path, content: bytes) -> None:
    with replacing(path, durable=False) as file:
        file.write(content)
