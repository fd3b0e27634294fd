"""What data sets are on this machine."""

from dataclasses import dataclass
from pathlib import Path

from cifar_tui.data import cifar100
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
    """Look at the cache; nothing is loaded."""
    folders = sorted((paths.datasets / "folders").glob("*.npz"))
    return DataStatus(
        cifar100=_cached(paths.cifar100) if cifar100.is_available(paths) else None,
        folders=tuple(_cached(file) for file in folders),
    )


def _cached(file: Path) -> CachedFile:
    return CachedFile(file, file.stat().st_size)
