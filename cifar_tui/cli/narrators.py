"""Three ways to tell of a run without a screen: progress bars, plain lines, JSON lines."""

import json
import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from cifar_tui.cli.context import plain
from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished, Event, Results, RunEnded, RunStarted, Tested


class Narrator(AbstractContextManager["Narrator"], ABC):
    """Listens to one run; a context manager, so that the terminal is left as it was."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the terminal back; lines have nothing to put back."""
        return

    @abstractmethod
    def hear(self, run_id: str, event: Event) -> None:
        """Tell what the run said."""


def choose_narrator(config: RunConfig, *, as_json: bool) -> Narrator:
    """JSON when asked for, bars on a terminal, else lines."""
    if as_json:
        return JsonNarrator(config)
    return BarNarrator(config) if sys.stdout.isatty() else LineNarrator(config)


class JsonNarrator(Narrator):
    """One object a line: `event`, `run` and the event's own fields."""

    def hear(self, run_id: str, event: Event) -> None:
        """Print the event, unless it is all arrays."""
        if not isinstance(event, Tested):
            print(json.dumps({"event": type(event).__name__, "run": run_id, **asdict(event)}), flush=True)


class LineNarrator(Narrator):
    """A line at the start, for each epoch, and at the end."""

    def hear(self, run_id: str, event: Event) -> None:
        """Print the events that a log should keep."""
        match event:
            case RunStarted():
                print(f"{plain(self.config.title)}: {_started(event)}", flush=True)
            case EpochFinished():
                print(_epoch(event, self.config.training.epochs), flush=True)
            case RunEnded(results=Results() as results):
                print(f"{_results(results)}\nrun {run_id}", flush=True)
            case RunEnded():
                print(f"{event.outcome}: run {run_id}", flush=True)
            case _:
                pass


class BarNarrator(Narrator):
    """A bar for the run, one for the epoch, and a lasting line for each epoch that is done."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        self._progress = Progress(
            TextColumn("{task.description:<6}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(),
        )
        self._run = self._progress.add_task("run", total=config.training.epochs, note="loading data")
        self._epoch = self._progress.add_task("epoch", total=None, note="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away."""
        self._progress.stop()

    def hear(self, run_id: str, event: Event) -> None:
        """Move the bars."""
        match event:
            case RunStarted():
                self._say(f"{plain(self.config.title)}: {_started(event)}")
                self._progress.update(self._run, note="")
                self._progress.update(self._epoch, total=event.batches_per_epoch)
            case BatchProgress():
                note = f"{event.images_per_second:,.0f} img/s  loss {event.train_loss:.3f}"
                self._progress.update(self._epoch, completed=event.batch, note=note)
                self._progress.update(self._run, completed=event.epoch - 1 + event.batch / event.batches)
            case EpochFinished():
                self._say(_epoch(event, self.config.training.epochs))
                self._progress.update(self._run, completed=event.epoch)
                self._progress.reset(self._epoch, note="")
            case Tested():
                pass
            case RunEnded():
                self._progress.update(self._run, visible=False)
                self._progress.update(self._epoch, visible=False)
                self._say(_results(event.results) if event.results else event.outcome.value)
                self._say(f"run {run_id}")

    def _say(self, text: str) -> None:
        self._progress.console.print(Text(text))


def _started(event: RunStarted) -> str:
    return (
        f"{event.parameters:,} parameters, {event.train_images:,} training images of {plain(event.dataset)}, "
        f"on {event.device}"
    )


def _epoch(event: EpochFinished, epochs: int) -> str:
    return (
        f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}  train loss {event.train_loss:.4f} "
        f"{event.train_accuracy:6.2%}  validation loss {event.val_loss:.4f} {event.val_accuracy:6.2%}  "
        f"{event.seconds:.1f} s  {event.images_per_second:,.0f} img/s"
    )


def _results(results: Results) -> str:
    return (
        f"test accuracy {results.test_accuracy:.2%}, top-5 {results.top5_accuracy:.2%}, "
        f"macro-F1 {results.macro_f1:.2%}, validation {results.val_accuracy:.2%}; "
        f"{results.accuracy_per_million:.1f} %/M; {results.seconds:.1f} s"
    )
