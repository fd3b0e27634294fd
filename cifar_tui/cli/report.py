"""`cifar-tui report`: the course report, filled from the run folders."""

from pathlib import Path

from rich.progress import Progress

from cifar_tui.cli.console import USAGE, fail, make_console, warn
from cifar_tui.cli.stores import open_store
from cifar_tui.paths import Paths, expand
from cifar_tui.presets import load_presets
from cifar_tui.report.selection import ReportError, Selection, SelectionError
from cifar_tui.report.words import Language
from cifar_tui.report.write import Form, write_report
from cifar_tui.text import printable


def make_report(
    paths: Paths, folder: Path, wanted: tuple[str, ...], part: int | None, language: Language, form: Form
) -> None:
    """Write a report and say where it is; what cannot be read costs a warning.

    Args:
        paths: where runs and presets are kept.
        folder: where the report goes.
        wanted: the runs to report on, as people name them; none for all.
        part: only runs of this part.
        language: of the report.
        form: HTML or Markdown.
    """
    for problem in (*load_presets(paths).problems, *open_store(paths).scan().problems):
        warn(problem)
    console = make_console()
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("figures", total=None)
            written = write_report(
                paths,
                expand(folder),
                Selection(wanted, part),
                language=language,
                form=form,
                tell=lambda done, of: progress.update(task, completed=done, total=of),
            )
    except SelectionError as error:
        fail(str(error), USAGE)
    except ReportError as error:
        fail(str(error))
    print(f"{printable(str(written.file))}: {_count(written.runs, 'run')}, {_count(written.figures, 'figure')}")
    if written.gaps:
        keys = ", ".join(printable(preset.key) for preset in written.gaps)
        print(f"not trained yet: {keys}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
