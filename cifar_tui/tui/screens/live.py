"""The Live tab: the run that trains, its curves, and what waits behind it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from cifar_tui.presets import PresetLibrary
from cifar_tui.runs.index import History, Snapshot
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.references import references_of
from cifar_tui.runs.store import Run
from cifar_tui.runs.table import Row
from cifar_tui.text import printable
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.trace import Trace
from cifar_tui.tui.widgets.curve_actions import CurveActions
from cifar_tui.tui.widgets.curves import Curve, Curves, Overlay
from cifar_tui.tui.widgets.queue_table import QueueEntry, QueueTable
from cifar_tui.tui.widgets.run_header import RunHeader
from cifar_tui.tui.widgets.vitals import Vitals

_DATE = re.compile(r"^\d{4}-\d\d-\d\d (?=\d\d:)")
"""Of a log's line: half a terminal has no room for more than the time."""
_SECONDS_BETWEEN_CHARTS = 2.0
"""Within an epoch: a chart is most of what Live sends over the line."""


@dataclass(frozen=True)
class LiveView:
    """All that the tab shows at one moment."""

    snapshot: Snapshot
    is_paused: bool = False
    """Whether the queue waits for a person."""
    overlays: tuple[Overlay, ...] = ()
    """The marked runs."""
    log: tuple[str, ...] = ()
    """The last lines of the shown run's log."""
    measured: tuple[Row, ...] = ()
    """The rows that come with this project."""
    entries: tuple[QueueEntry, ...] = ()
    """What trains, where that is more than one run, and what waits."""


