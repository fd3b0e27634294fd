"""Images on terminals with graphics and without: what is asked, what is drawn, and what is left behind."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from cifar_tui.config import DataConfig
from cifar_tui.data.load import load
from cifar_tui.paths import find_paths

from ..graphics import (
    DIACRITICS,
    KITTY_ANSWERS,
    KITTY_QUESTION,
    PLACEHOLDER,
    SIXEL_ANSWERS,
    KittyTerminal,
    colour_of,
    decode_sixels,
)
from . import texts
from .homes import app_command, write_images
from .terminal import Terminal

FIRST_CLASS = "Train · apple"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with noise for CIFAR-100, ten images a class."""
    home = tmp_path / "home"
    write_images(home, np.random.default_rng(0).integers(0, 256, (1000, 32, 32, 3), np.uint8))
    return home


def see_images(home: Path, answers: Mapping[bytes, bytes], **env: str) -> Terminal:
    return Terminal(app_command(home), columns=100, rows=32, answers=answers, env=env)


def open_data(terminal: Terminal) -> None:
    terminal.wait_for(texts.TAB_BAR)
    terminal.press("4")
    terminal.wait_for(FIRST_CLASS)


def chosen(terminal: Terminal) -> tuple[int, int, int]:
    """Return where the caption of the first image is, column and line, and which image it says."""
    y, line = next((y, line) for y, line in enumerate(terminal.screen) if re.search(r"> \d", line))
    match = re.search(r"> (\d+)", line)
    assert match is not None
    return match.start(), y, int(match[1])


def placeholders(terminal: Terminal) -> dict[tuple[int, int], tuple[int, int, int, str]]:
    """Return the cells that show images, by column and line: row and column in it, its high byte, its colour."""
    found = {}
    for y, line in enumerate(terminal.cells):
        for x, (text, colour) in enumerate(line):
            if text.startswith(PLACEHOLDER):
                row, column, high = (DIACRITICS.index(sign) for sign in text[1:])
                found[x, y] = row, column, high, colour
    return found


def image(home: Path, index: int) -> np.ndarray:
    return load(DataConfig(), find_paths(home)).train.pixels[index]


def test_kitty_is_sent_the_images_and_shows_them_where_they_belong(home: Path) -> None:
    with see_images(home, KITTY_ANSWERS) as terminal:
        open_data(terminal)
        terminal.wait_for(placeholders)
        x, y, index = chosen(terminal)
        kitty, cells = KittyTerminal(terminal.output), placeholders(terminal)
        (number,) = {number for number in kitty.images if colour_of(number) == cells[x, y - 8][3]}
        assert kitty.extents[number] == (16, 8)
        for row in range(8):
            for column in range(16):
                assert cells[x + column, y - 8 + row] == (row, column, number >> 24, colour_of(number))
        shown = kitty.images[number]
        enlarged = len(shown) // 32
        assert (shown == image(home, index).repeat(enlarged, axis=0).repeat(enlarged, axis=1)).all()
        assert "▄" not in terminal.text

        terminal.press("?")
        terminal.wait_for(texts.HELP)
        assert not placeholders(terminal)
        assert "▄" in terminal.text  # dimmed, beside the help
        terminal.press("escape")
        terminal.wait_for(placeholders)
        assert placeholders(terminal) == cells
        assert KittyTerminal(terminal.output).transmissions == kitty.transmissions

        terminal.press("b")
        terminal.wait_for("Silent when a run ends")
        assert placeholders(terminal).items() < cells.items()  # but for what the notice covers

        terminal.press("+")
        terminal.wait_for(lambda terminal: (15, 31) in {place[:2] for place in placeholders(terminal).values()})
        larger = KittyTerminal(terminal.output)
        assert larger.transmissions == kitty.transmissions
        assert larger.extents[number] == (32, 16)

        terminal.press("3")
        terminal.wait_for(texts.LEADERBOARD)
        assert not placeholders(terminal)
        terminal.press("q")
        assert terminal.exit_status() == 0
        assert terminal.is_restored
        assert not KittyTerminal(terminal.output).images
        freed, left = terminal.output.rfind(b"\x1b_Ga=d"), terminal.output.rfind(b"\x1b[?1049l")
        assert freed < left  # the images belong to the screen that is left


def test_a_terminal_with_sixels_is_sent_those(home: Path) -> None:
    with see_images(home, SIXEL_ANSWERS) as terminal:
        open_data(terminal)
        terminal.wait_for(lambda terminal: b"\x1bP0;1;0q" in terminal.output)
        terminal.wait_for_silence(0.3)
        _, _, index = chosen(terminal)
        sequences = re.findall(rb"\x1b7\x1b\[16D(\x1bP[^\x1b]*\x1b\\)\x1b8", terminal.output)
        first = decode_sixels(sequences[0])
        assert first.shape == (20, 160, 4)  # a line of cells
        percents = np.round(image(home, index)[:4] / 255 * 100)
        assert (first[..., :3] == percents.repeat(5, axis=0).repeat(5, axis=1)).all()
        assert (first[..., 3] == 100).all()
        terminal.press("q")
        assert terminal.exit_status() == 0


def test_a_terminal_that_does_not_answer_shows_half_blocks(home: Path) -> None:
    with see_images(home, {}) as terminal:
        open_data(terminal)
        terminal.wait_for("▄" * 16)
        assert KITTY_QUESTION in terminal.output
        assert not KittyTerminal(terminal.output).images
        assert not placeholders(terminal)
        terminal.press("q")
        assert terminal.exit_status() == 0


def test_a_bad_wish_is_one_sentence(home: Path) -> None:
    with see_images(home, {}, CIFAR_TUI_IMAGES="png") as terminal:
        assert terminal.exit_status() == 2
        assert terminal.text.strip() == "cifar-tui: CIFAR_TUI_IMAGES is 'png'; it takes auto, blocks, kitty, sixel."


@pytest.mark.parametrize("answers", [KITTY_ANSWERS, SIXEL_ANSWERS], ids=["kitty", "sixel"])
def test_a_terminal_that_goes_away_with_its_images_takes_the_process_along(
    home: Path, answers: Mapping[bytes, bytes]
) -> None:
    with see_images(home, answers) as terminal:
        open_data(terminal)
        terminal.hang_up()
        assert terminal.exit_status() == 0
