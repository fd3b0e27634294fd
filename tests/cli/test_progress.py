"""Progress bars on a terminal: what they say of the time that is left."""

import re
from io import StringIO

import pytest
from rich.console import Console

from cifar_tui.cli.progress import BarReporter
from cifar_tui.events import BatchProgress, EpochFinished, RunStarted

BATCHES = 60
STARTED = RunStarted("CIFAR-100", "cpu", 1, 1, 1, 1, BATCHES)


class Told:
    """A reporter that is told of a run of 60 batches an epoch, one a second; `now` is what its clock says."""

    def __init__(self, epochs: int) -> None:
        self.now = 0.0
        self.screen = StringIO()
        terminal = {"force_terminal": True, "color_system": None, "width": 100}
        self.reporter = BarReporter(epochs, Console(file=self.screen, get_time=lambda: self.now, **terminal))

    def train(self, epoch: int, first: int, last: int) -> None:
        """Report every tenth batch."""
        for batch in range(first, last + 1, 10):
            self.now += 10.0
            self.reporter.hear("run", BatchProgress(epoch, batch, BATCHES, 4.0, 0.1, None, 128.0))

    def finish(self, epoch: int) -> None:
        self.reporter.hear("run", EpochFinished(epoch, 4.0, 0.1, 4.1, 0.09, 1e-3, 60.0, 128.0))

    def left(self, bar: str) -> str:
        """What stood there last."""
        found: list[str] = re.findall(rf"{bar} +━.*? (\d+:\d\d:\d\d|-:--:--)", self.screen.getvalue())
        return found[-1]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_later_epoch_has_time_left_too() -> None:
    told = Told(3)
    with told.reporter:
        told.reporter.hear("run", STARTED)
        told.train(1, 10, BATCHES)
        told.finish(1)
        told.train(2, 10, 20)
    assert (told.left("epoch"), told.left("run")) == ("0:00:40", "0:01:40")


def test_what_watch_reads_off_the_folder_is_no_speed() -> None:
    told = Told(100)
    with told.reporter:
        told.reporter.hear("run", STARTED)
        for epoch in range(1, 51):
            told.now += 0.001
            told.finish(epoch)
        told.train(51, 10, 30)
    assert (told.left("epoch"), told.left("run")) == ("0:00:30", "0:49:30")
