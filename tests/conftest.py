"""Images that every part's tests train on, and run folders that none can read."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if "PYTEST_XDIST_WORKER" in os.environ:
    # Of several workers, none may take all cores; the programs that they start inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers() -> int:
    """Take half as many workers again as cores: for a quarter of its time, each waits for a program that it started."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


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


_ONE_TOO_MANY = "Too many levels of symbolic links"
_BAD = "is damaged: the file: Invalid JSON: "
_NOT_PLAIN = "it is not a plain file"


@pytest.fixture
def make_unreadable() -> Callable[[Path], dict[str, str]]:
    """Fill a folder of runs with one of every kind that cannot be read; return what is wrong with each."""

    def make(runs: Path) -> dict[str, str]:
        newer = {"schema_version": 2, "status": "dreaming", "config": {"name": "From the \nfuture", "soul": True}}
        contents = {
            "empty": (b"", f"{_BAD}EOF while parsing a value at line 1 column 0."),
            "binary": (bytes(range(256)), f"{_BAD}expected value at line 1 column 1."),
            "nested": (b"[" * 9000, f"{_BAD}recursion limit exceeded at line 1 column 202."),
            "wrong": (b'{"config": 5, "status": []}', "is damaged: config: Input should be an object."),
            "cut": (b'{"config": 5', f"{_BAD}EOF while parsing an object at line 1 column 12."),
            "newer": (json.dumps(newer).encode(), "was written by a newer cifar-tui (schema 2); update to read it."),
        }  # fmt: skip
        reasons = {name: reason for name, (_, reason) in contents.items()}
        for name, (content, _) in contents.items():
            (runs / name).mkdir(parents=True)
            (runs / name / "run.json").write_bytes(content)
        makers: dict[str, tuple[Callable[[Path], object], str]] = {
            "nothing": (lambda file: None, "is missing."),
            "folder": (Path.mkdir, f"cannot be read: {_NOT_PLAIN}."),
            "pipe": (os.mkfifo, f"cannot be read: {_NOT_PLAIN}."),
            "device": (lambda file: file.symlink_to("/dev/zero"), f"cannot be read: {_NOT_PLAIN}."),
            "linked": (lambda file: file.symlink_to(file), f"cannot be read: {_ONE_TOO_MANY}."),
            "huge": (_make_huge, "cannot be read: it is larger than 1,048,576 bytes."),
        }
        for name, (put, reason) in makers.items():
            (runs / name).mkdir()
            put(runs / name / "run.json")
            reasons[name] = reason
        for name, target, reason in (
            ("itself", runs / "itself", f"cannot be read: {_ONE_TOO_MANY}."),
            ("parent", runs, "is missing."),
        ):
            (runs / name).symlink_to(target)
            reasons[name] = reason
        return {name: f"run.json {reason}" for name, reason in reasons.items()}

    return make


def _make_huge(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(10**12)
