"""How one process asks another to stop the run that it trains: by a file in the run's folder."""

from enum import StrEnum
from pathlib import Path

from cifar_tui.files import read_plain, replace_text
from cifar_tui.runs.store import StoreError

STOP_FILE = "stop"
_LARGEST = 64


class StopAt(StrEnum):
    """Where a run is to stop; it keeps a checkpoint at either."""

    BATCH = "batch"
    """At the next one."""
    EPOCH = "epoch"
    """At the end of the present one."""


def ask_to_stop(folder: Path, at: StopAt) -> None:
    """Ask whoever trains the run in `folder` to stop it; they look between two batches, at most twice a second.

    Raises:
        StoreError: the folder cannot be written to.
    """
    try:
        replace_text(folder / STOP_FILE, at, durable=False)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written to, so the run cannot be stopped: {error.strerror}.") from error


def let_go_on(folder: Path) -> None:
    """Take the wish back, if there is one.

    Raises:
        StoreError: the folder cannot be written to.
    """
    try:
        (folder / STOP_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{folder / STOP_FILE} cannot be removed: {error.strerror}.") from error


def wanted_stop(folder: Path) -> StopAt | None:
    """Return where the run is asked to stop; None where it is not."""
    try:
        return StopAt(read_plain(folder / STOP_FILE, _LARGEST).decode(errors="replace"))
    except (OSError, ValueError):
        return None
