"""What becomes of training when the terminal, the person, the process or the disk goes.

Each event of `EVENTS` is let loose on an app that trains; `test_no_event_costs_an_epoch` asks what was promised of all.
"""

import json
import resource
import signal
import subprocess
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from cifar_tui.paths import find_paths
from cifar_tui.runs.execute import execute
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run

from . import texts
from .conftest import Start
from .homes import ENDLESS, app_command, open_store, queue_run, status_on_disk
from .terminal import Terminal

EPOCHS = 120
"""Of a run that trains for some seconds."""


def see_training(terminal: Terminal) -> None:
    """Wait until Live shows a run that trains and has an epoch to lose."""
    terminal.wait_for(texts.TAB_BAR)
    terminal.press("2")
    terminal.wait_for(texts.EPOCH_FINISHED)


def let_nothing_be_written(terminal: Terminal) -> None:
    """Let the disk be full for the app; a limit on the size of files stands in for it."""
    resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    terminal.wait_for(texts.DISK_IS_FULL)


def let_everything_be_written(terminal: Terminal) -> None:
    """Let the disk have room again."""
    resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    terminal.wait_for(texts.DISK_HAS_ROOM)


def leave(terminal: Terminal) -> None:
    terminal.press("q")
    terminal.wait_for(texts.QUESTION)
    terminal.press("y")


def resize_in_a_storm(terminal: Terminal) -> None:
    for columns in range(60, 180, 4):
        terminal.resize(columns, 18 + columns % 30)


def assert_whole(home: Path, run: Run, epochs: int) -> None:
    """A run that ended as planned, each of its epochs written once."""
    store = open_store(home)
    assert store.get(run.id).status is RunStatus.FINISHED
    assert [epoch.epoch for epoch in store.epochs(run.id)] == list(range(1, epochs + 1))


@dataclass(frozen=True)
class Event:
    """Something that happens to an app that trains, and how the app has to end."""

    happen: Callable[[Terminal], object]
    code: int
    leaves: Collection[str]
    """The statuses that the run's folder may say afterwards."""
    restores: bool = True
    """Whether the terminal is to be as it was before."""
    arguments: Collection[str] = ()


def signals(*numbers: signal.Signals) -> Callable[[Terminal], object]:
    return lambda terminal: [terminal.send_signal(number) for number in numbers]


def steps(*happen: Callable[[Terminal], object]) -> Callable[[Terminal], object]:
    return lambda terminal: [step(terminal) for step in happen]


STOPPED, RUNNING, FINISHED = "stopped", "running", "finished"

EVENTS = {
    "leaving": Event(leave, 0, {STOPPED}),
    "ctrl+c": Event(lambda terminal: terminal.press("ctrl+c"), 0, {STOPPED}),
    "ctrl+c twice": Event(lambda terminal: terminal.press("ctrl+c", "ctrl+c"), 0, {STOPPED}),
    "SIGTERM": Event(signals(signal.SIGTERM), 130, {STOPPED}),
    "SIGINT": Event(signals(signal.SIGINT), 130, {STOPPED}),
    "two signals": Event(signals(signal.SIGTERM, signal.SIGINT), 130, {STOPPED, RUNNING}),
    "a hang-up": Event(Terminal.hang_up, 0, {FINISHED}, restores=False),
    "a hang-up that stops": Event(Terminal.hang_up, 0, {STOPPED}, restores=False, arguments=("--on-hangup", "stop")),
    "a hang-up while sizes change": Event(steps(resize_in_a_storm, Terminal.hang_up), 0, {FINISHED}, restores=False),
    "a hang-up and SIGTERM": Event(steps(Terminal.hang_up, signals(signal.SIGTERM)), 130, {STOPPED}, restores=False),
    "a kill, as out of memory": Event(signals(signal.SIGKILL), -signal.SIGKILL, {RUNNING}, restores=False),
    "a segmentation fault": Event(signals(signal.SIGSEGV), -signal.SIGSEGV, {RUNNING}, restores=False),
    "a full disk, then a kill": Event(
        steps(let_nothing_be_written, signals(signal.SIGKILL)), -signal.SIGKILL, {RUNNING}, restores=False
    ),
    "a full disk, then SIGTERM": Event(steps(let_nothing_be_written, signals(signal.SIGTERM)), 130, {RUNNING, STOPPED}),
    "a full disk that empties": Event(steps(let_nothing_be_written, let_everything_be_written, leave), 0, {STOPPED}),
}


