"""Many runs followed to their end: the bar for all of them, and the process that works the queue instead."""

import re
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from io import StringIO

import pytest
from rich.console import Console

from cifar_tui.cli.follow import follow_runs
from cifar_tui.config import RunConfig
from cifar_tui.events import EpochFinished
from cifar_tui.files import make_folder
from cifar_tui.paths import Paths
from cifar_tui.runs.locks import make_lock
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore

CONFIG = RunConfig.model_validate({"model": {"name": "mlp"}, "training": {"epochs": 100}})


class Story:
    """Stands for the event that a signal sets: while it is waited for a minute passes, and the next thing happens."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)
        self.now = 0.0

    def wait(self, _seconds: float) -> bool:
        self.now += 60.0
        if self._steps:
            self._steps.pop(0)()
            return False
        return True


def test_a_run_that_fails_at_once_is_no_speed(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(paths.runs)
    trains, fails = (store.create(CONFIG, RunStatus.RUNNING, sweep="mine") for _ in range(2))

    def train(epoch: int) -> None:
        store.append_epoch(trains.id, EpochFinished(epoch, 4.0, 0.1, 4.1, 0.09, 1e-3, 60.0, 128.0))

    def fail_beside_it() -> None:
        train(2)
        store.change(fails.id, lambda record: record.model_copy(update={"status": RunStatus.FAILED}))

    story = Story(lambda: train(1), fail_beside_it, lambda: train(3))
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, color_system=None, width=100, get_time=lambda: story.now)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("cifar_tui.cli.follow.Console", lambda: console)
    monkeypatch.setattr("cifar_tui.cli.follow.stop_on_signals", lambda: nullcontext(story))
    with ExitStack() as held:
        for run in (trains, fails):
            held.enter_context(store.training_lock(run.id))
        assert follow_runs(paths, store, [trains, fails], "mine", ("cpu",), as_json=False)
    assert re.findall(r"epochs +━.*? +(\d+/\d+) (\S+)", screen.getvalue())[-1] == ("3/100", "1:37:00")


def test_says_that_another_process_works_the_queue(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    has_said = threading.Event()

    class UntilItIsSaid:
        def wait(self, _seconds: float) -> bool:
            has_said.wait(60)
            return True

    monkeypatch.setattr("cifar_tui.cli.follow.stop_on_signals", lambda: nullcontext(UntilItIsSaid()))
    monkeypatch.setattr("cifar_tui.cli.follow.warn", lambda sentence: (said.append(sentence), has_said.set()))
    store = RunStore(paths.runs)
    run = store.create(CONFIG, RunStatus.QUEUED, sweep="mine")
    make_folder(paths.data)
    with make_lock(paths.data / "runner.lock"):
        assert follow_runs(paths, store, [run], "mine", ("auto",), as_json=True)
    assert said == ["Another process works the queue of this data folder; this one waits for it."]
    assert store.get(run.id).status is RunStatus.QUEUED
