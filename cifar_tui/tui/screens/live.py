"""The Live tab: the run that trains, its curves, and what waits behind it."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import DataTable, ProgressBar, Static

from cifar_tui.presets import PresetLibrary
from cifar_tui.runs.columns import count, duration, percent
from cifar_tui.runs.index import History, Snapshot
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run
from cifar_tui.tui.status import status_text
from cifar_tui.tui.widgets.chart import BLUE, ORANGE, Chart, ChartData, Series


class LivePane(Vertical):
    """Shows one run as its folder tells it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop run"),
        Binding("delete,backspace", "remove", "Unqueue", key_display="del"),
        Binding("f", "follow", "Follow running"),
    ]

    class StopWanted(Message):
        """A person wants the run stopped."""

        def __init__(self, run: Run) -> None:
            super().__init__()
            self.run = run

    class RemoveWanted(Message):
        """A person wants a run out of the queue."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class FollowWanted(Message):
        """A person wants to see the run that trains now, whichever it is."""

    def __init__(self, library: PresetLibrary) -> None:
        super().__init__()
        self._references = {
            preset.key: preset.reference.test_accuracy for preset in library.presets if preset.reference
        }
        self._followed: History | None = None
        self._queue: tuple[Run, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out title, bars, charts and queue."""
        yield Static("No run yet. Choose a preset on Launch (1) and press t.", id="live-title")
        with Horizontal(classes="bar-line"):
            yield Static("Run", classes="bar-name")
            yield ProgressBar(total=1, show_eta=False, id="run-bar")
            yield Static(id="run-detail", classes="bar-detail")
        with Horizontal(classes="bar-line"):
            yield Static("Epoch", classes="bar-name")
            yield ProgressBar(total=1, show_eta=False, id="epoch-bar")
            yield Static(id="epoch-detail", classes="bar-detail")
        with Horizontal(id="charts"):
            yield Chart("Loss", lambda loss: f"{loss:.2f}", lambda tick: f"{tick:g}", id="loss-chart")
            yield Chart(
                "Accuracy",
                lambda accuracy: f"{accuracy * 100:.1f}%",
                lambda tick: f"{tick * 100:g}%",
                id="accuracy-chart",
            )
        queue: DataTable[Text] = DataTable(cursor_type="row", id="queue", zebra_stripes=True)
        queue.border_title = "Queue"
        yield queue

    def on_mount(self) -> None:
        """Set the queue's columns."""
        table = self.query_one("#queue", DataTable)
        for title in ("#", "Name", "Model", "Epochs", "Data"):
            table.add_column(title, key=title)
        self._show_queue(())

    def show(self, snapshot: Snapshot) -> None:
        """Draw what the run folders say now."""
        self._followed = snapshot.followed
        if snapshot.followed is not None:
            self._show_run(snapshot.followed)
        if snapshot.queue != self._queue:
            self._show_queue(snapshot.queue)

    def action_stop(self) -> None:
        """Stop the run that is shown, at its next batch."""
        if self._followed is None or self._followed.run.status is not RunStatus.RUNNING:
            self.app.notify("No run is training here.")
        else:
            self.post_message(self.StopWanted(self._followed.run))

    def action_remove(self) -> None:
        """Take the marked run out of the queue."""
        table = self.query_one("#queue", DataTable)
        if self._queue and table.cursor_row < len(self._queue):
            self.post_message(self.RemoveWanted(self._queue[table.cursor_row].id))

    def action_follow(self) -> None:
        """Go back from an older run to the one that trains now."""
        self.post_message(self.FollowWanted())

    def _show_run(self, history: History) -> None:
        run, epochs = history.run, history.epochs
        self.query_one("#live-title", Static).update(_title(history))
        total = run.config.training.epochs
        within = _within_epoch(history)
        self.query_one("#run-bar", ProgressBar).update(total=total, progress=len(epochs) + within)
        self.query_one("#run-detail", Static).update(_run_detail(history, within))
        self.query_one("#epoch-bar", ProgressBar).update(total=1, progress=within or float(run.status.is_over))
        self.query_one("#epoch-detail", Static).update(_epoch_detail(history))

        loss = ChartData(
            series=(
                Series("train", tuple((e.epoch, e.train_loss) for e in epochs), BLUE),
                Series("val", tuple((e.epoch, e.val_loss) for e in epochs if e.val_loss is not None), ORANGE),
            ),
            x_max=total,
            empty="The first point comes with the first epoch",
        )
        self.query_one("#loss-chart", Chart).show(loss)
        accuracy = ChartData(
            series=(
                Series("train", tuple((e.epoch, e.train_accuracy) for e in epochs), BLUE),
                Series("val", tuple((e.epoch, e.val_accuracy) for e in epochs if e.val_accuracy is not None), ORANGE),
            ),
            x_max=total,
            reference=self._reference(run),
            from_zero=True,
            empty="The first point comes with the first epoch",
        )
        self.query_one("#accuracy-chart", Chart).show(accuracy)

    def _reference(self, run: Run) -> float | None:
        """The report's result, where the run learns from the same images."""
        started = run.record.started
        if run.config.preset is None or started is None or started.dataset != "CIFAR-100":
            return None
        return self._references.get(run.config.preset)

    def _show_queue(self, queue: tuple[Run, ...]) -> None:
        self._queue = queue
        table = self.query_one("#queue", DataTable)
        table.border_title = f"Queue · {len(queue)} waiting" if queue else "Queue · nothing waits"
        row = table.cursor_row
        table.clear()
        for place, run in enumerate(queue, start=1):
            config = run.config
            cells = (str(place), config.title, config.model.name, str(config.training.epochs), config.data.source.value)
            table.add_row(*(Text(cell) for cell in cells), key=run.id)
        table.show_cursor = bool(queue)
        table.move_cursor(row=min(row, max(len(queue) - 1, 0)))


