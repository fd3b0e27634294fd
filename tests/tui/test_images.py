"""What images become on a terminal with graphics, and how its answers are told from keys."""

from collections.abc import Iterable

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip

from cifar_tui.config import Source
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.images import answers
from cifar_tui.tui.images.answers import AnswerParser, CellSize, TerminalAnswered
from cifar_tui.tui.images.app import ImagesApp
from cifar_tui.tui.images.half_blocks import block_rows, nearest_of_256
from cifar_tui.tui.images.kitty import CAPACITY, Extent, KittyImages
from cifar_tui.tui.images.protocols import VARIABLE, ImagesVariableError, Protocol, settled_protocol
from cifar_tui.tui.images.sixel import SixelRow, sixel_rows
from cifar_tui.tui.images.strips import ImageStrip, Placed, inlaid
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.data_images import DataImages

from ..graphics import DIACRITICS, PLACEHOLDER, KittyTerminal, decode_sixels
from .conftest import CONSOLE, drawn, running, until

KITTY, SIXEL, CELL, PLAIN = "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;4;22c", "\x1b[6;20;10t", "\x1b[?62;52;c"


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)


def heard(parser: AnswerParser, *pieces: str) -> tuple[list[str], list[TerminalAnswered]]:
    """Return the keys and the answers in what was read."""
    messages: list[Message] = [message for piece in pieces if piece for message in parser.feed(piece)]
    keys = [message.key for message in messages if isinstance(message, events.Key)]
    return keys, [message for message in messages if isinstance(message, TerminalAnswered)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (KITTY + CELL + PLAIN, [(Protocol.KITTY, None)]),
        (CELL + SIXEL, [(Protocol.SIXEL, CellSize(10, 20))]),
        (KITTY + CELL + SIXEL, [(Protocol.KITTY, None), (Protocol.SIXEL, CellSize(10, 20))]),
        ("\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\" + PLAIN, []),
        ("\x1b[?64;1;2c", []),
    ],
    ids=["kitty", "sixel", "both", "refused", "neither"],
)
def test_answers_are_not_keys_wherever_they_are_torn(answer: str, expected: list[object]):
    stream = f"a\x1b[A{answer}q\x1b[6~"
    for cut in range(len(stream)):
        for width in (1, 7, len(stream)):
            keys, found = heard(AnswerParser(), stream[:cut], stream[cut : cut + width], stream[cut + width :])
            assert keys == ["a", "up", "q", "pagedown"]
            assert [(message.protocol, message.cell) for message in found] == expected


def test_what_only_begins_like_an_answer_is_keys_after_all(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(answers, "monotonic", lambda: now)
    parser = AnswerParser()
    assert heard(parser, "\x1b") == ([], [])
    assert list(parser.tick()) == []
    now += 1
    assert list(parser.tick()) == []  # it is Textual's now, which waits for what may follow an escape key
    assert heard(parser, "[B", "\x1b[", "5~", "\x1b") == (["down", "pageup"], [])
    now += 100
    assert [message.key for message in parser.feed("") if isinstance(message, events.Key)] == ["escape"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({VARIABLE: "auto"}, None),
        ({VARIABLE: " Kitty"}, Protocol.KITTY),
        ({VARIABLE: "sixel", "TMUX": "/tmp/tmux-0/default,1,0"}, Protocol.SIXEL),
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, Protocol.BLOCKS),
        ({"TERM": "screen-256color"}, Protocol.BLOCKS),
        ({"TERM": "dumb"}, Protocol.BLOCKS),
        ({"TERM_PROGRAM": "Apple_Terminal"}, Protocol.BLOCKS),
        ({"NO_COLOR": "1", VARIABLE: "kitty"}, Protocol.BLOCKS),
    ],
)
def test_who_is_asked(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: Protocol | None):
    for variable in (VARIABLE, "TMUX", "STY", "TERM_PROGRAM", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    app = ImagesApp()
    assert app.asks_terminal == (expected is None)
    assert app.images.protocol is (expected or Protocol.BLOCKS)


def test_a_wish_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "png")
    with pytest.raises(ImagesVariableError, match="CIFAR_TUI_IMAGES is 'png'; it takes auto, blocks, kitty, sixel"):
        settled_protocol()


