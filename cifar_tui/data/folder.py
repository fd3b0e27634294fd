"""Any tree of images: `train/<class>/*.png`, `test/<class>/*.png`, and `val/` where there is one."""

import hashlib
import logging
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cifar_tui.data import cifar100_names
from cifar_tui.data.cache import load_dataset, save_dataset
from cifar_tui.data.dataset import SIDE, DatasetError, ImageDataset, LabelledImages
from cifar_tui.data.synthetic import SYNTHETIC
from cifar_tui.paths import Paths, expand

logger = logging.getLogger(__name__)

_SUFFIXES = (".png", ".jpg", ".jpeg")
_FORMATS = ("PNG", "JPEG")
"""Whatever a file is called: others have more to break, and EPS would start Ghostscript."""
_THREADS = 8
_LARGE = 1 << 24
"""Images of more pixels are decoded one at a time: the largest that is taken needs 700 MB for a moment."""
_one_large = threading.Lock()

Listing = dict[str, list[Path]]
"""The image files of each class, both sorted by name."""


def load_folder(path: Path, paths: Paths) -> ImageDataset:
    """Read the tree below `path`: decoded once, then from the cache for as long as no file changes.

    Images of other sizes are scaled to 32x32, and all become RGB. With CIFAR-100's class names it *is* CIFAR-100, and
    has its superclasses.

    Raises:
        DatasetError: a split is missing or empty, a class is unknown or empty, or an image cannot be read.
    """
    path = expand(path).absolute()
    listings = _listings(path)
    name = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
    cached = paths.decoded_folders / f"{name}-{_fingerprint(listings)}.npz"
    if os.path.exists(cached):
        try:
            dataset = load_dataset(cached)
            return replace(dataset, name=_name(path, dataset.class_names))
        except DatasetError as error:
            logger.warning("%s", error)
    dataset = _decode(path, listings)
    try:
        save_dataset(dataset, cached)
        for outdated in set(paths.decoded_folders.glob(f"{name}-*.npz")) - {cached}:
            outdated.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s is not cached: %s", path, error)
    return dataset


def decode_folder(path: Path) -> ImageDataset:
    """Read the tree below `path` as `load_folder` does, and keep nothing.

    Raises:
        DatasetError: likewise.
    """
    path = expand(path).absolute()
    return _decode(path, _listings(path))


def _listings(path: Path) -> dict[str, Listing]:
    try:
        listings = {split: _list(path / split) for split in ("train", "val", "test") if (path / split).is_dir()}
    except OSError as error:
        raise _unreadable(error) from None
    for split in ("train", "test"):
        if split not in listings:
            raise DatasetError(
                f"{path} holds no {split}/ folder; it needs train/<class>/ and test/<class>/ with images."
            )
    return listings


def _unreadable(error: OSError) -> DatasetError:
    return DatasetError(f"{error.filename} cannot be read ({error.strerror}); repair or remove it.")


def _list(folder: Path) -> Listing:
    listing: Listing = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith("."):
            files = sorted(file for file in os.listdir(entry.path) if file.lower().endswith(_SUFFIXES))
            listing[entry.name] = [Path(entry.path, file) for file in files if not file.startswith(".")]
            if not listing[entry.name]:
                raise DatasetError(f"{entry.path} holds no images (png or jpg); add some or remove the folder.")
    if not listing:
        raise DatasetError(f"{folder} holds no class folders; put the images into {folder.name}/<class>/.")
    return listing


def _fingerprint(listings: dict[str, Listing]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for split, listing in listings.items():
        for files in listing.values():
            for file in files:
                try:
                    stat = file.stat()
                except OSError as error:
                    raise _unreadable(error) from None
                line = f"{split}/{file.parent.name}/{file.name}:{stat.st_size}:{stat.st_mtime_ns}\n"
                digest.update(os.fsencode(line))
    return digest.hexdigest()


def _decode(path: Path, listings: dict[str, Listing]) -> ImageDataset:
    class_names = tuple(listings["train"])
    for split, listing in listings.items():
        if unknown := sorted(listing.keys() - set(class_names)):
            raise DatasetError(f"{path / split / unknown[0]} is a class that train/ does not have.")
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        # Here, as the threads share the filters: one that puts them back would take them from the others.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        splits = {split: _decode_split(listing, class_names, pool) for split, listing in listings.items()}
    is_cifar100 = class_names == cifar100_names.CLASS_NAMES
    return ImageDataset(
        name=_name(path, class_names),
        train=splits["train"],
        val=splits.get("val"),
        test=splits["test"],
        class_names=class_names,
        superclass_names=cifar100_names.SUPERCLASS_NAMES if is_cifar100 else (),
        superclass_of=cifar100_names.SUPERCLASS_OF if is_cifar100 else (),
    )


def _name(path: Path, class_names: tuple[str, ...]) -> str:
    """Return CIFAR-100's name for its classes alone, and for others that of their folder, whatever it is called."""
    if class_names == cifar100_names.CLASS_NAMES:
        return cifar100_names.CIFAR100
    return f"{path.name} (folder)" if path.name in (cifar100_names.CIFAR100, SYNTHETIC) else path.name


def _decode_split(listing: Listing, class_names: tuple[str, ...], pool: ThreadPoolExecutor) -> LabelledImages:
    files = [file for name in class_names for file in listing.get(name, [])]
    counts = [len(listing.get(name, [])) for name in class_names]
    pixels = np.empty((len(files), SIDE, SIDE, 3), dtype=np.uint8)
    for index, image in enumerate(pool.map(_decode_image, files, chunksize=64)):
        pixels[index] = image
    return LabelledImages(pixels, np.repeat(np.arange(len(class_names), dtype=np.int64), counts))


def _decode_image(file: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(file, formats=_FORMATS) as image, _room_for(image):
            rgb = (_eight_bits(image) if image.mode.startswith("I") else image).convert("RGB")
            if rgb.size != (SIDE, SIDE):
                rgb = rgb.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            return np.asarray(rgb)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DatasetError(f"{file} is far too large for an image to train on; remove it.") from None
    except UnidentifiedImageError:
        raise DatasetError(f"{file} cannot be read as an image (png or jpg); replace or remove it.") from None
    except Exception as error:  # a broken image can raise nearly anything
        raise DatasetError(f"{file} cannot be read as an image ({error}); replace or remove it.") from None


def _room_for(image: Image.Image) -> AbstractContextManager[object]:
    return _one_large if image.width * image.height > _LARGE else nullcontext()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of 16 bits in eight; PIL's own conversion would cut off all above 255."""
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
