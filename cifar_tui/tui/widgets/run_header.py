"""Which run it is, how far it has come, and what it reached."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ProgressBar, Static

from cifar_tui.config import Compile
from cifar_tui.runs.columns import count, duration, percent
from cifar_tui.runs.heartbeat import host_name
from cifar_tui.runs.index import History
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.stopping import StopAt
from cifar_tui.runs.store import Run
from cifar_tui.text import printable
from cifar_tui.tui.status import status_text
from cifar_tui.tui.trace import under_way

_LONGEST_ERROR = 1000
_LARGE_LOSS = 1e4
_STOPS = {StopAt.BATCH: "stops at its next batch", StopAt.EPOCH: "stops after this epoch"}
_NO_RUN = "No run yet. Choose a preset on Launch (1) and press t."


class RunHeader(Vertical):
    """A title and two bars: the run, and the epoch under way."""

    DEFAULT_CSS = """
    RunHeader, RunHeader .bar-line { visibility: hidden; }
    RunHeader Static, RunHeader Bar, RunHeader PercentageStatus { visibility: visible; }
    RunHeader { height: auto; }
    RunHeader #live-title { height: auto; text-overflow: ellipsis; text-wrap: nowrap; padding: 0 1; }
    RunHeader .bar-line { height: 1; padding: 0 1; }
    RunHeader .bar-name { width: 7; color: $text-muted; }
    RunHeader ProgressBar { width: 40; }
    RunHeader Bar { width: 1fr; }
    RunHeader .bar-detail { width: 1fr; padding-left: 2; text-overflow: ellipsis; text-wrap: nowrap; }
    """

    def compose(self) -> ComposeResult:
        """Lay out title and bars."""
        yield Static(_NO_RUN, id="live-title")
        for name in ("run", "epoch"):
            with Horizontal(classes="bar-line"):
                yield Static(name.capitalize(), classes="bar-name")
                yield ProgressBar(total=1, show_eta=False, id=f"{name}-bar")
                yield Static(id=f"{name}-detail", classes="bar-detail")

    def show(self, history: History | None) -> None:
        """Show the run as its folder tells it; without one, how to get one."""
        if history is None:
            self._update("#live-title", Text(_NO_RUN))
            for name in ("run", "epoch"):
                self._update(f"#{name}-detail", Text())
                self.query_one(f"#{name}-bar", ProgressBar).update(progress=0)
            return
        run = history.run
        within = _within_epoch(history)
        self._update("#live-title", _title(history))
        self._update("#run-detail", _run_detail(history, within))
        self._update("#epoch-detail", _epoch_detail(history))
        done = (len(history.epochs) + within) / run.config.training.epochs
        is_done = run.record.results is not None
        self.query_one("#run-bar", ProgressBar).update(progress=1.0 if is_done else done)
        self.query_one("#epoch-bar", ProgressBar).update(progress=within or float(is_done))

    def _update(self, selector: str, text: Text) -> None:
        static = self.query_one(selector, Static)
        if static.content != text:
            static.update(text)


def _title(history: History) -> Text:
    run, record = history.run, history.run.record
    title = Text.assemble(status_text(run.status.value), "  ", (printable(run.title), "bold"))
    planned = run.config.training.epochs
    done = record.results.epochs if record.results else len(history.epochs)
    epoch = min(done + 1, planned) if run.status is RunStatus.RUNNING else done
    title.append(f"  epoch {epoch}/{planned}")
    if run.status is RunStatus.RUNNING and history.stop is not None:
        title.append(f"  {_STOPS[history.stop]}", style="yellow")
    if record.started:
        title.append(
            f"  {printable(record.started.device)}, {printable(record.started.precision)}"
            f"  {count(record.started.parameters)} parameters",
            style="dim",
        )
        title.append(f"  {printable(record.started.dataset)}", style="dim")
    if run.status is RunStatus.RUNNING and (place := _place(run)):
        title.append(f"  {printable(place)}", style="dim")
    if record.error:
        title.append(f"\n{printable(record.error[:_LONGEST_ERROR])}", style="red")
    if history.problem:
        title.append(f"\n{history.problem}", style="yellow")
    return title


def _place(run: Run) -> str:
    """Where it runs, if that is not simply here, and how that is known."""
    record = run.record
    parts = [f"Slurm job {record.slurm.id}"] if record.slurm and record.slurm.id else []
    if record.environment and record.environment.host != host_name():
        parts.append(f"on {record.environment.host}")
    if run.is_known_by_heartbeat:
        parts.append("(by its signs of life)")
    return " ".join(parts)


def _within_epoch(history: History) -> float:
    """The share of the epoch under way that is done."""
    progress = under_way(history)
    return progress.batch / progress.batches if progress else 0.0


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
    detail = Text.assemble(("ETA ", "dim"), duration(remaining) if remaining is not None else "…")
    validated = [(epoch.val_accuracy, epoch.epoch) for epoch in history.epochs if epoch.val_accuracy is not None]
    if validated:
        best, epoch = max(validated, key=lambda found: found[0])
        detail.append("  best val ", style="dim").append(f"{percent(best)} %")
        detail.append(f" (epoch {epoch})", style="dim")
    return detail


def _epoch_detail(history: History) -> Text:
    progress = under_way(history)
    if progress:
        return Text(
            f"batch {progress.batch}/{progress.batches}  loss {_loss_text(progress.train_loss)}"
            f"  {progress.images_per_second:,.0f} img/s"
        )
    if history.epochs:
        last = history.epochs[-1]
        return Text(f"epoch {last.epoch} took {duration(last.seconds)}  {last.images_per_second:,.0f} img/s")
    if history.run.status is not RunStatus.RUNNING:
        return Text("")
    return Text("compiling the model …" if _compiles(history.run) else "starting …")


def _compiles(run: Run) -> bool:
    """Whether the model is compiled at the first batch, which takes as long as many epochs."""
    started = run.record.started
    return run.config.training.compile is Compile.AUTO and started is not None and started.device.startswith("cuda")


def _loss_text(loss: float) -> str:
    return f"{loss:.3f}" if abs(loss) < _LARGE_LOSS else f"{loss:.3g}"


def _seconds_left(history: History, within: float) -> float | None:
    """From the mean of the last epochs, or from the first one's speed while there is none."""
    left = history.run.config.training.epochs - len(history.epochs) - within
    recent = history.epochs[-3:]
    if recent:
        return left * sum(epoch.seconds for epoch in recent) / len(recent)
    progress, started = history.progress, history.run.record.started
    if progress is None or started is None or not within or not progress.images_per_second:
        return None
    return left * started.train_images / progress.images_per_second
