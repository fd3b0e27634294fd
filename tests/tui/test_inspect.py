"""A finished run seen from inside."""

import re
from functools import partial

import numpy as np
import pytest
from textual.geometry import Region
from textual.widgets import DataTable, Static

from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.look import load_tested_pixels
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.inspect import InspectScreen
from cifar_tui.tui.screens.main import MainScreen
from cifar_tui.tui.widgets.calibration_view import Bins
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.class_table import ClassTable
from cifar_tui.tui.widgets.image_grid import ImageGrid
from cifar_tui.tui.widgets.inside_view import InsideView
from cifar_tui.tui.widgets.matrix_view import MatrixView
from cifar_tui.tui.widgets.pair_table import PairTable
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import CONSOLE, RunMaker, drawn, running, until

SIZES = [(80, 24), (160, 50)]


async def _inspect(app: CifarApp, pilot, run_id: str = "run-01") -> InspectScreen:
    await pilot.press("3")
    table = app.query_one(RunTable)
    await until(pilot, lambda: run_id in {key.value for key in table.rows})
    table.move_cursor(row=table.get_row_index(run_id))
    await until(pilot, lambda: table.chosen is not None and table.chosen.key == run_id)
    await pilot.press("i")
    await until(pilot, lambda: any(table.row_count for table in app.screen.query(ClassTable)))
    assert isinstance(app.screen, InspectScreen)
    return app.screen


def _lines(widget) -> list[str]:
    return [strip.text for strip in widget.render_lines(widget.region.reset_offset)]


def _told(bins: Bins) -> str:
    return str(bins.query_one(Static).content)


@pytest.fixture
def inspected(runs: RunMaker, queue_held: None) -> RunMaker:
    runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.6012)
    runs.predict("run-01")
    return runs


async def test_classes_are_the_worst_first_and_keep_the_cursor_when_sorted(app: CifarApp, inspected: RunMaker):
    async with running(app, (120, 40)) as pilot:
        screen = await _inspect(app, pilot)
        table = screen.query_one(ClassTable)
        shares = [float(str(table.get_row_at(place)[1])) for place in range(table.row_count)]
        assert len(shares) == 100
        assert shares == sorted(shares)
        await pilot.press("end")
        chosen = table.chosen
        assert chosen is not None
        for keys in ("greater_than_sign", "r", "less_than_sign", "less_than_sign"):
            await pilot.press(keys)
            assert table.chosen == chosen
        names = [str(table.get_row_at(place)[0]) for place in range(table.row_count)]
        assert names == sorted(names)  # as the columns before it say


async def test_a_click_on_a_heading_sorts(app: CifarApp, inspected: RunMaker):
    async with running(app, (120, 40)) as pilot:
        table = (await _inspect(app, pilot)).query_one(ClassTable)
        heading = next(strip for strip in _lines(table) if "Precision" in strip)
        await pilot.click(table, offset=(heading.index("Precision"), 1))
        assert table.order == ("precision", False)
        await pilot.click(table, offset=(heading.index("Precision"), 1))
        assert table.order == ("precision", True)


