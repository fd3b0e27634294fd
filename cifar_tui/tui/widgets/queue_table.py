"""What waits to be trained, next first."""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from cifar_tui.models.registry import MODELS
from cifar_tui.runs.store import Run
from cifar_tui.text import printable

_NAME_WIDTH = 44
_BROAD = 150
"""The cells from which on there is room for all columns."""


class QueueTable(DataTable[Text], inherit_bindings=False):
    """A row for each waiting run; left and right are the charts'."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._runs: tuple[Run, ...] = ()
        self._is_paused = False
        self._is_broad = False
        self._form: list[tuple[str, int]] = []
        """The heading of each column, and its width in cells."""

    @property
    def chosen(self) -> Run | None:
        """The run that the cursor is on."""
        return self._runs[self.cursor_row] if 0 <= self.cursor_row < len(self._runs) else None

    def on_mount(self) -> None:
        """Show the headings."""
        self._fill()

    def on_resize(self, event: events.Resize) -> None:
        """Show as many columns as there is room for."""
        is_broad = event.size.width >= _BROAD
        if is_broad != self._is_broad:
            self._is_broad = is_broad
            self._fill(self.chosen)

    def show(self, runs: tuple[Run, ...], *, is_paused: bool) -> None:
        """Show `runs`; the cursor stays on its run."""
        if (runs, is_paused) != (self._runs, self._is_paused):
            before = self.chosen
            self._runs, self._is_paused = runs, is_paused
            self._fill(before)

    def _fill(self, before: Run | None = None) -> None:
        row = self.cursor_row
        cells = {run.id: self._cells(place, run) for place, run in enumerate(self._runs, start=1)}
        titles = ("#", "Name", "Model", "Epochs", "Data", *(("Learning rate", "Seed") if self._is_broad else ()))
        # Given widths, not the table's own: it draws a new row before it has measured it.
        widths = [
            max([len(title), *(text.cell_len for text in texts)])
            for title, *texts in zip(titles, *cells.values(), strict=True)
        ]
        form = list(zip(titles, widths, strict=True))
        self.clear(columns=form != self._form)
        if not self.columns:
            for title, width in form:
                self.add_column(title, key=title, width=width)
        self._form = form
        for run_id, texts in cells.items():
            self.add_row(*texts, key=run_id)
        ids = [run.id for run in self._runs]
        self.show_cursor = bool(ids)
        if ids:
            self.move_cursor(row=ids.index(before.id) if before and before.id in ids else min(row, len(ids) - 1))
        waiting = f"{len(ids)} waiting" if ids else "nothing waits"
        self.border_title = f"Queue · {waiting}{' · paused, w goes on' if self._is_paused else ''}"

    def _cells(self, place: int, run: Run) -> list[Text]:
        config = run.config
        name = Text(printable(run.title))
        name.truncate(_NAME_WIDTH, overflow="ellipsis")
        words = [MODELS[config.model.name].title, str(config.training.epochs), config.data.source.value]
        if self._is_broad:
            words += [f"{config.training.lr:g}", str(config.training.seed)]
        return [Text(str(place)), name, *(Text(word) for word in words)]