def test_kitty_has_an_image_once_and_the_oldest_goes_first():
    images, sent = KittyImages(), ""
    wanted = [bytes([number % 256, number // 256, 0]) * 16 for number in range(CAPACITY + 1)]
    numbers = {}
    for pixels in wanted:
        numbers[pixels] = images.rows(pixels, 4, Extent(16, 8))[0].number
        if pixels is wanted[1]:
            images.rows(wanted[0], 4, Extent(16, 8))  # drawn again: now the second is the oldest
    sent += images.take_commands()
    terminal = KittyTerminal(sent.encode())
    assert terminal.transmissions == CAPACITY + 1
    assert numbers[wanted[-1]] == numbers[wanted[1]]
    assert len(terminal.images) == CAPACITY
    for pixels in (wanted[0], wanted[2], wanted[-1]):
        assert (terminal.images[numbers[pixels]] == np.frombuffer(pixels, np.uint8)[:3]).all()
    assert images.take_commands() == ""

    images.rows(wanted[0], 4, Extent(32, 16))
    sent += images.take_commands()
    assert KittyTerminal(sent.encode()).extents[numbers[wanted[0]]] == (32, 16)
    sent += images.take_deletions()
    assert not KittyTerminal(sent.encode()).images


def test_an_image_by_kitty_is_the_image():
    images = KittyImages()
    number = images.rows(noise().tobytes(), 32, Extent(16, 8))[0].number
    sent = KittyTerminal(images.take_commands().encode()).images[number]
    times = len(sent) // 32
    assert (sent == noise().repeat(times, axis=0).repeat(times, axis=1)).all()


@pytest.mark.parametrize("cell", [CellSize(10, 20), CellSize(9, 19), CellSize(7, 15), CellSize(6, 13), CellSize(2, 4)])
@pytest.mark.parametrize(("columns", "rows"), [(16, 8), (32, 16)])
def test_sixels_show_every_pixel_in_its_place(cell: CellSize, columns: int, rows: int):
    image = noise()
    image[4:12] = image[4, 5]  # of one colour
    lines = sixel_rows(image.tobytes(), 32, columns, rows, cell)
    picture = np.concatenate([decode_sixels(_sixels(line, 0, columns)) for line in lines])
    assert picture.shape == (rows * cell.height, columns * cell.width, 4)
    assert (picture[..., 3] == 100).all()
    each = 32 // rows
    edges = [row * cell.height + line * cell.height // each for row in range(rows) for line in range(each)]
    y = np.searchsorted(edges, np.arange(len(picture)), side="right") - 1
    x = ((np.arange(picture.shape[1]) + 1) * 32 - 1) // picture.shape[1]
    assert (picture[..., :3] == np.round(image[y][:, x] / 255 * 100)).all()
    part = decode_sixels(_sixels(lines[2], 3, 9))
    whole = decode_sixels(_sixels(lines[2], 0, columns))
    assert (part == whole[:, 3 * cell.width : 9 * cell.width]).all()


def _sixels(row: SixelRow, start: int, end: int) -> bytes:
    text, width = row.text(start, end), end - start
    assert text.startswith(f"{' ' * width}\x1b7\x1b[{width}D")
    assert text.endswith("\x1b8")
    return text.removeprefix(f"{' ' * width}\x1b7\x1b[{width}D").removesuffix("\x1b8").encode()


def test_a_line_that_is_cut_keeps_what_is_left_of_its_images():
    row = KittyImages().rows(noise().tobytes(), 32, Extent(16, 8))[3]
    base = Strip([Segment(f"|{' ' * 16} {' ' * 16}|")])
    strip = ImageStrip(base, [Placed(0, 0, 16, row, Style()), Placed(17, 0, 16, row, Style())], 1)
    assert _shown(strip) == ["|", *range(16), " ", *range(16), "|"]
    left, covered, right = strip.divide([6, 23, 35])
    assert _shown(left) == ["|", *range(5)]
    assert _shown(covered) == [*range(5, 16), " ", *range(5)]
    assert _shown(right) == [*range(5, 16), "|"]
    assert _shown(right.crop(3)) == [*range(8, 16), "|"]
    assert _shown(strip.crop(4, 12).crop(2, 5)) == [5, 6, 7]
    assert strip.text == base.text
    assert strip.cell_length == 35


def _shown(strip: Strip) -> list[int | str]:
    """Return what each cell of a rendered line shows: a column of the image, or a sign."""
    shown: list[int | str] = []
    rendered = iter(strip.render(CONSOLE))
    for sign in rendered:
        if sign == PLACEHOLDER:
            row, column, _ = (DIACRITICS.index(next(rendered)) for _ in range(3))
            assert row == 3
            shown.append(column)
        elif sign == "\x1b":
            _skip_to(rendered, "m")
        else:
            shown.append(sign)
    assert len(shown) == strip.cell_length
    return shown


def _skip_to(signs: Iterable[str], end: str) -> None:
    for sign in signs:
        if sign == end:
            return


def test_pieces_are_laid_into_a_line_and_cut_at_its_ends():
    line = Strip([Segment("0123456789")])
    assert inlaid(line, [(1, Strip([Segment("abc")])), (8, Strip([Segment("def")]))], 1).text == "01abc5678d"
    assert inlaid(line, [(0, Strip([Segment("abc")]))], -1).text == "bc23456789"
    assert inlaid(line, []).text == "0123456789"


def test_half_blocks_show_two_pixels_a_cell():
    rows = block_rows(noise().tobytes(), 32, 32, "truecolor")
    assert len(rows) == 16
    for y, x in ((0, 0), (3, 17), (15, 31)):
        (cell,) = Text.from_ansi(rows[y].text(x, x + 1)).render(CONSOLE, end="")
        assert cell.text == "▄"
        assert cell.style is not None
        assert (cell.style.bgcolor, cell.style.color) == tuple(
            Color.from_triplet(ColorTriplet(*noise()[line, x].tolist())) for line in (2 * y, 2 * y + 1)
        )
    assert Text.from_ansi(rows[0].text(3, 9)).plain == "▄" * 6


def test_256_colours_are_those_that_rich_takes():
    greys = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    pixels = np.concatenate([noise().reshape(-1, 3), greys, noise(1).reshape(-1, 3) // 8 + 60])
    rich = [Color.from_rgb(*pixel).downgrade(ColorSystem.EIGHT_BIT).number for pixel in pixels.tolist()]
    assert nearest_of_256(pixels).tolist() == rich
    cell = block_rows(noise().tobytes(), 32, 32, "256")[1].text(5, 6)
    upper, lower = nearest_of_256(noise()[2:4, 5])
    assert cell == f"\x1b[38;5;{lower};48;5;{upper}m▄"


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_picture_of_the_screen_has_the_images_in_half_blocks(app: CifarApp, protocol: Protocol):
    async with running(app, (120, 40)) as pilot:
        app.images.protocol = protocol
        app.query_one(ConfigForm).set_field(("data", "source"), Source.SYNTHETIC.value)
        await pilot.press("4")
        grid = app.query_one(DataImages)
        await until(pilot, lambda: grid.count == 100)
        before = drawn(grid)
        red, green, blue = grid.pixels_at(0)[:2, :2].mean(axis=(0, 1)).astype(int)
        assert f'fill="#{red:02x}{green:02x}{blue:02x}"' in app.export_screenshot()
        assert drawn(grid) == before


@pytest.fixture
def without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


async def test_without_colours_images_are_grey(without_colours: None, app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        app.query_one(ConfigForm).set_field(("data", "source"), Source.SYNTHETIC.value)
        await pilot.press("4")
        grid = app.query_one(DataImages)
        await until(pilot, lambda: grid.count == 100)
        style = drawn(grid).get_style_at_offset(CONSOLE, 0)
        assert style.bgcolor is not None
        assert style.bgcolor.triplet is not None
        assert len(set(style.bgcolor.triplet)) == 1


async def test_an_answer_that_comes_late_draws_the_page_anew(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cifar_tui.tui.images.app.measured_cell", lambda: None)
    async with running(app, (120, 40)) as pilot:
        app.query_one(ConfigForm).set_field(("data", "source"), Source.SYNTHETIC.value)
        await pilot.press("4")
        grid = app.query_one(DataImages)
        await until(pilot, lambda: grid.count == 100)

        def drawn() -> str:
            return "".join(strip.render(CONSOLE) for strip in grid.render_lines(grid.outer_size.region))

        assert "▄" in drawn()
        app.post_message(TerminalAnswered(Protocol.SIXEL, None))  # in cells of no known size
        await pilot.pause()
        assert "▄" in drawn()
        app.post_message(TerminalAnswered(Protocol.KITTY, None))
        await until(pilot, lambda: PLACEHOLDER in drawn())
        assert "▄" not in drawn()
        await pilot.press("question_mark")
        await until(pilot, lambda: PLACEHOLDER not in drawn())
        assert "▄" in drawn()  # for the dialog to dim
