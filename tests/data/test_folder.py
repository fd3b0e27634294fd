import os
import resource
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifar_tui.config import DataConfig, Source
from cifar_tui.data.cifar100_names import CLASS_NAMES, SUPERCLASS_NAMES
from cifar_tui.data.dataset import DatasetError
from cifar_tui.data.folder import load_folder
from cifar_tui.data.load import load
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


@pytest.mark.parametrize("name", ["CIFAR-100", "synthetic"])
def test_a_folder_is_not_what_it_is_called(tmp_path: Path, paths: Paths, name: str):
    root = write_images(tmp_path / name, PETS, 3, 2)
    first, from_the_cache = load_folder(root, paths), load_folder(root, paths)
    assert first.name == from_the_cache.name == f"{name} (folder)"


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
    (cached,) = paths.decoded_folders.iterdir()
    assert np.array_equal(load_folder(root, paths).train.pixels, before.train.pixels)
    Image.new("RGB", (32, 32), (255, 0, 0)).save(root / "train" / "cat" / "0.png")
    other = load_folder(write_images(tmp_path / "more", PETS, 1, 1), paths)
    assert load_folder(root, paths).train.pixels[0, 0, 0].tolist() == [255, 0, 0]
    assert not cached.exists()
    assert len(list(paths.decoded_folders.iterdir())) == 2
    for file in paths.decoded_folders.iterdir():
        file.write_bytes(b"damaged")
    assert np.array_equal(load_folder(tmp_path / "more", paths).train.pixels, other.train.pixels)
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


def _text_as_image(root: Path) -> None:
    (root / "train" / "cat" / "0.png").write_text("A cat.\n")


def _program_as_image(root: Path) -> None:
    """EPS, which Ghostscript would run."""
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\nshowpage\n%%EOF\n"
    (root / "train" / "cat" / "0.png").write_bytes(program)


def _header_alone(root: Path) -> None:
    os.truncate(root / "train" / "cat" / "0.png", 33)


def _class_loop(root: Path) -> None:
    (root / "train" / "eel").symlink_to(root / "train" / "eel")


def _image_nowhere(root: Path) -> None:
    (root / "train" / "cat" / "9.png").symlink_to(root / "nowhere.png")


def _class_around_itself(root: Path) -> None:
    (root / "train" / "snake").symlink_to(root / "train")


def _nothing(root: Path) -> None:
    for file in root.rglob("*.png"):
        file.unlink()


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
        (_text_as_image, "0.png cannot be read as an image"),
        (_program_as_image, "0.png cannot be read as an image"),
        (_header_alone, "0.png cannot be read as an image"),
        (_class_loop, "eel cannot be read .*symbolic links"),
        (_class_around_itself, "snake holds no images"),
        (_image_nowhere, "9.png cannot be read .*No such file"),
        (_nothing, "cat holds no images"),
        (_half_image, "0.png cannot be read as an image"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, paths: Paths, damage, says: str):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    damage(root)
    with pytest.raises(DatasetError, match=says) as caught:
        load_folder(root, paths)
    assert "\n" not in str(caught.value)


def _declare_size(file: Path, width: int, height: int) -> None:
    """Make a small PNG claim to be a large one."""
    content = file.read_bytes()
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    file.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])


@pytest.mark.parametrize("side", [10_000, 60_000], ids=["large", "huge"])
def test_images_that_would_fill_the_memory_are_refused(tmp_path: Path, paths: Paths, side: int):
    root = write_images(tmp_path / "pets", PETS, 20, 1)
    for file in root.rglob("*.png"):
        _declare_size(file, side, side)
    filters = list(warnings.filters)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DatasetError, match=r"\d\.png is far too large"):
        load_folder(root, paths)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes; one image has 300,000
    assert warnings.filters == filters


def test_large_images_are_in_memory_one_at_a_time(tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cifar_tui.data.folder._LARGE", 32 * 32)
    root = write_images(tmp_path / "pets", PETS, 8, 1, size=(64, 64))
    begun, another = threading.Event(), threading.Event()
    convert = Image.Image.convert

    def watched(image: Image.Image, mode: str) -> Image.Image:
        if begun.is_set():
            another.set()
        begun.set()
        if not another.is_set():
            assert not another.wait(0.2)
        return convert(image, mode)

    monkeypatch.setattr(Image.Image, "convert", watched)
    assert len(load_folder(root, paths).train) == 16


def test_a_class_with_a_single_image_is_told_what_it_needs(tmp_path: Path, paths: Paths):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    (root / "train" / "dog" / "1.png").unlink()
    with pytest.raises(DatasetError, match="'dog' has a single training image; it needs two or a val/ split"):
        load(DataConfig(source=Source.FOLDER, path=root), paths)


def test_sixteen_bits_of_grey_become_eight(tmp_path: Path, paths: Paths):
    root = write_images(tmp_path / "pets", PETS, 2, 1)
    ramp = np.repeat(np.arange(32) * 2048, 32).reshape(32, 32)
    Image.fromarray(ramp.astype(np.uint16)).save(root / "test" / "cat" / "0.png")
    shown = load_folder(root, paths).test.pixels[0]
    assert np.array_equal(shown, np.repeat(ramp[:, :, None] // 256, 3, axis=2))


def test_names_that_are_no_text_are_names(tmp_path: Path, paths: Paths):
    root = write_images(tmp_path / os.fsdecode(b"p\xe9ts \x1b[31m"), ("c\nat", os.fsdecode(b"\xff")), 2, 1)
    first = load_folder(root, paths)
    assert len(first.train) == 4
    assert load_folder(root, paths).class_names == first.class_names
