"""A finished run seen from inside: its classes, what it confuses, and whether it is right as often as it is sure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from cifar_tui.runs.columns import percent
from cifar_tui.text import printable
from cifar_tui.tui.keys import SCOPES, bindings
from cifar_tui.tui.status import status_text
from cifar_tui.tui.widgets.calibration_view import CalibrationView
from cifar_tui.tui.widgets.class_table import ClassTable
from cifar_tui.tui.widgets.key_bar import KeyBar
from cifar_tui.tui.widgets.matrix_view import MatrixView
from cifar_tui.tui.widgets.pair_table import MOST_PAIRS, PairTable

if TYPE_CHECKING:  # numpy, which it needs, takes a good part of the time to the app's first frame
    from cifar_tui.analysis.inspection import Inspection, Level
    from cifar_tui.runs.store import Run

_FOCUS = {"classes": "#classes", "confused": "#confused", "matrix": "#matrix", "calibration": "#bins"}
"""The views, and what has the focus on each."""

_LEAST_NAME = 24


@dataclass(frozen=True, eq=False)
class InspectDetail:
    """All that the screen shows."""

    run: "Run"
    inspection: "Inspection"


class InspectScreen(Screen[None]):
    """One of four views at a time."""

    DEFAULT_CSS = """
    InspectScreen #inspect-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    InspectScreen #inspect-views { height: 1; padding: 0 1; text-wrap: nowrap; link-style: none; link-background: 0%; }
    InspectScreen #classes, InspectScreen #confused, InspectScreen #matrix {
        height: 1fr; background: $background; border: round $border-blurred;
        border-title-color: $text-muted; border-subtitle-color: $text-muted;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
    }
    InspectScreen #classes:focus, InspectScreen #confused:focus, InspectScreen #matrix:focus {
        border: round $primary; background-tint: $background 0%;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("inspect")

    def __init__(self, detail: InspectDetail) -> None:
        super().__init__()
        self._detail = detail
        self._view = "classes"
        self._by_superclass = False
        self._has_seen_matrix = False

    def compose(self) -> ComposeResult:
        """Lay out the title, the line of views, and all of these."""
        yield Static(id="inspect-title")
        yield Static(id="inspect-views")
        yield ClassTable(id="classes")
        yield PairTable(id="confused")
        yield MatrixView(id="matrix")
        yield CalibrationView(id="calibration")
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the views."""
        self.query_one(CalibrationView).show(self._detail.inspection.calibration)
        self._show_level()
        self.action_show("classes")

    def on_resize(self, event: events.Resize) -> None:
        """Fit the title."""
        self.query_one("#inspect-title", Static).update(self._title(event.size.width - 2))

    def action_show(self, view: str) -> None:
        """Go to a view."""
        if view == "matrix" and not self._has_seen_matrix:
            # A map of a hundred classes is larger than a screen: it begins with the superclasses, where there are any.
            self._has_seen_matrix = True
            self._by_superclass = self._detail.inspection.superclasses is not None
            self._show_level()
        self._view = view
        for name in _FOCUS:
            self.query_one(f"#{name}").display = name == view
        self.query_one(_FOCUS[view], Widget).focus()
        self._write_views()

    def action_superclasses(self) -> None:
        """Count in superclasses, or in classes again."""
        if self._detail.inspection.superclasses is None:
            self.notify("The run's data set has no superclasses.")
            return
        if self._view == "calibration":
            self.notify("Calibration is that of the classes.")
            return
        self._by_superclass = not self._by_superclass
        self._show_level()
        self._write_views()

    def action_sort(self, step: int) -> None:
        """Sort the classes by the next column, or the one before."""
        self.action_show("classes")
        self.query_one(ClassTable).sort_next(step)

    def action_reverse(self) -> None:
        """Turn the order of the classes round."""
        self.action_show("classes")
        self.query_one(ClassTable).turn_round()

    def action_copy(self) -> None:
        """Copy what the view shows as a Markdown table."""
        view = self.query_one(f"#{self._view}")
        assert isinstance(view, ClassTable | PairTable | MatrixView | CalibrationView)
        titles, *rows = view.lines()
        lines = [titles, ["---"] * len(titles), *rows]
        cells = ([printable(cell).replace("|", "\\|") for cell in line] for line in lines)
        self.app.copy_to_clipboard("".join(f"| {' | '.join(line)} |\n" for line in cells))
        self.notify("Copied the view as a Markdown table.")

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    @property
    def _level(self) -> "Level":
        inspection = self._detail.inspection
        superclasses = inspection.superclasses if self._by_superclass else None
        return superclasses or inspection.classes

    def _show_level(self) -> None:
        level = self._level
        groups = f"{len(level.names)} {'superclasses' if self._by_superclass else 'classes'}"
        classes, confused, matrix = self.query_one(ClassTable), self.query_one(PairTable), self.query_one(MatrixView)
        for view in (classes, confused, matrix):
            view.show(level)
        classes.border_title = f"{groups}, in %"
        confused.border_title = f"Most confused of {groups}"
        pairs = len(level.pairs)
        confused.border_subtitle = f"the first {MOST_PAIRS} of {pairs:,} pairs" if pairs > MOST_PAIRS else ""
        if not pairs:
            confused.border_subtitle = "nothing is confused"
        matrix.border_title = f"{groups}, % of the true one's images"

    def _title(self, width: int) -> Text:
        """Say which run it is and what it reached, its name in the cells that the numbers leave of `width`."""
        run, inspection = self._detail.run, self._detail.inspection
        values = [("test", inspection.accuracy), ("top-5", inspection.top5_accuracy)]
        values += [("ECE", inspection.calibration.ece), ("F1", inspection.macro_f1)]
        if inspection.superclasses is not None:
            values.append(("superclass", inspection.superclasses.accuracy))
        numbers = Text()
        for name, value in values:
            numbers.append(f"  {name} ", style="dim").append(f"{percent(value)} %", style="not dim")
        title = Text.assemble(status_text(run.status.value), "  ")
        name_text = Text(printable(run.title), style="bold")
        name_text.truncate(max(width - title.cell_len - numbers.cell_len, _LEAST_NAME), overflow="ellipsis")
        return Text.assemble(title, name_text, numbers)

    def _write_views(self) -> None:
        """Name the views with their keys; a click on one presses its key."""
        parts = []
        for key in SCOPES["inspect"].keys:
            view = key.action.removeprefix("show('").removesuffix("')")
            if view in _FOCUS:
                label = f"[$footer-key-foreground bold]{key.shown}[/] {key.label}"
                if view == self._view:
                    label = f"[bold reverse] {key.shown} {key.label} [/]"
                parts.append(Content.from_markup(f"[@click=app.simulate_key('{key.shown}')]{label}[/]"))
        self.query_one("#inspect-views", Static).update(Content("   ").join(parts))
