"""One run in full: its curves, its results, its settings and what they change in its preset, its log."""

from dataclasses import dataclass
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from cifar_tui.config.fields import FormField, as_text, data_fields, model_fields, training_fields
from cifar_tui.models.registry import MODELS
from cifar_tui.presets import Preset
from cifar_tui.runs.columns import count, duration, percent, points
from cifar_tui.runs.compare import changes_from, within_spread
from cifar_tui.runs.index import History
from cifar_tui.text import printable
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.widgets.curve_actions import CurveActions
from cifar_tui.tui.widgets.curves import Curve, Curves
from cifar_tui.tui.widgets.key_bar import KeyBar
from cifar_tui.tui.widgets.run_header import RunHeader

_FACT_TITLES = len("top-5 accuracy")


@dataclass(frozen=True)
class RunDetail:
    """All that the screen shows."""

    history: History
    preset: Preset | None
    """The preset that it began from, if that is still there."""
    reference: float | None
    """The report's test accuracy, where it is one on the same images."""
    log: tuple[str, ...]


class RunScreen(Screen[str | None], CurveActions):
    """Answers with what is wanted next: `again`, `continue`, `live` or `inspect`; None to go back."""

    DEFAULT_CSS = """
    RunScreen #run-texts { overflow-x: hidden; }
    RunScreen #run-columns { height: auto; }
    RunScreen #run-columns Static { width: 1fr; height: auto; }
    RunScreen #run-facts { padding-right: 2; }
    RunScreen #run-files { height: auto; margin-top: 1; }
    RunScreen.-narrow #run-columns { layout: vertical; }
    RunScreen.-narrow #run-settings { margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("run")

    def __init__(self, detail: RunDetail) -> None:
        super().__init__(id="run")
        self._detail = detail

    def compose(self) -> ComposeResult:
        """Lay out header, curves and texts."""
        yield RunHeader(id="run-header")
        yield Curves(id="run-curves")
        with VerticalScroll(id="run-texts") as texts:
            texts.border_title = "Results and settings"
            with Horizontal(id="run-columns"):
                yield Static(_facts(self._detail), id="run-facts")
                yield Static(_settings(self._detail), id="run-settings")
            yield Static(_files(self._detail), id="run-files")
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw."""
        detail = self._detail
        self.query_one(RunHeader).show(detail.history)
        run = detail.history.run
        curve = Curve(
            epochs=detail.history.epochs,
            planned_epochs=run.config.training.epochs,
            reference=detail.reference,
            is_over=run.status.is_over,
        )
        self.query_one(Curves).show(curve)
        self.query_one("#run-texts").focus()

    def action_answer(self, answer: str) -> None:
        """Close with a wish."""
        self.dismiss(answer)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the folder's path."""
        self.app.copy_to_clipboard(str(self._detail.history.run.folder))
        self.notify(f"Copied {self._detail.history.run.folder}", markup=False)


def _pairs(titles: int) -> Table:
    """A table of titles, at least `titles` cells wide, and values; a long value has all the rest of the width."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim", min_width=titles)
    table.add_column(overflow="fold")
    return table


def _grid(titles: int) -> Table:
    """One with remarks on the values."""
    table = _pairs(titles)
    table.add_column(overflow="fold", style="dim")
    return table


def _facts(detail: RunDetail) -> Group:
    record = detail.history.run.record
    table, more = _grid(_FACT_TITLES), _pairs(_FACT_TITLES)
    if results := record.results:
        compared = ""
        if detail.reference is not None:
            change = results.test_accuracy - detail.reference
            compared = f"{points(change)} to the report, {within_spread(change)}"
        rows = (
            ("test accuracy", f"{percent(results.test_accuracy)} %", compared),
            ("macro-F1", f"{percent(results.macro_f1)} %", ""),
            ("top-5 accuracy", f"{percent(results.top5_accuracy)} %", ""),
            ("superclass", f"{percent(results.superclass_accuracy)} %" if results.superclass_accuracy else "", ""),
            ("test loss", f"{results.test_loss:.4f}", ""),
            ("validation", f"{percent(results.val_accuracy)} %", f"train {percent(results.train_accuracy)} %"),
            ("parameters", f"{results.parameters:,}", f"{results.accuracy_per_million:.1f} % per million"),
            ("time", duration(results.seconds), f"{results.images_per_second:,.0f} img/s"),
            ("peak memory", f"{results.peak_memory / 1e6:,.0f} MB", ""),
        )
        for row in rows:
            if row[1]:
                table.add_row(*row)
        table.add_row("", "")
    elif record.started:
        table.add_row("parameters", count(record.started.parameters))
    for title, text in _people(detail):
        more.add_row(title, Text(printable(text)))
    if record.environment:
        values = record.environment.model_dump()
        for key, value in values.items():
            if value is not None and key != "pid":
                more.add_row(key, Text(printable(str(value))))
    return Group(table, more)


def _files(detail: RunDetail) -> Table:
    table = _pairs(_FACT_TITLES)
    table.add_row("folder", Text(printable(str(detail.history.run.folder))))
    if detail.log:
        table.add_row("log", Text("\n".join(printable(line) for line in detail.log), style="dim"))
    return table


def _people(detail: RunDetail) -> list[tuple[str, str]]:
    record = detail.history.run.record
    moments = (("made", record.created_at), ("started", record.started_at), ("ended", record.ended_at))
    found = [("tags", " ".join(record.tags)), ("note", record.note), ("goes on from", record.parent or "")]
    found += [(title, moment.astimezone().strftime("%Y-%m-%d %H:%M")) for title, moment in moments if moment]
    return [(title, text) for title, text in found if text]


def _settings(detail: RunDetail) -> Group:
    config = detail.history.run.config
    changed = {}
    if detail.preset is not None:
        changed = {change.path: change.texts[0] for change in changes_from(config, detail.preset.config)}
    sections: tuple[tuple[str, tuple[FormField, ...]], ...] = (
        ("model", model_fields(config.model.name)),
        ("training", training_fields()),
        ("data", data_fields()),
    )
    titles = max(len(field.title) for _, fields in sections for field in fields)
    origin, table = _pairs(titles), _grid(titles)
    changes = (f"  {_changes_text(detail, len(changed))}", "dim")
    origin.add_row("preset", Text.assemble(printable(config.preset or "none"), changes))
    origin.add_row("model", MODELS[config.model.name].title)
    values = config.model_dump(mode="json")
    for section, fields in sections:
        table.add_row("", "")
        for field in fields:
            if not field.applies(values[section]):
                continue
            text = Text(printable(as_text(values[section][field.path[-1]])))
            was = ""
            if field.path in changed:
                text.stylize("bold yellow")
                was = f"• {changed[field.path] or 'nothing'} in the preset"
            table.add_row(field.title, text, was)
    return Group(origin, table)


def _changes_text(detail: RunDetail, changes: int) -> str:
    if detail.preset is None:
        return ""
    return f"{changes} changed" if changes else "unchanged"
