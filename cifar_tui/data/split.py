"""Which training images are held out for validation."""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifar_tui.config import DataConfig
from cifar_tui.data.dataset import DatasetError, ImageDataset, LabelledImages


def split(dataset: ImageDataset, config: DataConfig) -> ImageDataset:
    """Hold out `config.val_fraction` of each class, unless the data set has a validation split of its own.

    The order within a class is that of a hash of the pixels, keyed by `config.split_seed`. So the split depends on the
    images and the seed alone: not on the machine, NumPy's version, or the order and source the images came in.
    Training images come out in that order too.

    Raises:
        DatasetError: a class has a single image, which cannot be on both sides.
    """
    train = _in_canonical_order(dataset.train, config.split_seed)
    if dataset.val is not None:
        return replace(dataset, train=train)
    held_out = np.zeros(len(train), dtype=bool)
    for label, name in enumerate(dataset.class_names):
        own = np.flatnonzero(train.labels == label)
        if len(own) == 1:
            raise DatasetError(
                f"{dataset.name}: class {name!r} has a single training image; it needs two or a val/ split."
            )
        count = min(max(round(len(own) * config.val_fraction), 1), len(own) - 1)
        held_out[own[: max(count, 0)]] = True
    return replace(dataset, train=_chosen(train, ~held_out), val=_chosen(train, held_out))


def _in_canonical_order(images: LabelledImages, seed: int) -> LabelledImages:
    key = seed.to_bytes(8, "little")
    digests = [hashlib.blake2b(image.data, digest_size=8, key=key).digest() for image in images.pixels]
    values = np.frombuffer(b"".join(digests), dtype=">u8")
    return _chosen(images, np.lexsort((values, images.labels)))


def _chosen(images: LabelledImages, which: NDArray[np.bool_] | NDArray[np.intp]) -> LabelledImages:
    return LabelledImages(images.pixels[which], images.labels[which])
