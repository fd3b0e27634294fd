"""Several runs beside one another: their curves, the settings that differ, and what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from cifar_tui.analysis.errors import NoPredictionsError, PredictionsError
from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.data.dataset import DatasetError
from cifar_tui.runs.columns import percent
from cifar_tui.runs.compare import (
    TEST_ACCURACY,
    Difference,
    Metric,
    differences,
    metrics,
    outcome,
    shortened,
    within_spread,
)
from cifar_tui.runs.export import markdown_table
from cifar_tui.runs.index import History
from cifar_tui.text import printable
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.plot import style_of
from cifar_tui.tui.widgets.curve_actions import CurveActions
from cifar_tui.tui.widgets.curves import Curve, Curves, Overlay
from cifar_tui.tui.widgets.image_grid import ImageGrid, Prediction
from cifar_tui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.analysis.mcnemar import PairedTest
    from cifar_tui.analysis.predictions import Predictions
    from cifar_tui.runs.store import Run

_GUTTER = 2
_SIGN = len("▲ ")
_LEAST_NAME = 20
"""In the table: as wide as what stands below it."""
_LEAST_LABEL = 5
_LEAST_LABEL_WITH_VALUE = 12
"""In a chart's title, of a name with the value at the cursor behind it: where there is less room, the name has all."""