class LivePane(Vertical, CurveActions):
    """Shows one run as its folder tells it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("live")

    class StopWanted(Message):
        """A person wants the run stopped."""

        def __init__(self, run: Run, *, after_epoch: bool) -> None:
            super().__init__()
            self.run = run
            self.after_epoch = after_epoch

    class RemoveWanted(Message):
        """A person wants a run out of the queue."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class PutBackWanted(Message):
        """A person wants the run in the queue again that was taken out last."""

    class MoveWanted(Message):
        """A person wants a run nearer to the front of the queue (-1), or further from it (1)."""

        def __init__(self, run_id: str, step: int) -> None:
            super().__init__()
            self.run_id = run_id
            self.step = step

    class PauseWanted(Message):
        """A person wants the queue to wait after the present run, or to go on."""

    class FollowWanted(Message):
        """A person wants to see a run; without one the run that trains now, whichever it is."""

        def __init__(self, run_id: str | None = None) -> None:
            super().__init__()
            self.run_id = run_id

    class ContinueWanted(Message):
        """A person wants the shown run to go on."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class ViewChanged(Message):
        """A way of showing was changed, which the next start should find."""

        def __init__(self, **changes: bool) -> None:
            super().__init__()
            self.changes = changes

    def __init__(self, library: PresetLibrary, *, smoothing: bool, log_scale: bool, with_log: bool) -> None:
        super().__init__()
        self._references = references_of(library.presets)
        self._smoothing, self._log_scale, self._with_log = smoothing, log_scale, with_log
        self._with_overlays = True
        self._trace = Trace()
        self._drawn: object = None
        self._drawn_at = 0.0
        self._view = LiveView(Snapshot())

    def compose(self) -> ComposeResult:
        """Lay out title, bars, charts, rows of bars, queue and log."""
        yield RunHeader(id="run-header")
        yield Curves(smoothing=self._smoothing, log_scale=self._log_scale, id="charts")
        yield Vitals(id="vitals")
        with Horizontal(id="live-bottom"):
            yield QueueTable(id="queue")
            with VerticalScroll(id="log", can_focus=False) as log:
                log.border_title = "Log"
                yield Static(id="log-text")

    def on_mount(self) -> None:
        """Show the log only where it was left open."""
        self.query_one("#log").display = self._with_log

    @property
    def _followed(self) -> History | None:
        return self._view.snapshot.followed

    def show(self, view: LiveView) -> None:
        """Draw what the run folders say now."""
        before, self._view = self._view, view
        if _state(before) != _state(view):
            self.refresh_bindings()
        history = view.snapshot.followed
        self.query_one(QueueTable).show(view.entries, is_paused=view.is_paused)
        self.query_one(RunHeader).show(history)
        self._show_log(view.log)
        if history is None:
            if self._drawn is not None:  # the last run was deleted
                self._drawn = None
                self.query_one(Vitals).is_measuring = False
                self.query_one(Vitals).show((), ())
                self.query_one(Curves).show(Curve(is_run=False))
            return
        self._trace.note(history)
        self.query_one(Vitals).is_measuring = history.run.status is RunStatus.RUNNING
        self.query_one(Vitals).show(history.epochs, self._trace.points)
        drawn = (history.run.id, history.epochs, view.overlays)
        if drawn != self._drawn or time.monotonic() - self._drawn_at >= _SECONDS_BETWEEN_CHARTS:
            self._drawn, self._drawn_at = drawn, time.monotonic()
            self._show_curves(history)

    def offers(self, action: str) -> bool:
        """Whether the line of keys names the key of `action` now."""
        status, is_elsewhere, has_queue = _state(self._view)
        match action:
            case "stop":
                return status is RunStatus.RUNNING
            case "continue":
                return status is not None and status.is_over
            case "follow":
                return is_elsewhere
            case "remove":
                return has_queue
            case "smooth" | "zoom(1)":
                return status is not None
        return True

    def action_stop(self) -> None:
        """Stop the run that is shown, at its next batch."""
        self._want_stop(after_epoch=False)

    def action_stop_after_epoch(self) -> None:
        """Stop the run that is shown once its epoch is over."""
        self._want_stop(after_epoch=True)

    def action_remove(self) -> None:
        """Take the marked run out of the queue."""
        if run := self.query_one(QueueTable).chosen:
            self.post_message(self.RemoveWanted(run.id))

    def action_put_back(self) -> None:
        """Put the run back into the queue that was taken out last."""
        self.post_message(self.PutBackWanted())

    def action_move(self, step: int) -> None:
        """Move the marked run within the queue."""
        if run := self.query_one(QueueTable).chosen:
            self.post_message(self.MoveWanted(run.id, step))

    def action_pause(self) -> None:
        """Let the queue wait after the present run, or go on."""
        self.post_message(self.PauseWanted())

    def action_continue(self) -> None:
        """Let the shown run go on that ended before its end, or train a finished one on."""
        if self._followed is not None:
            self.post_message(self.ContinueWanted(self._followed.run.id))

    def action_follow(self) -> None:
        """Go back from an older run to the one that trains now."""
        self.post_message(self.FollowWanted())

    def action_show_chosen(self) -> None:
        """Show the run that the cursor of the queue is on."""
        if run := self.query_one(QueueTable).chosen:
            self.post_message(self.FollowWanted(run.id))

    def action_smooth(self) -> None:
        """Show moving averages, or not."""
        self.post_message(self.ViewChanged(smoothing=self.query_one(Curves).toggle_smoothing()))

    def action_log_scale(self) -> None:
        """Show the loss on a logarithmic scale, or not."""
        self.post_message(self.ViewChanged(log_scale=self.query_one(Curves).toggle_log()))

    def action_overlay(self) -> None:
        """Lay the marked runs over this one, or not."""
        if not self._view.overlays:
            self.app.notify("No run is marked; space marks runs on the Leaderboard (3).")
            return
        self._with_overlays = not self._with_overlays
        if self._followed is not None:
            self._show_curves(self._followed)

    def action_toggle_log(self) -> None:
        """Show or hide the run's log."""
        self._with_log = not self._with_log
        self.query_one("#log").display = self._with_log
        # Textual may settle the new widths while it scrolls the log, and then does not draw the queue in its own.
        self.call_after_refresh(self.query_one(QueueTable).refresh)
        self.post_message(self.ViewChanged(with_log=self._with_log))

    def _want_stop(self, *, after_epoch: bool) -> None:
        if self._followed is None or self._followed.run.status is not RunStatus.RUNNING:
            self.app.notify("No run is training here.")
        else:
            self.post_message(self.StopWanted(self._followed.run, after_epoch=after_epoch))

    def _show_log(self, lines: Sequence[str]) -> None:
        log = Text("\n".join(printable(_DATE.sub("", line)) for line in lines), style="dim")
        if log != self.query_one("#log-text", Static).content:
            self.query_one("#log-text", Static).update(log)
            self.query_one("#log", VerticalScroll).scroll_end(animate=False)

    def _show_curves(self, history: History) -> None:
        curve = Curve(
            epochs=history.epochs,
            trace=self._trace.points,
            planned_epochs=history.run.config.training.epochs,
            reference=self._references.of(history.run),
            overlays=self._view.overlays if self._with_overlays else (),
            is_over=history.run.status.is_over,
        )
        self.query_one(Curves).show(curve)


def _state(view: LiveView) -> tuple[RunStatus | None, bool, bool]:
    """Return where the shown run stands, whether another one trains, and whether there is a queue."""
    shown = view.snapshot.followed.run if view.snapshot.followed else None
    is_elsewhere = any(shown is None or run.id != shown.id for run in view.snapshot.running)
    return shown.status if shown else None, is_elsewhere, bool(view.entries)