async def test_pairs_those_with_most_images_first(app: CifarApp, inspected: RunMaker):
    async with running(app, (120, 40)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("f")
        table = screen.query_one(PairTable)
        counts = [int(str(table.get_row_at(place)[2])) for place in range(table.row_count)]
        assert counts == sorted(counts, reverse=True)
        first = table.chosen
        assert first is not None
        labels = np.repeat(np.arange(100), 10)
        with np.load(inspected.store.folder / "run-01" / "predictions.npz") as arrays:
            predicted = arrays["probabilities"].argmax(axis=1)
        assert counts[0] == ((labels == first.true) & (predicted == first.predicted)).sum()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_matrix_follows_its_cursor(app: CifarApp, inspected: RunMaker, size: tuple[int, int]):
    async with running(app, size) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("m")
        matrix = screen.query_one(MatrixView)
        assert "20 superclasses" in str(matrix.border_title)
        await pilot.press("down", "right", "right")
        assert matrix.cell == (1, 2)
        assert "true fish → taken for flowers" in _lines(matrix)[1]
        assert re.fullmatch(r"\d+ of 50 images, \d+\.\d\d %", str(matrix.border_subtitle))
        await pilot.press("s", "end")
        assert matrix.cell == (99, 99)
        assert "true worm → taken for worm" in _lines(matrix)[1]
        assert any("99 worm" in line for line in _lines(matrix))
        await pilot.press("pageup")
        assert matrix.cell[0] < 99
        await pilot.press("home", "left", "up")
        assert matrix.cell == (0, 0)
        count = matrix.lines()[1][1]
        assert str(matrix.border_subtitle).startswith(f"{count} of 10 images")
        await pilot.click(matrix, offset=(40, 8))
        row, column = matrix.cell
        assert row == 5
        assert column > 0


async def test_calibration_is_drawn_and_told(app: CifarApp, inspected: RunMaker):
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("a")
        bins = screen.query_one(Bins)
        await until(pilot, lambda: "93-100" in _told(bins))
        assert _told(bins).startswith("ECE ")
        accuracy, ideal = screen.query_one("#curve", Chart).data.series
        assert ideal.points == ((0.0, 0.0), (100.0, 1.0))
        assert all(0 <= x <= 100 and 0 <= y <= 1 for x, y in accuracy.points)


async def test_a_run_without_superclasses_and_names_that_could_steer_the_terminal(app: CifarApp, inspected: RunMaker):
    names = np.array([f"[red]\x1b[31m{label}" for label in range(100)])
    none = {"superclass_names": np.array([], dtype=np.str_), "superclass_of": np.array([], dtype=np.int64)}
    inspected.predict("run-01", class_names=names, **none)
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("s")
        await until(pilot, lambda: any("no superclasses" in str(toast.message) for toast in app._notifications))
        for key, view in (("c", "#classes"), ("f", "#confused"), ("m", "#matrix")):
            await pilot.press(key)
            text = "\n".join(_lines(screen.query_one(view)))
            assert "[red]�[31m" in text
            assert "\x1b" not in text
        await pilot.press("y")
        assert "\x1b" not in app.clipboard


async def test_a_model_that_confuses_nothing(app: CifarApp, inspected: RunMaker):
    inspected.predict("run-01", probabilities=np.eye(100, dtype=np.float16)[np.repeat(np.arange(100), 10)])
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("f")
        table = screen.query_one(PairTable)
        assert (table.row_count, table.border_subtitle) == (0, "nothing is confused")
        await pilot.press("m", "s", "a", "c")
        assert screen.query_one(ClassTable).get_row_at(0)[1].plain == "100.00"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and then nothing"])
async def test_what_cannot_be_inspected_is_told(app: CifarApp, inspected: RunMaker, content: bytes | None):
    file = inspected.store.folder / "run-01" / "predictions.npz"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    async with running(app, (120, 40)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: "run-01" in {key.value for key in table.rows})
        table.move_cursor(row=table.get_row_index("run-01"))
        await until(pilot, lambda: table.chosen is not None and table.chosen.key == "run-01")
        await pilot.press("i")
        await until(pilot, lambda: any("predictions.npz" in str(toast.message) for toast in app._notifications))
        assert isinstance(app.screen, MainScreen)


async def test_in_ascii_and_back(app: CifarApp, inspected: RunMaker, monkeypatch: pytest.MonkeyPatch):
    from cifar_tui.tui import symbols

    monkeypatch.setattr(symbols, "UNICODE", symbols.ASCII)
    symbols.symbols.cache_clear()
    try:
        async with running(app, (120, 40)) as pilot:
            screen = await _inspect(app, pilot)
            await pilot.press("m")
            assert "->" in _lines(screen.query_one(MatrixView))[1]
            await pilot.press("a")
            await until(pilot, lambda: "#" in _told(screen.query_one(Bins)))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            assert app.query_one("#table", DataTable).has_focus
    finally:
        symbols.symbols.cache_clear()


async def _compared(app: CifarApp, pilot, *, wait_for: str) -> str:
    """What the comparison of the two runs says once it holds some words."""
    app.push_screen(
        CompareScreen(
            app._looker.histories(["run-01", "run-02"]),
            partial(load_tested_pixels, paths=app.paths),
        )
    )

    def text() -> str:
        found = app.screen.query("#compare-table Static")
        return (
            "\n".join("".join(strip.text) for strip in found.first().render_lines(Region(0, 0, 100, 40)))
            if found
            else ""
        )

    await until(pilot, lambda: wait_for in text())
    return text()


async def test_two_runs_are_compared_image_by_image(app: CifarApp, inspected: RunMaker):
    inspected.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.3)
    inspected.predict("run-02", seed=1, skill=2.0)
    rights = []
    for run_id in ("run-01", "run-02"):
        with np.load(inspected.store.folder / run_id / "predictions.npz") as arrays:
            rights.append(arrays["probabilities"].argmax(axis=1) == arrays["labels"])
    alone = [(rights[0] & ~rights[1]).sum(), (rights[1] & ~rights[0]).sum()]
    async with running(app, (120, 40)) as pilot:
        told = await _compared(app, pilot, wait_for="McNemar")
        row = next(line.split() for line in told.splitlines() if "Right alone" in line)
        assert [row[2], row[5]] == [str(count) for count in alone]
        assert "p < 0.0001" in told
        assert "more than chance explains" in told
        await pilot.press("y")
        assert f"| Right alone | {alone[0]} " in app.clipboard


