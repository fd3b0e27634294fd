"""Images that every part's tests train on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images: six classes, eight training and two test images each."""
    folder = tmp_path_factory.mktemp("data") / "tiny"
    random = np.random.default_rng(0)
    for split, count in (("train", 8), ("test", 2)):
        for label in range(6):
            (folder / split / f"class{label}").mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / split / f"class{label}" / f"{index}.png")
    return folder


class Malice:
    """Unpickling it, by any of pickle's ways, makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.marker,)

    @property
    def was_run(self) -> bool:
        return self.marker.exists()


@pytest.fixture
def malice(tmp_path: Path) -> Malice:
    return Malice(tmp_path / "marker of malice")
