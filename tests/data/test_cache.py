"""Decoded data sets on disk: whatever else lies in their place is one sentence, and is not run."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_tui.data.cache import load_dataset, load_test_split, save_dataset
from cifar_tui.data.dataset import DatasetError, ImageDataset, LabelledImages


def _images(count: int) -> LabelledImages:
    return LabelledImages(np.zeros((count, 32, 32, 3), np.uint8), np.arange(count) % 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A whole one, with two classes in two superclasses."""
    file = tmp_path / "pets.npz"
    save_dataset(
        ImageDataset("pets", _images(4), None, _images(2), ("cat", "dog"), ("small", "large"), (0, 1)),
        file,
    )
    assert len(load_dataset(file).train) == 4
    return file


def _replace(file: Path, **arrays: Any) -> None:
    with np.load(file) as whole:
        kept = dict(whole)
    np.savez(file, **kept | arrays)


@pytest.mark.parametrize(
    "arrays",
    [
        {"train_labels": np.array([0, 1, 2, 0])},
        {"test_labels": np.array([0, -1])},
        {"train_labels": np.array([0.5, 1, 0, 1])},
        {"train_labels": np.array(1)},
        {"test_pixels": np.zeros((0, 32, 32, 3), np.uint8), "test_labels": np.zeros(0, np.int64)},
        {"train_pixels": np.zeros((4, 8, 8, 3), np.uint8)},
        {"class_names": np.array("cat")},
        {"superclass_of": np.array([0])},
        {"superclass_of": np.array([0, 2])},
    ],
)
def test_what_does_not_fit_together_is_damaged(file: Path, arrays: dict[str, Any]) -> None:
    _replace(file, **arrays)
    with pytest.raises(DatasetError, match=r"is damaged .*; delete it and get the data again"):
        load_dataset(file)


@pytest.mark.parametrize("name", ["name", "class_names", "train_pixels", "test_labels"])
def test_objects_in_it_are_not_unpickled(file: Path, malice, name: str) -> None:
    objects = np.empty(1, dtype=object)
    objects[0] = malice
    _replace(file, **{name: objects})
    with pytest.raises(DatasetError, match="is damaged"):
        load_dataset(file)
    assert not malice.was_run


def _array(content: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([content], dtype=object))
    return file.getvalue()


def _zipped(content: bytes, member: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, content)
    return file.getvalue()


@pytest.mark.parametrize(
    "write",
    [
        pickle.dumps,
        _array,
        lambda malice: _zipped(pickle.dumps(malice), "train_pixels"),
        lambda malice: _zipped(pickle.dumps(malice), "train_pixels.npy"),
        lambda _: b"",
    ],
    ids=["pickle", "npy", "member", "npy member", "empty"],
)
def test_another_file_in_its_place_is_not_run(file: Path, malice, write: Callable[[object], bytes]) -> None:
    file.write_bytes(write(malice))
    with pytest.raises(DatasetError, match="is damaged"):
        load_dataset(file)
    assert not malice.was_run


def test_the_test_images_alone(file: Path, malice) -> None:
    whole, alone = load_dataset(file).test, load_test_split(file)
    assert (alone.pixels == whole.pixels).all()
    assert alone.labels.tolist() == whole.labels.tolist() == [0, 1]
    _replace(file, test_pixels=np.array([malice], dtype=object))
    with pytest.raises(DatasetError, match=r"is damaged .*; delete it and get the data again"):
        load_test_split(file)
    file.write_bytes(b"no data")
    with pytest.raises(DatasetError, match="it holds no arrays"):
        load_test_split(file)
    assert not malice.was_run