async def test_the_images_on_which_one_of_two_runs_alone_is_right(app: CifarApp, inspected: RunMaker):
    inspected.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.3)
    inspected.predict("run-02", seed=1, skill=2.0)
    inspected.keep_images(app.paths)
    rights = []
    for run_id in ("run-01", "run-02"):
        with np.load(inspected.store.folder / run_id / "predictions.npz") as arrays:
            rights.append(arrays["probabilities"].argmax(axis=1) == arrays["labels"])
    async with running(app, (120, 40)) as pilot:
        await _compared(app, pilot, wait_for="McNemar")
        grid = app.screen.query_one(ImageGrid)
        for right, wrong in (rights, rights[::-1]):
            await pilot.press("i")
            await until(pilot, lambda: grid.display and "▄" in drawn(grid).plain)
            found = [int(line[0]) for line in grid.lines()[1:]]
            assert found == (right & ~wrong).nonzero()[0].tolist()
        await pilot.press("i")
        assert not grid.display
        await pilot.press("i", "escape")
        assert not grid.display
        assert isinstance(app.screen, CompareScreen)


async def test_runs_on_other_images_are_not_compared(app: CifarApp, inspected: RunMaker):
    inspected.make("part1/mlp", RunStatus.FINISHED, epochs=30, accuracy=0.3)
    inspected.predict("run-02", labels=np.tile(np.arange(100), 10))
    async with running(app, (160, 50)) as pilot:
        await _compared(app, pilot, wait_for="The runs were tested on different images")
        await pilot.press("i")
        assert "Two runs that were tested on the same images" in [*app._notifications][-1].message


def _wrong(runs: RunMaker, label: int) -> list[int]:
    """The images of a class that are taken for another one."""
    with np.load(runs.store.folder / "run-01" / "predictions.npz") as arrays:
        predicted, labels = arrays["probabilities"].argmax(axis=1), arrays["labels"]
    return ((labels == label) & (predicted != label)).nonzero()[0].tolist()


async def test_the_images_of_a_class_page_by_page(app: CifarApp, inspected: RunMaker):
    inspected.keep_images(app.paths)
    async with running(app, (60, 18)) as pilot:
        screen = await _inspect(app, pilot)
        score = screen.query_one(ClassTable).chosen
        assert score is not None
        await pilot.press("enter")
        grid = screen.query_one(ImageGrid)
        await until(pilot, lambda: "▄" in drawn(grid).plain)
        of_class = list(range(score.index * 10, score.index * 10 + 10))
        assert str(grid.border_title).startswith(f"{score.name}: 10 images, {score.right} right")
        seen = [one.index for one in grid.shown]
        assert seen == of_class[: len(seen)]
        assert len(seen) < 10
        await pilot.press("pagedown")
        assert next(one.index for one in grid.shown) == of_class[len(seen)]
        await pilot.press("pageup")
        assert [one.index for one in grid.shown] == seen
        await pilot.press("end")
        assert [one.index for one in grid.shown][-1] == of_class[-1]
        await pilot.press("home", "w")
        assert [one.index for one in grid.shown] == _wrong(inspected, score.index)[: len(seen)]
        captions = grid.render_line(8).text
        assert captions.count("✗") == min(len(grid.shown), 3)
        assert f"{round(grid.shown[0].probability * 100)}%" in captions
        await pilot.press("w")
        assert all(one.is_right for one in grid.shown)


