"""What becomes of training when the terminal, the person or the process goes: no finished epoch is ever lost."""

import signal
import subprocess
from pathlib import Path

import pytest

from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run

from . import texts
from .conftest import Start
from .homes import ENDLESS, app_command, open_store, queue_run, status_on_disk
from .terminal import Terminal


def see_training(terminal: Terminal) -> None:
    """Wait until Live shows a run that trains."""
    terminal.wait_for(texts.TAB_BAR)
    terminal.press("2")
    terminal.wait_for(texts.TRAINING)


def assert_whole(home: Path, run: Run, epochs: int) -> None:
    """A run that ended as planned, each of its epochs written once."""
    store = open_store(home)
    assert store.get(run.id).status is RunStatus.FINISHED
    assert [epoch.epoch for epoch in store.epochs(run.id)] == list(range(1, epochs + 1))


def assert_can_go_on(home: Path, run: Run) -> None:
    """A run that was stopped, with all its epochs and a checkpoint."""
    store = open_store(home)
    assert status_on_disk(run) == "stopped"
    assert (run.folder / "checkpoint.pt").exists()
    epochs = [epoch.epoch for epoch in store.epochs(run.id)]
    assert epochs == list(range(1, len(epochs) + 1))


def test_training_goes_on_to_the_end_of_the_queue_after_a_hang_up(start: Start, home: Path, images: Path) -> None:
    first = queue_run(home, images, epochs=150, name="first")
    second = queue_run(home, images, epochs=3, name="second")
    terminal = start()
    see_training(terminal)
    terminal.hang_up()
    assert terminal.exit_status() == 0
    assert_whole(home, first, 150)
    assert_whole(home, second, 3)


def test_training_stops_with_a_checkpoint_after_a_hang_up_if_so_wanted(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start("--on-hangup", "stop")
    see_training(terminal)
    terminal.hang_up()
    assert terminal.exit_status() == 0
    assert_can_go_on(home, run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_run_with_a_checkpoint(
    start: Start, home: Path, images: Path, number: signal.Signals
) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start()
    see_training(terminal)
    terminal.send_signal(number)
    assert terminal.exit_status() == 130
    assert terminal.is_restored
    assert_can_go_on(home, run)


def test_ctrl_c_leaves_without_a_question(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start()
    see_training(terminal)
    terminal.press("ctrl+c")
    assert terminal.exit_status() == 0
    assert terminal.is_restored
    assert_can_go_on(home, run)


def test_a_second_signal_leaves_at_once_and_unharmed(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start()
    see_training(terminal)
    terminal.send_signal(signal.SIGTERM)
    terminal.send_signal(signal.SIGINT)
    assert terminal.exit_status() == 130
    assert terminal.is_restored
    store = open_store(home)
    assert store.get(run.id).status in (RunStatus.STOPPED, RunStatus.INTERRUPTED)
    epochs = [epoch.epoch for epoch in store.epochs(run.id)]
    assert epochs == list(range(1, len(epochs) + 1))


def test_a_killed_run_is_offered_and_goes_on_without_a_hole(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=150)
    terminal = start()
    see_training(terminal)
    terminal.send_signal(signal.SIGKILL)
    assert terminal.exit_status() == -signal.SIGKILL
    reached = len(open_store(home).epochs(run.id))
    assert 0 < reached < 150

    terminal = start()
    terminal.wait_for(texts.INTERRUPTED)
    terminal.wait_for(f"(epoch {reached} of 150)")
    assert status_on_disk(run) == "interrupted"
    terminal.press(texts.RESUME_KEY)
    terminal.press("2")
    terminal.wait_for(lambda terminal: open_store(home).get(run.id).status is RunStatus.FINISHED)
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert_whole(home, run, 150)


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
    assert_can_go_on(home, run)
    terminal.press("q")
    assert terminal.exit_status() == 0


def test_two_apps_on_one_home_train_each_run_once(start: Start, home: Path, images: Path) -> None:
    runs = [queue_run(home, images, epochs=30, name=f"run {number}") for number in range(3)]
    terminals = [start(), start()]
    for terminal in terminals:
        terminal.wait_for(texts.TAB_BAR)
        terminal.press("3")
    for terminal in terminals:
        terminal.wait_for(lambda _: all(open_store(home).get(run.id).status is RunStatus.FINISHED for run in runs))
        terminal.wait_for(lambda terminal: terminal.text.count("finished") == len(runs))
        terminal.press("q")
        assert terminal.exit_status() == 0
    for run in runs:
        assert_whole(home, run, 30)
        assert (run.folder / "log.txt").read_text().count("training on cpu") == 1
