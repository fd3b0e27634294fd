"""How a run is followed without a screen: progress bars on a terminal, plain lines in a pipe, or JSON."""

import json
import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cifar_tui.events import (
    BatchProgress,
    EpochFinished,
    Event,
    Results,
    RunEnded,
    RunStarted,
    Tested,
    WritingFailed,
    WritingRecovered,
)
from cifar_tui.runs.columns import count, duration
from cifar_tui.runs.store import Run
from cifar_tui.text import printable

_SECONDS_TO_ESTIMATE_FROM = 600.0


class Reporter(AbstractContextManager["Reporter"], ABC):
    """Told every event of one run; shows it until the block ends."""

    def __init__(self) -> None:
        self._reader_is_gone = False

    def hear(self, run_id: str, event: Event) -> None:
        """Show one event; the run goes on where nobody reads the output any more."""
        if self._reader_is_gone:
            return
        try:
            self._show(run_id, event)
        except OSError:
            self._reader_is_gone = True

    def conclude(self, run: Run, ended: RunEnded) -> None:
        """Show what came out of the run and where it is kept."""
        if self._reader_is_gone:
            return
        lines = [_summary(ended.results)] if ended.results else []
        try:
            self._say("\n".join([*lines, f"{ended.outcome}: {run.id}", f"folder: {run.folder}"]))
        except OSError:
            self._reader_is_gone = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the output as it is."""

    @abstractmethod
    def _show(self, run_id: str, event: Event) -> None: ...

    def _say(self, text: str) -> None:
        """Print lines; what other people's run folders hold must not steer the terminal."""
        self._print("\n".join(printable(line) for line in text.split("\n")))

    def _print(self, text: str) -> None:
        print(text, flush=True)


class JsonReporter(Reporter):
    """One JSON object a line: the event's `type`, the `run`, and the event's fields."""

    def conclude(self, run: Run, ended: RunEnded) -> None:
        """Add nothing: the last event says it all."""

    def _show(self, run_id: str, event: Event) -> None:
        # The predictions are in the run folder; thousands of numbers are no line for a person or a pipe.
        fields = {} if isinstance(event, Tested) else asdict(event)
        self._say(json.dumps({"type": type(event).__name__, "run": run_id, **fields}))


class LineReporter(Reporter):
    """Plain lines: one at the start, one an epoch."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs

    def _show(self, run_id: str, event: Event) -> None:
        match event:
            case RunStarted():
                self._say(_start_line(run_id, event))
            case EpochFinished():
                self._say(_epoch_line(event, self._epochs))
            case WritingFailed() | WritingRecovered():
                self._say(_disk_line(event))
            case _:
                pass


class BarReporter(Reporter):
    """Two bars, for the run and for the epoch, below one permanent line for each finished epoch."""

    def __init__(self, epochs: int, console: Console) -> None:
        super().__init__()
        self._epochs = epochs
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
            console=console,
            transient=True,
            speed_estimate_period=_SECONDS_TO_ESTIMATE_FROM,
        )
        self._run_bar: TaskID | None = None
        self._epoch_bar: TaskID | None = None
        self._batches = 0
        self._epoch = 0
        self._is_under_way = False

    def __enter__(self) -> Self:
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bars away; the lines stay."""
        self._progress.stop()

    def conclude(self, run: Run, ended: RunEnded) -> None:
        """Show what came out of the run, in place of the bars."""
        self._progress.stop()
        super().conclude(run, ended)

    def _show(self, run_id: str, event: Event) -> None:
        match event:
            case RunStarted():
                self._say(_start_line(run_id, event))
                self._batches = event.batches_per_epoch
                total = self._epochs * self._batches
                self._run_bar = self._progress.add_task("run", total=total, detail="")
                self._epoch_bar = self._progress.add_task("epoch", total=self._batches, detail="")
            case BatchProgress():
                if self._run_bar is not None and not self._is_under_way:
                    self._is_under_way = True
                    self._progress.reset(self._run_bar)  # the epochs before may have been read in a moment, by `watch`
                detail = f"{event.images_per_second:,.0f} img/s, loss {event.train_loss:.4f}"
                self._move(event.epoch, event.batch, detail)
            case EpochFinished():
                self._say(_epoch_line(event, self._epochs))
                self._move(event.epoch, self._batches, "")
            case WritingFailed() | WritingRecovered():
                self._say(_disk_line(event))
            case _:
                pass

    def _move(self, epoch: int, batch: int, detail: str) -> None:
        if self._run_bar is None or self._epoch_bar is None:
            return
        if epoch != self._epoch:
            self._epoch = epoch
            self._progress.reset(self._epoch_bar)  # else one that was full once has no time left for good
        done = (epoch - 1) * self._batches + batch
        self._progress.update(self._run_bar, completed=done, detail=f"epoch {epoch} of {self._epochs}")
        self._progress.update(self._epoch_bar, completed=batch, detail=detail)

    def _print(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def make_reporter(epochs: int, *, as_json: bool) -> Reporter:
    """Return the reporter that suits what stdout is."""
    if as_json:
        return JsonReporter()
    return BarReporter(epochs, Console()) if sys.stdout.isatty() else LineReporter(epochs)


def _start_line(run_id: str, event: RunStarted) -> str:
    images = f"{event.train_images:,} train, {event.val_images:,} validation, {event.test_images:,} test images"
    model = f"{count(event.parameters)} parameters on {event.device}, {event.precision}"
    return f"{run_id}: {model}; {event.dataset}: {images}"


def _epoch_line(event: EpochFinished, epochs: int) -> str:
    return (
        f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}  "
        f"train loss {event.train_loss:.4f} acc {event.train_accuracy * 100:5.2f} %  "
        f"{_validation(event)}"
        f"{duration(event.seconds)}  {event.images_per_second:,.0f} img/s"
    )


def _disk_line(event: WritingFailed | WritingRecovered) -> str:
    if isinstance(event, WritingRecovered):
        return "The run folder holds everything again."
    return f"The run folder takes nothing more: {event.reason}"


def _validation(event: EpochFinished) -> str:
    if event.val_loss is None or event.val_accuracy is None:
        return ""
    return f"val loss {event.val_loss:.4f} acc {event.val_accuracy * 100:5.2f} %  "


def _summary(results: Results) -> str:
    superclass = results.superclass_accuracy
    lines = {
        "test accuracy": f"{results.test_accuracy * 100:.2f} %",
        "validation accuracy": f"{results.val_accuracy * 100:.2f} %",
        "top-5 accuracy": f"{results.top5_accuracy * 100:.2f} %",
        "superclass accuracy": "" if superclass is None else f"{superclass * 100:.2f} %",
        "macro-F1": f"{results.macro_f1 * 100:.2f} %",
        "parameters": f"{results.parameters:,} ({results.accuracy_per_million:.1f} %/M)",
        "time": f"{duration(results.seconds)} ({results.images_per_second:,.0f} img/s)",
    }
    return "\n".join(f"{title:<20} {value}" for title, value in lines.items() if value)
