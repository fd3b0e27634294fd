import hashlib
from dataclasses import replace

import numpy as np
import pytest

from cifar_tui.config import DataConfig, Source
from cifar_tui.data.dataset import DatasetError, ImageDataset, LabelledImages
from cifar_tui.data.load import load
from cifar_tui.data.split import split
from cifar_tui.data.synthetic import make_synthetic
from cifar_tui.paths import Paths


def dataset(counts: tuple[int, ...] = (40, 40, 10), seed: int = 0) -> ImageDataset:
    labels = np.repeat(np.arange(len(counts)), counts)
    pixels = np.random.RandomState(seed).randint(0, 256, (len(labels), 32, 32, 3)).astype(np.uint8)
    images = LabelledImages(pixels, labels)
    return ImageDataset("made up", images, None, images, tuple("abc"[: len(counts)]))


def as_set(images: LabelledImages) -> set[bytes]:
    return {bytes([label]) + image.tobytes() for label, image in zip(images.labels, images.pixels, strict=True)}


def test_each_class_gives_its_share_and_no_image_is_on_both_sides():
    whole = dataset()
    parts = split(whole, DataConfig())
    assert np.bincount(parts.val.labels).tolist() == [4, 4, 1]
    assert np.bincount(parts.train.labels).tolist() == [36, 36, 9]
    assert as_set(parts.train) | as_set(parts.val) == as_set(whole.train)
    assert not as_set(parts.train) & as_set(parts.val)


def test_the_split_is_known_by_heart():
    """A split that changes between versions or machines would make results incomparable."""
    parts = split(dataset(), DataConfig(split_seed=3))
    assert hashlib.sha256(parts.val.pixels.tobytes()).hexdigest()[:16] == "d53e742102f62663"


def test_the_order_of_the_images_does_not_matter_and_the_seed_does():
    whole = dataset()
    mixed = np.random.RandomState(1).permutation(len(whole.train))
    shuffled = replace(whole, train=LabelledImages(whole.train.pixels[mixed], whole.train.labels[mixed]))
    one, other = split(whole, DataConfig()), split(shuffled, DataConfig())
    assert np.array_equal(one.train.pixels, other.train.pixels)
    assert np.array_equal(one.val.labels, other.val.labels)
    assert as_set(split(whole, DataConfig(split_seed=1)).val) != as_set(one.val)


def test_a_validation_split_that_is_there_is_kept():
    own = dataset(seed=9).train
    assert split(replace(dataset(), val=own), DataConfig()).val is own


def test_a_class_with_one_image_is_told():
    with pytest.raises(DatasetError, match="class 'b' has a single training image"):
        split(dataset((5, 1, 5)), DataConfig())


def test_the_embedded_set_is_whole_and_the_same_everywhere(paths: Paths):
    made = make_synthetic()
    assert [np.bincount(part.labels).tolist() for part in (made.train, made.val, made.test)] == [
        [100] * 100, [20] * 100, [20] * 100,
    ]  # fmt: skip
    assert (len(made.class_names), len(set(made.class_names)), len(made.superclass_names)) == (100, 100, 20)
    assert np.bincount(made.superclass_of).tolist() == [5] * 20
    assert np.array_equal(make_synthetic().test.pixels, made.test.pixels)
    assert not np.array_equal(make_synthetic(1).test.pixels, made.test.pixels)
    loaded = load(DataConfig(source=Source.SYNTHETIC), paths)
    assert np.array_equal(loaded.val.pixels, made.val.pixels)
