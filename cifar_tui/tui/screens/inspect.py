"""A finished run seen from inside: its classes, what it confuses, and whether it is right as often as it is sure."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import DataTable, Static

from cifar_tui.data.dataset import DatasetError
from cifar_tui.runs.columns import percent
from cifar_tui.runs.export import markdown_table
from cifar_tui.text import printable
from cifar_tui.tui.inside import InsideProcess
from cifar_tui.tui.keys import SCOPES, bindings
from cifar_tui.tui.shorten import without_middle
from cifar_tui.tui.status import status_mark
from cifar_tui.tui.symbols import symbols
from cifar_tui.tui.widgets.calibration_view import CalibrationView
from cifar_tui.tui.widgets.class_table import ClassTable
from cifar_tui.tui.widgets.image_grid import ImageGrid, Prediction
from cifar_tui.tui.widgets.inside_view import InsideView
from cifar_tui.tui.widgets.key_bar import KeyBar
from cifar_tui.tui.widgets.matrix_view import MatrixView
from cifar_tui.tui.widgets.pair_table import MOST_PAIRS, PairTable

if TYPE_CHECKING:  # numpy, which it needs, takes a good part of the time to the app's first frame
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.inspection import Inspection, Level
    from cifar_tui.runs.store import Run

_FOCUS = {
    "classes": "#classes",
    "confused": "#confused",
    "matrix": "#matrix",
    "calibration": "#bins",
    "images": "#images",
    "inside": "#inside",
}
"""The views, and what has the focus on each."""

_COUNTED = ("classes", "confused", "matrix")
_VIEWS_OF = {
    "superclasses": _COUNTED,
    "images": _COUNTED,
    "sort": ("classes",),
    "reverse": ("classes",),
    "filter": ("images",),
    "size": ("images", "inside"),
}
"""Where an action does something; all others do everywhere."""

_LEAST_NAME = 24
_HINT = "enter shows the images"


@dataclass(frozen=True, eq=False)
class InspectDetail:
    """All that the screen shows."""

    run: "Run"
    inspection: "Inspection"
    load_pixels: Callable[[], "NDArray[np.uint8]"]
    """Returns the test images, `[N, 32, 32, 3]`, or raises a `DatasetError`; takes its time."""
    inside: InsideProcess


class InspectScreen(Screen[None]):
    """One of four views at a time, and the images of what was chosen in it."""

    DEFAULT_CSS = """
    InspectScreen #inspect-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    InspectScreen #inspect-views { height: 1; padding: 0 1; text-wrap: nowrap; link-style: none; link-background: 0%; }
    InspectScreen .view {
        height: 1fr; background: $background; border: round $border-blurred;
        border-title-color: $text-muted; border-subtitle-color: $text-muted;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
    }
    InspectScreen .view:focus { border: round $primary; background-tint: $background 0%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("inspect")

    def __init__(self, detail: InspectDetail) -> None:
        super().__init__(id="inspect")
        self._detail = detail
        self._view = "classes"
        self._by_superclass = False
        # A map of a hundred classes is larger than a screen: it begins with the superclasses, where there are any.
        self._is_matrix_by_superclass = detail.inspection.superclasses is not None
        self._view_before = "classes"
        """What `escape` goes back to from the images."""
        self._came_from = "classes"
        """What it goes back to from the inside."""
        self._are_pixels_asked_for = False
        self._looked_at: list[Prediction] = []
        """The images that `inside` goes through."""
        self._place = 0
        """Of the image in these."""

    def compose(self) -> ComposeResult:
        """Lay out the title, the line of views, and all of these."""
        yield Static(id="inspect-title")
        yield Static(id="inspect-views")
        yield ClassTable(id="classes", classes="view")
        yield PairTable(id="confused", classes="view")
        yield MatrixView(id="matrix", classes="view")
        yield CalibrationView(id="calibration")
        yield ImageGrid(id="images", classes="view")
        yield InsideView(id="inside", classes="view")
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the views."""
        self.query_one(CalibrationView).show(self._detail.inspection.calibration)
        self._show_level()
        self.action_show("classes")

    async def on_unmount(self) -> None:
        """End the process that looks inside."""
        await self._detail.inside.close()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the title."""
        self.query_one("#inspect-title", Static).update(self._title(event.size.width - 2))

    def action_show(self, view: str) -> None:
        """Go to a view."""
        self._view = view
        for name in _FOCUS:
            self.query_one(f"#{name}").display = name == view
        self.query_one(_FOCUS[view], Widget).focus()
        self.refresh_bindings()
        self._write_views()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Take only the keys that do something in the view."""
        return self._view in _VIEWS_OF.get(action, (self._view,))

    def action_superclasses(self) -> None:
        """Count in superclasses, or in classes again; the matrix for itself."""
        if self._detail.inspection.superclasses is None:
            self.notify("The run's data set has no superclasses.")
            return
        if self._view == "matrix":
            self._is_matrix_by_superclass = not self._is_matrix_by_superclass
        else:
            self._by_superclass = not self._by_superclass
        self._show_level()
        self._write_views()

    def action_sort(self, step: int) -> None:
        """Sort the classes by the next column, or the one before."""
        self.query_one(ClassTable).sort_next(step)

    def action_reverse(self) -> None:
        """Turn the order of the classes round."""
        self.query_one(ClassTable).turn_round()

    def action_images(self) -> None:
        """See the images of the chosen class, pair or cell."""
        chosen = self._chosen_groups()
        if chosen is None:
            self.notify("Choose a class, a pair or a cell; enter shows its images.")
            return
        true, predicted = chosen
        names = self._level.names
        title = names[true] if predicted is None else f"{names[true]}, taken for {names[predicted]}"
        self.query_one(ImageGrid).show(self._predictions(true, predicted), title)
        self._view_before = self._view
        self.action_show("images")
        if not self._are_pixels_asked_for:
            self._are_pixels_asked_for = True
            self._load_pixels()

    def action_inside(self) -> None:
        """See what the network looks at: in the images of the page, of the chosen class, pair or cell, or in all."""
        if self._view == "inside":
            return
        if self._view == "images":
            chosen = list(self.query_one(ImageGrid).shown)
        else:
            chosen = self._predictions(*(self._chosen_groups() or (None, None)))
            self._view_before = self._view
        # A cell of the matrix, or a class, may have no images.
        self._looked_at = chosen or self._predictions(None, None)
        self._place = 0
        self._came_from = self._view
        self.action_show("inside")
        self._look_inside()

    @on(InsideView.ImageWanted)
    def _image_wanted(self, message: InsideView.ImageWanted) -> None:
        self._place = (self._place + message.step) % len(self._looked_at)
        self._look_inside()

    @work(exclusive=True, group="inside")
    async def _look_inside(self) -> None:
        view, one = self.query_one(InsideView), self._looked_at[self._place]
        sign = symbols().status["finished" if one.is_right else "failed"]
        taken = one.predicted_name if one.is_right else f"{one.true_name}, taken for {one.predicted_name}"
        title = f"{sign} {taken} {one.probability:.0%} · image {self._place + 1} of {len(self._looked_at)} · ← →"
        if not view.captions:
            view.say("Looking inside …", title)
        answer = await self._detail.inside.ask(self._detail.run.id, one.index)
        if answer.error is not None:
            view.say(answer.error, title)
        elif len(answer.shape) == 3:
            try:
                pixels = await asyncio.to_thread(self._detail.load_pixels)
            except DatasetError as error:
                view.say(f"The images are not here: {error}", title)
            else:
                view.show(answer, pixels[one.index], title)
        else:
            view.show(answer, None, f"First layer: {len(answer.names)} units, the same for every image; grey is 0")

    def action_filter(self) -> None:
        """Show all images, the wrong ones, or the right ones."""
        self.query_one(ImageGrid).filter_next()

    def action_size(self, step: int) -> None:
        """Draw the images larger or smaller."""
        if self._view == "images":
            self.query_one(ImageGrid).resize_images(step)
        elif self._view == "inside":
            self.query_one(InsideView).resize_images(step)

    def action_copy(self) -> None:
        """Copy what the view shows as a Markdown table."""
        view = self.query_one(f"#{self._view}")
        assert isinstance(view, ClassTable | PairTable | MatrixView | CalibrationView | ImageGrid | InsideView)
        titles, *lines = view.lines()
        self.app.copy_to_clipboard(markdown_table(titles, lines))
        self.notify("Copied the view as a Markdown table.")

    def action_close(self) -> None:
        """Go back: from the images, or the inside, to where they were chosen, else from the screen."""
        if self._view == "inside":
            self.action_show(self._came_from)
        elif self._view == "images":
            self.action_show(self._view_before)
        else:
            self.dismiss(None)

    @on(DataTable.RowSelected)
    def _row_selected(self) -> None:
        self.action_images()

    @work(exclusive=True, group="pixels")
    async def _load_pixels(self) -> None:
        grid = self.query_one(ImageGrid)
        try:
            grid.show_pixels(await asyncio.to_thread(self._detail.load_pixels))
        except DatasetError as error:
            grid.show_pixels(None, f"The images are not here: {error}")

    def _chosen_groups(self) -> tuple[int, int | None] | None:
        """The true group whose images are wanted, and what they were taken for, where that is asked for, too."""
        if self._view == "classes" and (score := self.query_one(ClassTable).chosen):
            return score.index, None
        if self._view == "confused" and (pair := self.query_one(PairTable).chosen):
            return pair.true, pair.predicted
        return self.query_one(MatrixView).cell if self._view == "matrix" else None

    def _predictions(self, true: int | None, predicted: int | None) -> list[Prediction]:
        """What was predicted of the images of one group, or of all; of those taken for another, where that is said."""
        predictions = self._detail.inspection.predictions
        labelling = predictions.by_superclass() if self._level is not self._detail.inspection.classes else None
        labelling = labelling or predictions.by_class()
        wanted = labelling.labels == (labelling.labels if true is None else true)
        if predicted is not None:
            wanted &= labelling.predicted == predicted
        return [
            Prediction(
                index=index,
                true_name=predictions.class_names[predictions.labels[index]],
                predicted_name=predictions.class_names[predictions.predicted[index]],
                probability=float(predictions.confidence[index]),
                is_right=bool(predictions.is_right[index]),
            )
            for index in wanted.nonzero()[0].tolist()
        ]

    @property
    def _level(self) -> "Level":
        """What the view counts in."""
        return self._level_of(
            is_coarse=self._is_matrix_by_superclass if self._view == "matrix" else self._by_superclass
        )

    def _level_of(self, *, is_coarse: bool) -> "Level":
        inspection = self._detail.inspection
        return (inspection.superclasses if is_coarse else None) or inspection.classes

    def _show_level(self) -> None:
        level, matrix_level = (
            self._level_of(is_coarse=coarse) for coarse in (self._by_superclass, self._is_matrix_by_superclass)
        )
        groups = _counted(level, is_coarse=self._by_superclass)
        classes, confused, matrix = self.query_one(ClassTable), self.query_one(PairTable), self.query_one(MatrixView)
        classes.show(level)
        confused.show(level)
        matrix.show(matrix_level)
        classes.border_title = f"{groups}, in %"
        confused.border_title = f"Most confused of {groups}"
        pairs = len(level.pairs)
        some = f"the first {MOST_PAIRS} of {pairs:,} pairs · " if pairs > MOST_PAIRS else ""
        # A table keeps enter for itself, so that the line of keys does not name it.
        classes.border_subtitle = _HINT
        confused.border_subtitle = f"{some}{_HINT}" if pairs else "nothing is confused"
        matrix.border_title = (
            f"{_counted(matrix_level, is_coarse=self._is_matrix_by_superclass)}, % of the true one's images"
        )

    def _title(self, width: int) -> Text:
        """Say which run it is and what it reached, in `width` cells; a number that has no room is left out whole."""
        run, inspection = self._detail.run, self._detail.inspection
        values = [("test", inspection.accuracy), ("F1", inspection.macro_f1), ("top-5", inspection.top5_accuracy)]
        if inspection.superclasses is not None:
            values.append(("superclass", inspection.superclasses.accuracy))
        values.append(("ECE", inspection.calibration.ece))
        name = printable(run.title)
        room = width - 2 - min(cell_len(name), _LEAST_NAME)
        numbers = Text()
        for label, value in values:
            number = Text.assemble((f"  {label} ", "dim"), f"{percent(value)} %")
            if numbers.cell_len + number.cell_len <= room:
                numbers.append_text(number)
        name = without_middle(name, width - 2 - numbers.cell_len)
        return Text.assemble(status_mark(run.status.value), " ", (name, "bold"), numbers)

    def _write_views(self) -> None:
        """Name the views with their keys; a click on one presses its key."""
        parts = []
        for key in SCOPES["inspect"].keys:
            view = key.action.removeprefix("show('").removesuffix("')")
            if view == self._view:
                shown = f"{key.shown} {key.label}" if view != "images" else key.label
                parts.append(Content.from_markup(f"[bold reverse] {shown} [/]"))
            elif view in _FOCUS and view != "images":
                label = f"[$footer-key-foreground bold]{key.shown}[/] {key.label}"
                parts.append(Content.from_markup(f"[@click=app.simulate_key('{key.shown}')]{label}[/]"))
        self.query_one("#inspect-views", Static).update(Content("  ").join(parts))


def _counted(level: "Level", *, is_coarse: bool) -> str:
    return f"{len(level.names)} {'superclasses' if is_coarse else 'classes'}"
