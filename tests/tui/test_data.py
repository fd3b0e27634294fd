"""The Data tab: classes with their counts, images, and what augmentation makes of one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from textual import events
from textual.pilot import Pilot

from cifar_tui.config import DataConfig, Source
from cifar_tui.data.variants import Variants
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.augmentation import augmentation_words
from cifar_tui.tui.state import ViewState, save_state
from cifar_tui.tui.variants import VariantMaker
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.count_table import CountTable
from cifar_tui.tui.widgets.data_images import DataImages
from cifar_tui.tui.widgets.key_bar import KeyBar

from .conftest import RunMaker, running, until


def _grid(app: CifarApp) -> DataImages:
    return app.query_one(DataImages)


def _lines(app: CifarApp) -> str:
    grid = _grid(app)
    return " ".join(" ".join(grid.render_line(y).text for y in range(grid.size.height)).split())


def _rows(app: CifarApp) -> list[list[str]]:
    table = app.query_one(CountTable)
    return [[str(cell).strip() for cell in table.get_row_at(place)] for place in range(table.row_count)]


async def _embedded(app: CifarApp, pilot: Pilot[None], **settings: object) -> None:
    form = app.query_one(ConfigForm)
    for name, value in {"source": Source.SYNTHETIC.value, **settings}.items():
        form.set_field(("data", name), value)
    await pilot.press("4")
    await until(pilot, lambda: _grid(app).count == 100)


async def test_counts_of_superclasses_and_classes(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await _embedded(app, pilot)
        rows = _rows(app)
        assert len(rows) == 1 + 20 + 100
        assert rows[:3] == [
            ["all classes", "10000", "2000", "2000"],
            ["rows", "500", "100", "100"],
            ["red rows", "100", "20", "20"],
        ]
        assert app.query_one(CountTable).border_title == "synthetic"


async def test_the_images_follow_the_cursor_in_the_table(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await _embedded(app, pilot)
        await pilot.press("down")
        await until(pilot, lambda: str(_grid(app).border_title) == "Train · green rows")
        assert next(iter(_grid(app).shown)) == 100
        await pilot.press("up", "up", "s")
        await until(pilot, lambda: str(_grid(app).border_title) == "Val · rows")
        assert "red rows" in _lines(app)  # of several classes, each image says its own


async def test_the_arrows_choose_an_image_and_take_the_page_along(app: CifarApp):
    async with running(app, (80, 24)) as pilot:
        await _embedded(app, pilot)
        grid = _grid(app)
        await pilot.press("enter")
        await until(pilot, lambda: grid.has_focus)
        moves = [("right", 1), ("down", 3), ("left", 2), ("up", 0), ("pagedown", 4), ("end", 99), ("right", 99)]
        for key, expected in [*moves, ("home", 0), ("left", 0)]:
            await pilot.press(key)
            assert grid.chosen == expected, key
            assert grid.chosen in grid.shown
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: len(grid.shown) > 4)
        assert await pilot.click(grid, offset=(20, 12))
        columns = grid.columns
        assert grid.chosen == columns + 1


async def test_nothing_is_read_before_the_tab_is_shown(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    from cifar_tui.data import load

    asked: list[DataConfig] = []
    real = load.load
    monkeypatch.setattr(load, "load", lambda config, paths: asked.append(config) or real(config, paths))
    async with running(app, (120, 40)) as pilot:
        await pilot.press("2", "3", "1")
        assert asked == []
        await _embedded(app, pilot)
        await pilot.press("3", "4")
        assert [config.source for config in asked] == [Source.SYNTHETIC]


async def test_the_tab_is_where_the_next_start_begins(app: CifarApp):
    save_state(app.paths.data / "state.json", ViewState(tab="data"))
    app = CifarApp(app.paths)
    try:
        async with running(app, (120, 40)) as pilot:
            await until(pilot, lambda: app.query_one(CountTable).has_focus)
            assert "press i to download, import" in _lines(app)
    finally:
        app.runner.shut_down()
        assert app.runner.join(timeout=60)


async def test_a_key_gets_the_data_set_that_is_missing(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "CIFAR-100 is not here: press i" in _lines(app))
        await pilot.press("s", "a", "n", "enter", "+", "escape")  # none of which has anything to work on
        await pilot.press("i", "e")
        await until(pilot, lambda: len(_rows(app)) == 121)


async def test_without_images_the_line_of_keys_names_the_one_that_gets_them(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("4")
        bar = app.screen.query_one(KeyBar)
        await until(pilot, lambda: str(bar.content).split()[:3] == ["i", "Get", "data"])
        assert "Split" not in str(bar.content)


async def test_a_data_set_that_came_meanwhile_is_read(app: CifarApp, runs: RunMaker):
    async with running(app, (120, 40)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "CIFAR-100 is not here" in _lines(app))
        runs.keep_images(app.paths)
        await pilot.press("1", "4")
        await until(pilot, lambda: "has a single training image" in _lines(app))


async def test_a_damaged_data_set_is_a_sentence(app: CifarApp):
    app.paths.cifar100.parent.mkdir(parents=True)
    app.paths.cifar100.write_bytes(b"no arrays")
    async with running(app, (120, 40)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "is damaged" in _lines(app))
        assert _rows(app) == []


async def test_a_form_that_is_wrong_says_so(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        app.query_one(ConfigForm).set_field(("training", "lr"), "-1")
        await pilot.press("4")
        await until(pilot, lambda: "The form is not right yet: Learning rate must be greater than 0." in _lines(app))


async def test_a_folder_of_images_has_plain_classes(app: CifarApp, tmp_path: Path):
    folder = tmp_path / "pets [red]"
    for split, count in (("train", 4), ("test", 1)):
        for name in ("cat [b]", "dog"):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = np.full((32, 32, 3), number * 40 + len(name), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{number}.png")
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        form.set_field(("data", "source"), "folder")
        form.set_field(("data", "path"), str(folder))
        form.set_field(("data", "val_fraction"), "0.5")
        await pilot.press("4")
        await until(pilot, lambda: len(_rows(app)) == 3)
        assert _rows(app) == [["all classes", "4", "4", "2"], ["cat [b]", "2", "2", "1"], ["dog", "2", "2", "1"]]
        assert str(_grid(app).border_title) == r"Train · cat \[b]"  # escaped, as markup


async def test_variants_follow_the_form(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await _embedded(app, pilot, crop_padding="0", flip="off")
        await pilot.press("a")
        await until(pilot, lambda: _grid(app).count == 60)
        assert str(_grid(app).border_title) == "red rows 0: nothing"
        first = _grid(app).pixels_at(0)
        assert all((_grid(app).pixels_at(place) == first).all() for place in range(60))
        app.query_one(ConfigForm).set_field(("data", "mixup"), "1")
        await pilot.press("3", "4")
        await until(pilot, lambda: str(_grid(app).border_title) == "red rows 0: mixup 1" and _grid(app).count == 60)
        assert not (_grid(app).pixels_at(1) == first).all()
        captions = [_grid(app).caption_at(place).text for place in range(60)]
        assert captions[0].strip(" >") == "as it is"
        assert all("% " in caption for caption in captions[1:])
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert _grid(app).count == 60


async def test_variants_are_left_for_another_class_whose_row_came_in_the_same_packet(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        await _embedded(app, pilot)
        await pilot.press("a")
        await until(pilot, lambda: "as it is" in _lines(app))
        for key in ("down", "escape"):
            app.post_message(events.Key(key, None))
        await until(pilot, lambda: "as it is" not in _lines(app))
        assert _grid(app).chosen is not None


async def test_an_image_that_cannot_be_augmented_is_a_sentence(app: CifarApp, monkeypatch: pytest.MonkeyPatch):
    async def ask(self: VariantMaker, *args: object, **kwargs: object) -> None:
        self._hear(Variants(number=1, error="The image cannot be augmented: [b]no memory."))

    monkeypatch.setattr(VariantMaker, "ask", ask)
    async with running(app, (120, 40)) as pilot:
        await _embedded(app, pilot)
        await pilot.press("a")
        await until(pilot, lambda: "The image cannot be augmented: [b]no memory." in _lines(app))
        await pilot.press("escape")
        await until(pilot, lambda: _grid(app).count == 100)


def test_what_is_done_to_an_image_in_its_order():
    assert augmentation_words(DataConfig()) == "crop 4, flip"
    assert augmentation_words(DataConfig.model_validate({"crop_padding": 0, "flip": "off"})) == "nothing"
    everything = {
        "crop_padding": 2,
        "flip": "alternating",
        "auto_augment": "trivial_augment",
        "erasing": 0.25,
        "mixup": 0.2,
        "cutmix": 1.0,
    }
    words = "crop 2, alternating flip, trivial_augment, erasing 0.25, mixup 0.2, cutmix 1"
    assert augmentation_words(DataConfig.model_validate(everything)) == words