class CompareScreen(Screen[None], CurveActions):
    """The first run is what the others are compared with."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    DEFAULT_CSS = """
    CompareScreen #compare-images {
        height: 1fr; display: none; border: round $primary; border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
    }
    CompareScreen.-images #compare-images { display: block; }
    CompareScreen.-images #run-curves, CompareScreen.-images #compare-table { display: none; }
    """

    def __init__(
        self,
        histories: Sequence[History],
        load_pixels: "Callable[[Run, Predictions], NDArray[np.uint8]]",
    ) -> None:
        """Compare.

        Args:
            histories: of the runs, in the order in which they were marked.
            load_pixels: returns the test images `[N, 32, 32, 3]` of a run and its predictions, or raises a
                `DatasetError`; takes its time.
        """
        super().__init__(id="compare")
        self._histories = histories
        self._load_pixels = load_pixels
        self._predictions: tuple[Predictions, Predictions] | None = None
        """Of two runs on the same images."""
        self._are_pixels_asked_for = False
        self._alone: int | None = None
        """Which of the two is right in the images that are shown; None while the tables are."""
        self._names = [printable(history.run.title) for history in histories]
        self._test: PairedTest | PredictionsError | None = None
        """How two runs did image by image, or why that cannot be told; None where a run has no predictions."""

    def compose(self) -> ComposeResult:
        """Lay out curves and tables."""
        yield Curves(id="run-curves")
        with VerticalScroll(id="compare-table") as scroll:
            scroll.border_title = f"{len(self._histories)} runs"
            yield Static()
        yield ImageGrid(id="compare-images")
        yield KeyBar()

    def on_mount(self) -> None:
        """Let the arrows scroll the table; compare two runs image by image."""
        self.query_one("#compare-table").focus()
        if len(self._histories) == 2:
            self._test_pair()

    def on_resize(self, event: events.Resize) -> None:
        """Draw, with as much of the names as there is room for."""
        planned = max(history.run.config.training.epochs for history in self._histories)
        overlays = self._overlays(_label_width(event.size.width, len(self._names)))
        self.query_one(Curves).show(Curve(planned_epochs=planned, overlays=overlays, is_own_shown=False))
        self._draw_table()

    @work(exclusive=True, group="pair")
    async def _test_pair(self) -> None:
        try:
            self._test, *both = await asyncio.to_thread(_paired, *(history.run for history in self._histories))
            self._predictions = both[0], both[1]
        except NoPredictionsError:
            return
        except PredictionsError as error:
            self._test = error
        self._draw_table()

    def _draw_table(self) -> None:
        self.query_one("#compare-table Static", Static).update(self._table(self.size.width))

    def action_close(self) -> None:
        """Go back: from the images to the tables, else to where the runs were marked."""
        if self._alone is None:
            self.dismiss(None)
        else:
            self._show_images(None)

    def action_images(self) -> None:
        """Show the images on which the first run alone is right, then those of the second, then the tables again."""
        if self._predictions is None:
            self.notify("Two runs that were tested on the same images have such images.")
            return
        if not self._are_pixels_asked_for:
            self._are_pixels_asked_for = True
            self._read_pixels()
        self._show_images({None: 0, 0: 1, 1: None}[self._alone])

    def _show_images(self, alone: int | None) -> None:
        self._alone = alone
        self.set_class(alone is not None, "-images")
        grid = self.query_one(ImageGrid)
        if alone is None or self._predictions is None:
            self.query_one("#compare-table").focus()
            return
        right, wrong = self._predictions if alone == 0 else self._predictions[::-1]
        names = shortened(self._names, max(self.size.width // 2 - _LEAST_NAME, _LEAST_NAME))
        found = (right.is_right & ~wrong.is_right).nonzero()[0].tolist()
        images = [
            Prediction(
                index=index,
                true_name=wrong.class_names[wrong.labels[index]],
                predicted_name=wrong.class_names[wrong.predicted[index]],
                probability=float(wrong.confidence[index]),
                is_right=False,
            )
            for index in found
        ]
        grid.show(images, f"{names[alone]} is right, {names[1 - alone]} is wrong", with_right=False)
        grid.focus()

    @work(exclusive=True, group="pixels")
    async def _read_pixels(self) -> None:
        assert self._predictions is not None
        grid = self.query_one(ImageGrid)
        try:
            run, predictions = self._histories[0].run, self._predictions[0]
            grid.show_pixels(await asyncio.to_thread(self._load_pixels, run, predictions))
        except DatasetError as error:
            grid.show_pixels(None, f"The images are not here: {error}")

    def action_copy(self) -> None:
        """Copy the table as Markdown."""
        lines = [[metric.title, *metric.texts] for metric in self._metrics()]
        lines += [[title, *texts] for title, texts in self._image_by_image()]
        lines += [[difference.title, *difference.texts] for difference in self._differences()]
        self.app.copy_to_clipboard(markdown_table(["", *self._names], lines))
        self.notify("Copied the table as Markdown.")

    def _is_cifar100(self) -> bool:
        """Whether all were tested on its images; how far seeds lie apart on others is not known."""
        started = [history.run.record.started for history in self._histories]
        return all(start is not None and start.dataset == CIFAR100 for start in started)

    def _overlays(self, width: int) -> tuple[Overlay, ...]:
        names = shortened(self._names, width)
        return tuple(
            Overlay(name, history.epochs, place)
            for place, (name, history) in enumerate(zip(names, self._histories, strict=True))
        )

    def _table(self, width: int) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, _GUTTER, 0, 0), header_style="")
        table.add_column("", no_wrap=True, style="dim")
        for overlay in self._overlays(self._name_width(width)):
            table.add_column(Text(f"{overlay.sign} {overlay.name}", style=f"bold {style_of(overlay.colour)}"))
        for metric in self._metrics():
            texts = zip(metric.texts, metric.change_texts, strict=True)
            cells = (Text.assemble(text, (f"  {change}" if change else "", "dim")) for text, change in texts)
            table.add_row(metric.title, *cells)
            if metric.title == TEST_ACCURACY and self._is_cifar100():
                notes = ("" if change is None else within_spread(change) for change in metric.changes)
                table.add_row("", *(Text(note, style="dim") for note in notes))
        for title, below in self._image_by_image():
            table.add_row(title, *(Text(text) for text in below))
        if any(history.problem for history in self._histories):
            table.add_row("History", *(Text(history.problem or "", style="yellow") for history in self._histories))
        table.add_row("")
        found = self._differences()
        for difference in found:
            table.add_row(difference.title, *(Text(printable(text), style="yellow") for text in difference.texts))
        if not found:
            table.add_row("Settings", Text("no setting differs"))
        return table

    def _name_width(self, width: int) -> int:
        """What each name has of a screen of `width` cells, beside the titles of the rows, the border and the bar."""
        titles = [metric.title for metric in self._metrics()] + [found.title for found in self._differences()]
        room = width - len("│  ▌ │") - max(len(title) for title in titles) - _GUTTER
        return max(room // len(self._names) - _GUTTER - _SIGN, _LEAST_NAME)

    def _image_by_image(self) -> list[tuple[str, tuple[str, str]]]:
        """The rows about two runs on the same images: a title, and what stands below each run."""
        test = self._test
        if test is None:
            return []
        if isinstance(test, PredictionsError):
            return [("Image by image", (str(test), ""))]
        from cifar_tui.analysis.wording import p_text, verdict

        alone = (f"{images:,}  {percent(images / test.images)} %" for images in (test.only_first, test.only_second))
        return [
            ("Right alone", (next(alone), next(alone))),
            ("Same class", (f"{percent(test.agreement)} %", "of the images, right or wrong")),
            ("McNemar", (p_text(test), verdict(test))),
        ]

    def _metrics(self) -> list[Metric]:
        return metrics([outcome(history.run.record, history.epochs) for history in self._histories])

    def _differences(self) -> list[Difference]:
        return differences([history.run.config for history in self._histories])


def _paired(first: "Run", second: "Run") -> "tuple[PairedTest, Predictions, Predictions]":
    """Compare two runs image by image; called in a thread, for what it imports takes a second.

    Also returns what both predicted.

    Raises:
        PredictionsError: the predictions of one are missing or damaged, or of other images than the other's.
    """
    from cifar_tui.analysis.mcnemar import paired_test
    from cifar_tui.analysis.predictions import read_predictions

    both = read_predictions(first), read_predictions(second)
    return paired_test(*both), *both


def _label_width(width: int, runs: int) -> int:
    """What each name has of a chart's title, on a screen of `width` cells that holds two charts."""
    room = width // 2 - len("╭─  ─╮")
    with_value = (room - len("Accuracy at 100")) // runs - len(" ▲  12.3%")
    if with_value >= _LEAST_LABEL_WITH_VALUE:
        return with_value
    return max((room - len("Accuracy")) // runs - len(" ▲ "), _LEAST_LABEL)