@pytest.mark.parametrize("name", EVENTS)
def test_no_event_costs_an_epoch(start: Start, home: Path, images: Path, name: str) -> None:
    """No finished epoch lost, no file corrupted, no process stuck; the `start` fixture sees to it: no traceback."""
    event = EVENTS[name]
    epochs = EPOCHS if FINISHED in event.leaves else ENDLESS
    run = queue_run(home, images, epochs=epochs)
    terminal = start(*event.arguments)
    see_training(terminal)
    seen = len(open_store(home).epochs(run.id))
    children = psutil.Process(terminal.pid).children(recursive=True)
    event.happen(terminal)

    assert terminal.exit_status() == event.code
    assert psutil.wait_procs(children, timeout=60)[1] == []
    assert terminal.is_restored == event.restores

    assert status_on_disk(run) in event.leaves
    lines = (run.folder / "epochs.jsonl").read_text().splitlines()
    history = [json.loads(line)["epoch"] for line in lines]
    assert len(history) >= seen > 0
    assert history == list(range(1, len(history) + 1))
    for file in home.rglob("*.json"):
        json.loads(file.read_text())

    if epochs == ENDLESS:
        assert_goes_on(home, run, len(history))


def assert_goes_on(home: Path, run: Run, epochs: int) -> None:
    """Resume a run; it repeats one epoch at most, and its history has neither a hole nor an epoch twice."""
    store = open_store(home)
    RunQueue(store).resume(run.id)
    began: list[int] = []
    execute(
        find_paths(home),
        store,
        run.id,
        lambda: len(store.epochs(run.id)) > epochs,
        lambda _, event: began.append(len(store.epochs(run.id))) if not began else None,
    )
    assert began[0] >= epochs - 1
    history = [epoch.epoch for epoch in store.epochs(run.id)]
    assert history == list(range(1, epochs + 2))
    assert list(run.folder.glob(".*.tmp")) == []


def test_training_goes_on_to_the_end_of_the_queue_after_a_hang_up(start: Start, home: Path, images: Path) -> None:
    runs = [queue_run(home, images, epochs=EPOCHS, name="first"), queue_run(home, images, epochs=3, name="second")]
    terminal = start()
    see_training(terminal)
    terminal.hang_up()
    assert terminal.exit_status() == 0
    for run in runs:
        assert_whole(home, run, run.config.training.epochs)


def test_a_request_to_end_after_a_hang_up_keeps_a_checkpoint(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start()
    see_training(terminal)
    terminal.hang_up()
    with subprocess.Popen(app_command(home, "watch", run.id), stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        reached = len(open_store(home).epochs(run.id))
        for _ in range(reached + 50):  # it begins with the epochs of before
            assert watching.stdout.readline()
        assert status_on_disk(run) == RUNNING
        terminal.send_signal(signal.SIGTERM)
        assert terminal.exit_status() == 130
    assert status_on_disk(run) == STOPPED


def test_a_killed_run_is_offered_and_goes_on_without_a_hole(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=EPOCHS)
    terminal = start()
    see_training(terminal)
    terminal.send_signal(signal.SIGKILL)
    assert terminal.exit_status() == -signal.SIGKILL
    reached = len(open_store(home).epochs(run.id))
    assert 0 < reached < EPOCHS

    terminal = start()
    terminal.wait_for(texts.INTERRUPTED)
    terminal.wait_for(f"(epoch {reached} of {EPOCHS})")
    assert status_on_disk(run) == "interrupted"
    terminal.press(texts.RESUME_KEY)
    terminal.press("2")
    terminal.wait_for(lambda terminal: open_store(home).get(run.id).status is RunStatus.FINISHED)
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert_whole(home, run, EPOCHS)


def test_a_run_without_the_app_is_seen_and_stopped_in_it(start: Start, home: Path, images: Path) -> None:
    settings = ["data.source=folder", f"data.path={images}", "training.batch_size=6", f"training.epochs={ENDLESS}"]
    arguments = [part for setting in settings for part in ("--set", setting)]
    command = app_command(home, "train", "part1/softmax_regression", "--device", "cpu", *arguments)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
        try:
            terminal = start()
            see_training(terminal)
            terminal.press(texts.STOP_KEY)
            terminal.wait_for(texts.STOP_QUESTION)
            terminal.press("y")
            assert process.wait(timeout=60) == 130
        finally:
            process.kill()
    (run,) = open_store(home).scan().runs
    assert status_on_disk(run) == STOPPED
    terminal.press("q")
    assert terminal.exit_status() == 0


def test_two_apps_on_one_home_train_each_run_once(start: Start, home: Path, images: Path) -> None:
    runs = [queue_run(home, images, epochs=30, name=f"run {number}") for number in range(3)]
    terminals = [start(), start()]
    for terminal in terminals:
        terminal.wait_for(texts.TAB_BAR)
        terminal.press("3")
        terminal.wait_for(texts.LEADERBOARD)
        terminal.press("h")  # what others measured fills the screen
    for terminal in terminals:
        terminal.wait_for(lambda _: all(open_store(home).get(run.id).status is RunStatus.FINISHED for run in runs))
        terminal.wait_for(lambda terminal: all(f"{texts.FINISHED}{run.title}" in terminal.text for run in runs))
        terminal.press("q")
        assert terminal.exit_status() == 0
    for run in runs:
        assert_whole(home, run, 30)
        assert (run.folder / "log.txt").read_text().count("training on cpu") == 1
