import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifar_tui.data.cifar100_names import CLASS_NAMES, SUPERCLASS_NAMES
from cifar_tui.data.dataset import DatasetError
from cifar_tui.data.folder import load_folder
from cifar_tui.paths import Paths

from .conftest import write_images

PETS = ("cat", "dog")


@pytest.mark.parametrize(
    ("size", "suffix", "mode"),
    [
        ((32, 32), "png", "RGB"),
        ((50, 20), "jpg", "RGB"),
        ((64, 64), "png", "L"),
        ((32, 32), "png", "RGBA"),
        ((32, 32), "png", "P"),
    ],
)
def test_images_of_any_size_and_kind_become_32x32_rgb(tmp_path: Path, paths: Paths, size, suffix: str, mode: str):
    dataset = load_folder(write_images(tmp_path / "pets", PETS, 3, 2, size=size, suffix=suffix, mode=mode), paths)
    assert dataset.train.pixels.shape == (6, 32, 32, 3)
    assert dataset.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert (dataset.name, dataset.class_names, dataset.superclass_of) == ("pets", PETS, ())
    if mode == "RGB" and suffix == "png":
        assert dataset.test.pixels[3, 9, 9].tolist() == [2, 20, 77]


def test_cifars_class_names_make_it_cifar100(cifar_tree: Path, paths: Paths):
    dataset = load_folder(cifar_tree, paths)
    assert (dataset.name, dataset.class_names, dataset.superclass_names) == ("CIFAR-100", CLASS_NAMES, SUPERCLASS_NAMES)


def test_a_validation_folder_is_taken_as_it_is(tmp_path: Path, paths: Paths):
    root = write_images(tmp_path / "pets", PETS, 3, 2)
    (root / "test").rename(root / "val")
    write_images(tmp_path / "more", PETS, 1, 1)
    (tmp_path / "more" / "test").rename(root / "test")
    dataset = load_folder(root, paths)
    assert (len(dataset.val), len(dataset.test)) == (4, 2)


def test_the_cache_follows_the_files(tmp_path: Path, paths: Paths):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    before = load_folder(root, paths)
    (cached,) = (paths.datasets / "folders").iterdir()
    assert np.array_equal(load_folder(root, paths).train.pixels, before.train.pixels)
    Image.new("RGB", (32, 32), (255, 0, 0)).save(root / "train" / "cat" / "0.png")
    assert load_folder(root, paths).train.pixels[0, 0, 0].tolist() == [255, 0, 0]
    cached.write_bytes(b"damaged")
    for file in (paths.datasets / "folders").iterdir():
        file.write_bytes(b"damaged")
    assert load_folder(root, paths).train.pixels[0, 0, 0].tolist() == [255, 0, 0]


def test_a_cache_that_cannot_be_written_costs_only_the_cache(tmp_path: Path, paths: Paths):
    paths.datasets.parent.mkdir()
    paths.datasets.write_text("a file where the folder should be")
    assert len(load_folder(write_images(tmp_path / "pets", PETS, 2, 1), paths).train) == 4


def _no_test(root: Path) -> None:
    (root / "test").rename(root / "elsewhere")


def _no_classes(root: Path) -> None:
    for folder in (root / "train").iterdir():
        folder.rename(root / folder.name)


def _empty_class(root: Path) -> None:
    (root / "train" / "bird").mkdir()


def _unknown_class(root: Path) -> None:
    (root / "test" / "cat").rename(root / "test" / "lion")


def _broken_image(root: Path) -> None:
    (root / "train" / "cat" / "0.png").write_bytes(b"no image")


def _half_image(root: Path) -> None:
    file = root / "train" / "cat" / "0.png"
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_no_test, "holds no test/ folder"),
        (_no_classes, "holds no class folders"),
        (_empty_class, "bird holds no images"),
        (_unknown_class, "lion is a class that train/ does not have"),
        (_broken_image, "0.png cannot be read as an image"),
        (_half_image, "0.png cannot be read as an image"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, paths: Paths, damage, says: str):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    damage(root)
    with pytest.raises(DatasetError, match=says):
        load_folder(root, paths)


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    Image.new("RGB", (500, 500)).save(root / "train" / "dog" / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(DatasetError, match=r"bomb\.png is far too large"):
        load_folder(root, paths)
