"""What waits to be trained, next first."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from cifar_tui.models.registry import MODELS
from cifar_tui.runs.store import Run
from cifar_tui.text import printable

_NAME_WIDTH = 44


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

    @property
    def chosen(self) -> Run | None:
        """The run that the cursor is on."""
        return self._runs[self.cursor_row] if 0 <= self.cursor_row < len(self._runs) else None

    def on_mount(self) -> None:
        """Set the columns."""
        for title in ("#", "Name", "Model", "Epochs", "Data"):
            self.add_column(title, key=title)
        self._fill()

    def show(self, runs: tuple[Run, ...], *, is_paused: bool) -> None:
        """Show `runs`; the cursor stays on its run."""
        if (runs, is_paused) != (self._runs, self._is_paused):
            before = self.chosen
            self._runs, self._is_paused = runs, is_paused
            self._fill(before)

    def _fill(self, before: Run | None = None) -> None:
        row = self.cursor_row
        self.clear()
        for place, run in enumerate(self._runs, start=1):
            config = run.config
            name = Text(printable(run.title))
            name.truncate(_NAME_WIDTH, overflow="ellipsis")
            cells = (MODELS[config.model.name].title, str(config.training.epochs), config.data.source.value)
            self.add_row(Text(str(place)), name, *(Text(cell) for cell in cells), key=run.id)
        ids = [run.id for run in self._runs]
        self.show_cursor = bool(ids)
        if ids:
            self.move_cursor(row=ids.index(before.id) if before and before.id in ids else min(row, len(ids) - 1))
        waiting = f"{len(ids)} waiting" if ids else "nothing waits"
        self.border_title = f"Queue · {waiting}{' · paused, w goes on' if self._is_paused else ''}"
