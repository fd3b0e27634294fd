"""The app on a real terminal: it starts, bears being resized, and leaves the terminal as it found it."""

from itertools import cycle, islice
from pathlib import Path

import pytest

from . import texts
from .conftest import Start
from .homes import ENDLESS, queue_run, status_on_disk, write_finished_runs
from .terminal import Terminal


def test_starts_and_leaves_at_once(start: Start) -> None:
    terminal = start()
    terminal.wait_for(texts.LAUNCH)
    assert texts.TAB_BAR in terminal.text
    assert not terminal.is_restored
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.is_restored


@pytest.mark.parametrize("tab", ["1", "2", "3", "4"])
def test_a_storm_of_sizes_leaves_a_whole_screen(start: Start, home: Path, tab: str) -> None:
    write_finished_runs(home, 5)
    terminal = start(columns=100, rows=30)
    terminal.wait_for(texts.TAB_BAR)
    shown = {"1": texts.LAUNCH, "2": texts.LIVE, "3": texts.LEADERBOARD, "4": texts.DATA}[tab]
    terminal.press(tab)
    terminal.wait_for(shown)
    # Odd steps through both ranges, so that wide and narrow meet high and low.
    for columns, rows in islice(zip(cycle(range(40, 201, 37)), cycle(range(10, 61, 9)), strict=False), 30):
        terminal.resize(columns, rows)
        terminal.wait_for_output()  # the next size comes while the app draws this one
    for columns, rows, expected in ((40, 10, texts.TOO_SMALL), (200, 60, texts.TAB_BAR)):
        terminal.resize(columns, rows)
        terminal.wait_for(lambda terminal: len(terminal.screen) == rows and expected in terminal.text)  # noqa: B023
        terminal.wait_for(lambda terminal: is_whole(terminal))
    terminal.wait_for(shown)
    terminal.press("?")
    terminal.wait_for(texts.HELP)
    terminal.press("?")
    terminal.wait_for(lambda terminal: texts.HELP not in terminal.text)
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.is_restored


def test_words_that_are_typed_at_once_are_no_actions(start: Start, home: Path) -> None:
    """As from a person who types faster than a busy machine answers: the keys come in one packet."""
    write_finished_runs(home, 5)
    terminal = start(columns=100, rows=30)
    terminal.wait_for(texts.LAUNCH)
    terminal.type("/part5/lstm")
    terminal.wait_for(lambda terminal: "part5/lstm" in terminal.text and "SoftmaxRegression" not in terminal.text)
    terminal.press("enter")
    terminal.wait_for(" a Queue ")
    terminal.press("3")
    terminal.wait_for(texts.LEADERBOARD)
    terminal.type("/part:5 seed>0")
    terminal.wait_for("part:5 seed>0")
    terminal.press("ctrl+c")
    assert terminal.exit_status() == 0
    assert len(list((home / "runs").glob("*/run.json"))) == 5


def test_an_answer_that_is_typed_at_once_goes_into_the_dialog(start: Start, home: Path) -> None:
    write_finished_runs(home, 1)
    terminal = start(columns=100, rows=30)
    terminal.wait_for(texts.LAUNCH)
    terminal.press("3")
    terminal.wait_for(texts.LEADERBOARD)
    terminal.type("h")
    terminal.wait_for(lambda terminal: "of the report" not in terminal.text)
    for key, title in (("n", "Rename"), ("N", "Note"), ("t", "Tags"), ("c", "Train on"), ("E", "Export")):
        terminal.type(f"{key}a1qC")
        terminal.wait_for(lambda terminal: title in terminal.text and "a1qC" in terminal.text)  # noqa: B023
        terminal.press("escape")
        terminal.wait_for(lambda terminal: "a1qC" not in terminal.text)
    terminal.press("q")
    assert terminal.exit_status() == 0


def test_a_byte_that_is_no_text_ends_nothing(start: Start) -> None:
    """As an é from a terminal that is set to Latin-1."""
    terminal = start()
    terminal.wait_for(texts.LAUNCH)
    terminal.type(b"\xe9x\xff")
    terminal.press("3")
    terminal.wait_for(texts.LEADERBOARD)
    terminal.press("q")
    assert terminal.exit_status() == 0


def is_whole(terminal: Terminal) -> bool:
    """Whether the app has drawn every cell: its colours, which a cell that was never drawn lacks, are everywhere."""
    return all("default" not in terminal.backgrounds(column) for column in range(len(terminal.screen[0])))


def test_a_person_who_stays_after_all_keeps_the_run(start: Start, home: Path, images: Path) -> None:
    run = queue_run(home, images, epochs=ENDLESS)
    terminal = start()
    terminal.wait_for(texts.TAB_BAR)
    terminal.press("2")
    terminal.wait_for(texts.TRAINING)

    terminal.press("q")
    terminal.wait_for(texts.QUESTION)
    terminal.press("n")
    terminal.wait_for(lambda terminal: texts.QUESTION not in terminal.text)
    assert status_on_disk(run) == "running"
