"""Decoded data sets as single files of raw bytes, which load in a fraction of a second."""

import zipfile
from pathlib import Path

import numpy as np

from cifar_tui.data.dataset import SIDE, DatasetError, ImageDataset, LabelledImages
from cifar_tui.files import replacing

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
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as target:
        np.savez(target, **arrays)  # type: ignore[arg-type]


def load_dataset(file: Path) -> ImageDataset:
    """Read what `save_dataset` wrote.

    Raises:
        DatasetError: the file is missing, damaged, or no such file.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            splits = {split: _read_split(arrays, split) for split in _SPLITS}
            train, test = splits["train"], splits["test"]
            if train is None or test is None:
                raise ValueError("a split is missing")
            return ImageDataset(
                name=str(arrays["name"]),
                train=train,
                val=splits["val"],
                test=test,
                class_names=tuple(arrays["class_names"].tolist()),
                superclass_names=tuple(arrays["superclass_names"].tolist()),
                superclass_of=tuple(arrays["superclass_of"].tolist()),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{file} is damaged ({error}); delete it and get the data again.") from None


def _read_split(arrays: np.lib.npyio.NpzFile, split: str) -> LabelledImages | None:
    if f"{split}_pixels" not in arrays.files:
        return None
    pixels, labels = arrays[f"{split}_pixels"], arrays[f"{split}_labels"]
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (SIDE, SIDE, 3) or labels.shape != pixels.shape[:1]:
        raise ValueError(f"{split} has the wrong shape")
    return LabelledImages(pixels, labels.astype(np.int64, copy=False))