async def test_a_pixel_is_drawn_in_its_colour(app: CifarApp, inspected: RunMaker):
    inspected.keep_images(app.paths)
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("m", "s", "enter")
        grid = screen.query_one(ImageGrid)
        await until(pilot, lambda: "▄" in drawn(grid).plain)
        with np.load(app.paths.cifar100) as arrays:
            pixels = arrays["test_pixels"][grid.shown[0].index]
        upper, lower = pixels[:2, :2].mean(axis=(0, 1)), pixels[2:4, :2].mean(axis=(0, 1))
        style = drawn(grid).get_style_at_offset(CONSOLE, 0)
        assert style.bgcolor is not None
        assert style.color is not None
        assert style.bgcolor.triplet == tuple(upper.astype(int))
        assert style.color.triplet == tuple(lower.astype(int))


async def test_the_images_of_a_pair_and_of_a_cell(app: CifarApp, inspected: RunMaker):
    inspected.keep_images(app.paths)
    async with running(app, (120, 40)) as pilot:
        screen = await _inspect(app, pilot)
        grid = screen.query_one(ImageGrid)
        await pilot.press("f", "enter")
        pair = screen.query_one(PairTable).chosen
        assert pair is not None
        assert len(grid.shown) == pair.count
        assert {(one.true_name, one.predicted_name) for one in grid.shown} == {(pair.true_name, pair.predicted_name)}
        await pilot.press("escape", "m", "enter")
        matrix = screen.query_one(MatrixView)
        assert str(matrix.border_subtitle).startswith(f"{len(grid.lines()) - 1} of 50 images")
        await pilot.press("escape")
        assert matrix.has_focus
        await pilot.press("a", "enter")
        assert not grid.display


async def test_without_the_data_set_the_predictions_are_listed(app: CifarApp, inspected: RunMaker):
    async with running(app, (100, 40)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("enter")
        grid = screen.query_one(ImageGrid)
        await until(
            pilot, lambda: "The images are not here: CIFAR-100 is not on this machine" in grid.render_line(0).text
        )
        told = "\n".join(grid.render_line(y).text for y in range(grid.size.height))
        for one in grid.shown:
            assert f"{one.index}  {one.true_name} → {one.predicted_name}  {one.probability * 100:.1f} %" in told
        assert len(grid.shown) == 10


async def test_a_data_set_that_is_another_one_is_not_shown(app: CifarApp, inspected: RunMaker):
    inspected.keep_images(app.paths)
    inspected.predict("run-01", labels=np.tile(np.arange(100), 10))
    async with running(app, (100, 40)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("enter")
        grid = screen.query_one(ImageGrid)
        await until(pilot, lambda: "The data set has changed" in grid.render_line(0).text)


async def test_a_cell_without_images_looks_inside_with_all_of_them(app: CifarApp, inspected: RunMaker):
    inspected.keep_weights("run-01")
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        matrix, view = screen.query_one(MatrixView), screen.query_one(InsideView)
        await pilot.press("m", "s", *["right"] * 40)
        await until(pilot, lambda: str(matrix.border_subtitle).startswith("0 of 10 images"))
        await pilot.press("l", "right")
        await until(pilot, lambda: len(view.captions) == 32)


async def test_images_that_have_changed_since_are_told_of_inside(app: CifarApp, runs: RunMaker, queue_held: None):
    runs.make("part3/custom_vit", RunStatus.FINISHED, epochs=30, accuracy=0.3)
    runs.predict("run-01", labels=np.tile(np.arange(100), 10))
    runs.keep_images(app.paths)
    runs.keep_weights("run-01")
    async with running(app, (80, 24)) as pilot:
        screen = await _inspect(app, pilot)
        await pilot.press("l")
        view = screen.query_one(InsideView)
        await until(pilot, lambda: "The data set has changed since" in view.render_line(0).text)
