"""CIFAR-100 itself: downloaded, or imported from a local path, and kept decoded."""

import contextlib
import io
import lzma
import socket
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from cifar_tui.data import cifar100_names
from cifar_tui.data.cache import load_dataset, save_dataset
from cifar_tui.data.dataset import SIDE, DatasetError, ImageDataset, LabelledImages
from cifar_tui.data.folder import decode_folder
from cifar_tui.data.safe_pickle import load_pickle
from cifar_tui.files import make_folder
from cifar_tui.paths import Paths, expand

ARCHIVE = "cifar-100-python.tar.gz"
ARCHIVE_BYTES = 169_001_437
UNPACKED = "cifar-100-python"
_MOST_BYTES = 1 << 28
"""Of a file in the archive, which is read into memory; the largest official one has 155 MB."""
_STALL_SECONDS = 30.0

MISSING = (
    "CIFAR-100 is not on this machine: `cifar-tui data download` gets it, `cifar-tui data import PATH` takes a copy, "
    "and data.source=synthetic does without."
)

Progress = Callable[[int, int], object]
"""Told the bytes that are done and the bytes in all."""


def load(paths: Paths) -> ImageDataset:
    """Load the decoded data set.

    Raises:
        DatasetError: it is not there, or damaged; the sentence says how to get it.
    """
    if not paths.has_cifar100:
        raise DatasetError(MISSING)
    return load_dataset(paths.cifar100)


def download(paths: Paths, on_progress: Progress) -> None:
    """Get the official archive through torchvision, check it, decode it and keep the result.

    The archive lands in a temporary folder, so that a broken transfer leaves nothing behind.

    Raises:
        DatasetError: no connection, a stalled one, a wrong checksum, or no room on the disk.
    """
    from torchvision import datasets
    from torchvision.datasets.utils import download_url

    url, checksum = datasets.CIFAR100.url, datasets.CIFAR100.tgz_md5
    try:
        make_folder(paths.datasets)
        with tempfile.TemporaryDirectory(dir=paths.datasets, prefix=".download-") as folder:
            archive = Path(folder, ARCHIVE)
            with _telling(on_progress), _impatient():
                download_url(url, folder, ARCHIVE, checksum)
            import_from(archive, paths)
    except DatasetError:
        raise
    except RuntimeError:
        raise DatasetError(f"What came from {url} is not CIFAR-100 (wrong checksum); try again.") from None
    except HTTPException:
        raise DatasetError(f"{url} could not be downloaded (no proper answer); try again, or import a copy.") from None
    except TimeoutError:
        raise DatasetError(f"{url} stopped answering; try again, or import a copy.") from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise DatasetError(f"{url} could not be downloaded ({reason}); try again, or import a copy.") from None


def import_from(path: Path, paths: Paths) -> None:
    """Decode CIFAR-100 from a local copy and keep the result.

    Args:
        path: the official archive, its unpacked folder, or a folder with `train/<class>/` and `test/<class>/` images.
        paths: where to keep it.

    Raises:
        DatasetError: there is no CIFAR-100 at `path`, or it cannot be kept.
    """
    path = expand(path)
    if not path.exists():
        raise DatasetError(f"{path} does not exist; give the archive {ARCHIVE}, its folder, or a folder of images.")
    try:
        dataset = _read(path)
    except OSError as error:
        raise DatasetError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from None
    try:
        save_dataset(dataset, paths.cifar100)
    except OSError as error:
        raise DatasetError(f"CIFAR-100 cannot be kept in {paths.datasets}: {error.strerror or error}.") from None


def _read(path: Path) -> ImageDataset:
    if path.is_file():
        return _read_archive(path)
    for folder in (path, path / UNPACKED):
        if (folder / "train").is_file():
            with (folder / "train").open("rb") as train, (folder / "test").open("rb") as test:
                return _dataset(_read_batch(train, f"{folder}/train"), _read_batch(test, f"{folder}/test"))
    if (path / ARCHIVE).is_file():
        return _read_archive(path / ARCHIVE)
    dataset = decode_folder(path)  # it is kept as CIFAR-100, and need not be kept twice
    if dataset.name != cifar100_names.CIFAR100:
        raise DatasetError(
            f"{path} holds images of {len(dataset.class_names)} other classes, not CIFAR-100; train on it with "
            f"data.source=folder and data.path={path}."
        )
    return dataset


def _read_archive(path: Path) -> ImageDataset:
    """Read the two members by their exact names; nothing is unpacked."""
    try:
        with tarfile.open(path) as archive:
            splits = [_read_member(archive, path, f"{UNPACKED}/{name}") for name in ("train", "test")]
            while archive.fileobj and archive.fileobj.read(1 << 20):
                pass  # a compressed file's checksum stands at its end
    except KeyError:
        raise DatasetError(f"{path} holds no {UNPACKED}/train and {UNPACKED}/test; it is not {ARCHIVE}.") from None
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        reason = (str(error).splitlines() or ["damaged"])[0].rstrip(":")
        raise DatasetError(f"{path} is not a whole tar archive ({reason}); get it again.") from None
    return _dataset(*splits)


def _read_member(archive: tarfile.TarFile, path: Path, name: str) -> LabelledImages:
    """Read one file of the archive at `path`; a link or a device is none, wherever it points.

    Raises:
        KeyError: there is no such file.
        DatasetError: it is too large, or not one of CIFAR-100's.
    """
    member = archive.getmember(name)
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise KeyError(name)
    if member.size > _MOST_BYTES:
        raise DatasetError(f"{path}: {name} is far too large for CIFAR-100; get the archive again.")
    return _read_batch(io.BytesIO(file.read()), f"{path}: {name}")


def _read_batch(file: BinaryIO, name: str) -> LabelledImages:
    content = load_pickle(file, name)
    try:
        pixels = np.asarray(content["data"])
        labels = np.asarray(content["fine_labels"], dtype=np.int64)
        if pixels.dtype != np.uint8 or pixels.shape != (len(labels), 3 * SIDE * SIDE) or not len(labels):
            raise ValueError
        if labels.min() < 0 or labels.max() >= len(cifar100_names.CLASS_NAMES):
            raise ValueError
    except (KeyError, ValueError, TypeError, OverflowError):
        raise DatasetError(f"{name} does not hold CIFAR-100's images and fine labels.") from None
    images = pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return LabelledImages(np.ascontiguousarray(images), labels)


def _dataset(train: LabelledImages, test: LabelledImages) -> ImageDataset:
    return ImageDataset(
        name=cifar100_names.CIFAR100,
        train=train,
        val=None,
        test=test,
        class_names=cifar100_names.CLASS_NAMES,
        superclass_names=cifar100_names.SUPERCLASS_NAMES,
        superclass_of=cifar100_names.SUPERCLASS_OF,
    )


@contextlib.contextmanager
def _telling(on_progress: Progress) -> Iterator[None]:
    """Have torchvision's own bar tell how far it is, instead of drawing over the screen; there is no other hook."""
    from torchvision.datasets import utils

    class Bar:
        def __init__(self, total: int | None = None, **_: object) -> None:
            self._done, self._total = 0, total or ARCHIVE_BYTES

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """It has nothing to take away."""

        def update(self, count: int) -> None:
            self._done += count
            on_progress(self._done, self._total)

    drawn = utils.tqdm
    utils.tqdm = Bar
    try:
        yield
    finally:
        utils.tqdm = drawn


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """Give up on a connection that stalls."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALL_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
