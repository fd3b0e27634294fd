"""What trains, where that is more than one run, and what waits to be trained, next first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from cifar_tui.models.registry import MODELS
from cifar_tui.runs.compare import shortened
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run
from cifar_tui.text import printable
from cifar_tui.tui.status import status_mark

_NAME_WIDTH = 44
_SHORT_NAME_WIDTH, _SHORT_STATE_WIDTH = 28, 30
_ROOM_FOR_STATE = 110
_BROAD = 150
"""The cells from which on there is room for a state beside the rest, and for all columns."""


@dataclass(frozen=True)
class QueueEntry:
    """One line: a run that trains or waits."""

    run: Run
    epochs: int | None = None
    """Finished ones, of a run that trains."""
    state: str = ""
    """What it has reached and where it trains, or what Slurm says of it."""


class QueueTable(DataTable[Text], inherit_bindings=False):
    """A row for each run; left and right are the charts'."""

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
        self._entries: tuple[QueueEntry, ...] = ()
        self._is_paused = False
        self._is_broad = self._is_roomy = False
        self._form: list[tuple[str, int]] = []
        """The heading of each column, and its width in cells."""
        self._cells: dict[str, list[Text]] = {}
        """What stands in each row, by the id of its run."""

    @property
    def chosen(self) -> Run | None:
        """The run that the cursor is on."""
        return self._entries[self.cursor_row].run if 0 <= self.cursor_row < len(self._entries) else None

    def on_mount(self) -> None:
        """Show the headings."""
        self._fill()

    def on_resize(self, event: events.Resize) -> None:
        """Show as many columns as there is room for."""
        room = event.size.width >= _BROAD, event.size.width >= _ROOM_FOR_STATE
        if room != (self._is_broad, self._is_roomy):
            self._is_broad, self._is_roomy = room
            self._fill(self.chosen)

    def show(self, entries: tuple[QueueEntry, ...], *, is_paused: bool) -> None:
        """Show `entries`; the cursor stays on its run."""
        if (entries, is_paused) != (self._entries, self._is_paused):
            before = self.chosen
            self._entries, self._is_paused = entries, is_paused
            self._fill(before)

    def _fill(self, before: Run | None = None) -> None:
        row = self.cursor_row
        waiting = [entry for entry in self._entries if entry.run.status is RunStatus.QUEUED]
        places = {entry.run.id: str(place) for place, entry in enumerate(waiting, start=1)}
        with_state = any(entry.state for entry in self._entries)
        titles = self._titles(with_state=with_state)
        width = _NAME_WIDTH if "Model" in titles else _SHORT_NAME_WIDTH
        names = shortened([printable(entry.run.title) for entry in self._entries], width)
        cells = {
            entry.run.id: self._cells_of(entry, name, places, titles)
            for entry, name in zip(self._entries, names, strict=True)
        }
        # Given widths, not the table's own: it draws a new row before it has measured it.
        widths = [
            max([len(title), *(text.cell_len for text in texts)])
            for title, *texts in zip(titles, *cells.values(), strict=True)
        ]
        form = list(zip(titles, widths, strict=True))
        ids = [*cells]
        if form == self._form and ids == [*self._cells]:
            self._change(cells)
        else:
            self._rebuild(form, cells)
            self.show_cursor = bool(ids)
            if ids:
                self.move_cursor(row=ids.index(before.id) if before and before.id in ids else min(row, len(ids) - 1))
        self._form, self._cells = form, cells
        parts = ["Queue", *(["paused, w goes on"] if self._is_paused else [])]
        if len(waiting) < len(ids):
            parts.append(f"{len(ids) - len(waiting)} training, enter shows one")
        parts.append(f"{len(waiting)} waiting" if waiting else "nothing waits")
        self.border_title = " · ".join(parts)

    def _change(self, cells: Mapping[str, list[Text]]) -> None:
        """Write what is new: an epoch changes one row, and a thousand may wait."""
        titles = [title for title, _ in self._form]
        for run_id, texts in cells.items():
            for title, text, old in zip(titles, texts, self._cells[run_id], strict=True):
                if text != old:
                    self.update_cell(run_id, title, text)

    def _rebuild(self, form: list[tuple[str, int]], cells: Mapping[str, list[Text]]) -> None:
        self.clear(columns=form != self._form)
        if not self.columns:
            for title, width in form:
                self.add_column(title, key=title, width=width)
        for run_id, texts in cells.items():
            self.add_row(*texts, key=run_id)

    def _titles(self, *, with_state: bool) -> tuple[str, ...]:
        if with_state and not self._is_roomy:
            return "#", "Name", "Epochs", "State"
        titles = ("#", "Name", *(("State",) if with_state else ()), "Model", "Epochs", "Data")
        return (*titles, "Learning rate", "Seed") if self._is_broad else titles

    def _cells_of(self, entry: QueueEntry, name: str, places: Mapping[str, str], titles: tuple[str, ...]) -> list[Text]:
        run, config = entry.run, entry.run.config
        state = Text(printable(entry.state))
        if "Model" not in titles:
            state.truncate(_SHORT_STATE_WIDTH, overflow="ellipsis")
        epochs = str(config.training.epochs) if entry.epochs is None else f"{entry.epochs}/{config.training.epochs}"
        cells = {
            "#": Text(places[run.id]) if run.id in places else status_mark(run.status.value),
            "Name": Text(name),
            "State": state,
            "Model": Text(MODELS[config.model.name].title),
            "Epochs": Text(epochs),
            "Data": Text(config.data.source.value),
            "Learning rate": Text(f"{config.training.lr:g}"),
            "Seed": Text(str(config.training.seed)),
        }
        return [cells[title] for title in titles]