def _title(history: History) -> Text:
    run, record = history.run, history.run.record
    title = Text.assemble(status_text(run.status.value), "  ", (run.config.title, "bold"))
    title.append(f"  epoch {min(len(history.epochs) + 1, run.config.training.epochs)}/{run.config.training.epochs}")
    if record.started:
        title.append(
            f"  {record.started.device}, {record.started.precision}  {count(record.started.parameters)} parameters",
            style="dim",
        )
        title.append(f"  {record.started.dataset}", style="dim")
    if record.error:
        title.append(f"\n{record.error}", style="red")
    return title


def _within_epoch(history: History) -> float:
    """The share of the epoch under way that is done."""
    progress = history.progress
    if history.run.status is not RunStatus.RUNNING or progress is None or progress.epoch != len(history.epochs) + 1:
        return 0.0
    return progress.batch / progress.batches


def _run_detail(history: History, within: float) -> Text:
    results = history.run.record.results
    if results:
        return Text.assemble(
            ("test ", "dim"), (f"{percent(results.test_accuracy)} %", "bold"),
            ("  macro-F1 ", "dim"), f"{percent(results.macro_f1)} %",
            ("  top-5 ", "dim"), f"{percent(results.top5_accuracy)} %",
            ("  in ", "dim"), duration(results.seconds),
        )  # fmt: skip
    if history.run.status is not RunStatus.RUNNING:
        return Text("")
    remaining = _seconds_left(history, within)
    best = max((e.val_accuracy for e in history.epochs if e.val_accuracy is not None), default=None)
    detail = Text.assemble(("ETA ", "dim"), duration(remaining) if remaining is not None else "…")
    if best is not None:
        detail.append("  best val ", style="dim").append(f"{percent(best)} %")
    return detail


def _epoch_detail(history: History) -> Text:
    progress = history.progress
    if history.run.status is RunStatus.RUNNING and progress and progress.epoch == len(history.epochs) + 1:
        return Text(
            f"batch {progress.batch}/{progress.batches}  {progress.images_per_second:,.0f} img/s"
            f"  loss {progress.train_loss:.3f}"
        )
    if history.epochs:
        last = history.epochs[-1]
        return Text(f"epoch {last.epoch} took {duration(last.seconds)}  {last.images_per_second:,.0f} img/s")
    return Text("starting …" if history.run.status is RunStatus.RUNNING else "")


def _seconds_left(history: History, within: float) -> float | None:
    """From the mean of the last epochs, or from the first one's speed while there is none."""
    left = history.run.config.training.epochs - len(history.epochs) - within
    recent = history.epochs[-3:]
    if recent:
        return left * sum(epoch.seconds for epoch in recent) / len(recent)
    progress, started = history.progress, history.run.record.started
    if progress is None or started is None or not within:
        return None
    return left * started.train_images / progress.images_per_second
