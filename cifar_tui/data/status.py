"""What data sets are on this machine."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cifar_tui.paths import Paths


@dataclass(frozen=True)
class CachedFile:
    """A decoded data set on disk."""

    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True)
class DataStatus:
    """What is kept decoded."""

    cifar100: CachedFile | None
    folders: tuple[CachedFile, ...]


def data_status(paths: Paths) -> DataStatus:
    """Look at the cache; nothing is loaded, and what cannot be looked at is not there."""
    try:
        folders = sorted(paths.decoded_folders.glob("*.npz"))
    except OSError:
        folders = []
    return DataStatus(cifar100=next(_cached([paths.cifar100]), None), folders=tuple(_cached(folders)))


def _cached(files: Iterable[Path]) -> Iterator[CachedFile]:
    for file in files:
        with contextlib.suppress(OSError):
            yield CachedFile(file, file.stat().st_size)
