"""Small data sets on disk, in the formats that the sources read."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifar_tui.data.cifar100_names import CLASS_NAMES
from cifar_tui.paths import Paths, find_paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "home")


def batch(count: int, seed: int) -> dict:
    """The content of one official file: images channel by channel, labels as a list."""
    random = np.random.RandomState(seed)
    labels = [number % 100 for number in range(count)]
    return {
        "filenames": [f"{number}.png" for number in range(count)],
        "batch_label": "a batch",
        "fine_labels": labels,
        "coarse_labels": [0] * count,
        "data": random.randint(0, 256, (count, 3072)).astype(np.uint8),
    }


def write_archive(file: Path, train: object, test: object, extra: dict[str, bytes] | None = None) -> Path:
    members = {
        f"cifar-100-python/{name}": pickle.dumps(content, 2) for name, content in (("train", train), ("test", test))
    }
    with tarfile.open(file, "w:gz") as archive:
        for name, content in ((extra or {}) | members).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "cifar-100-python.tar.gz", batch(300, 1), batch(100, 2))


def write_images(
    root: Path, classes: tuple[str, ...], train: int, test: int, *, size=(32, 32), suffix="png", mode="RGB"
) -> Path:
    """`train/` and `test/` with images of a colour for each class."""
    for split, count in (("train", train), ("test", test)):
        for index, name in enumerate(classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                image = Image.new("RGB", size, (index * 2, number * 20, 77)).convert(mode)
                image.save(folder / f"{number}.{suffix}")
    return root


@pytest.fixture(scope="session")
def cifar_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images"), CLASS_NAMES, 3, 1)
