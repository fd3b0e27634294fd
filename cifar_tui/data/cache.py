"""Decoded data sets as single files of raw bytes, which load in a fraction of a second."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_tui.data.dataset import SIDE, DatasetError, ImageDataset, LabelledImages
from cifar_tui.files import make_folder, replacing

_SPLITS = ("train", "val", "test")


def save_dataset(dataset: ImageDataset, file: Path) -> None:
    """Write `dataset` to `file`, in one step.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    arrays: dict[str, np.ndarray] = {
        "name": np.array(dataset.name),
        "class_names": np.array(dataset.class_names),
        "superclass_names": np.array(dataset.superclass_names, dtype=np.str_),
        "superclass_of": np.array(dataset.superclass_of, dtype=np.int64),
    }
    for split in _SPLITS:
        images: LabelledImages | None = getattr(dataset, split)
        if images is not None:
            arrays[f"{split}_pixels"], arrays[f"{split}_labels"] = images.pixels, images.labels
    make_folder(file.parent)
    with replacing(file) as target:
        np.savez(target, **arrays)  # type: ignore[arg-type]


def load_dataset(file: Path) -> ImageDataset:
    """Read what `save_dataset` wrote.

    Raises:
        DatasetError: the file is missing, damaged, or no such file.
    """
    with _arrays_of(file) as arrays:
        dataset = ImageDataset(
            name=str(arrays["name"]),
            train=_read_split(arrays, "train"),
            val=_read_split(arrays, "val") if "val_pixels" in arrays.files else None,
            test=_read_split(arrays, "test"),
            class_names=tuple(arrays["class_names"].tolist()),
            superclass_names=tuple(arrays["superclass_names"].tolist()),
            superclass_of=tuple(arrays["superclass_of"].tolist()),
        )
        _check(dataset)
    return dataset


def load_test_split(file: Path) -> LabelledImages:
    """Read the test images of what `save_dataset` wrote, and nothing else.

    Raises:
        DatasetError: the file is missing, damaged, or no such file.
    """
    with _arrays_of(file) as arrays:
        return _read_split(arrays, "test")


@contextmanager
def _arrays_of(file: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Open a file of arrays; whatever goes wrong while the block reads them is a `DatasetError`."""
    try:
        if not zipfile.is_zipfile(file):
            raise ValueError("it holds no arrays")
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except Exception as error:  # a broken file can raise nearly anything
        raise DatasetError(f"{file} is damaged ({error}); delete it and get the data again.") from None


def _read_split(arrays: np.lib.npyio.NpzFile, split: str) -> LabelledImages:
    if f"{split}_pixels" not in arrays.files:
        raise ValueError(f"{split} is missing")
    pixels, labels = arrays[f"{split}_pixels"], arrays[f"{split}_labels"]
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (SIDE, SIDE, 3) or labels.shape != pixels.shape[:1]:
        raise ValueError(f"{split} has the wrong shape")
    return LabelledImages(pixels, labels.astype(np.int64, casting="safe", copy=False))


def _check(dataset: ImageDataset) -> None:
    """Return when the labels and superclasses are within their names.

    Raises:
        ValueError: they are not, or a split is empty.
    """
    for images in (dataset.train, dataset.val, dataset.test):
        if images is not None:
            _check_range(images.labels, dataset.class_names)
    if dataset.superclass_names:
        if len(dataset.superclass_of) != len(dataset.class_names):
            raise ValueError("not every class has a superclass")
        _check_range(np.array(dataset.superclass_of), dataset.superclass_names)


def _check_range(indices: NDArray[np.int64], names: tuple[str, ...]) -> None:
    if not len(indices):
        raise ValueError("a split is empty")
    if not 0 <= indices.min() <= indices.max() < len(names):
        raise ValueError("a label has no name")
