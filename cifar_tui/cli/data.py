"""`cifar-tui data`: what is on this machine, and getting CIFAR-100 here."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from cifar_tui.cli.console import fail
from cifar_tui.data import cifar100
from cifar_tui.data.dataset import DatasetError
from cifar_tui.data.status import CachedFile, data_status
from cifar_tui.paths import Paths
from cifar_tui.text import printable


def show_status(paths: Paths) -> None:
    """Print which data sets are kept, and how to get what is missing."""
    status = data_status(paths)
    if status.cifar100 is None:
        print("CIFAR-100: not here; `cifar-tui data download` gets it, `cifar-tui data import PATH` takes a copy.")
    else:
        print(f"CIFAR-100: {_describe(status.cifar100)}")
    print("synthetic: embedded, 100 made-up classes; always here")
    for folder in status.folders:
        print(f"decoded folder: {_describe(folder)}")


def download_cifar100(paths: Paths) -> None:
    """Download CIFAR-100, with a progress bar on a terminal."""
    columns = (TextColumn("CIFAR-100"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=None)
            cifar100.download(paths, lambda done, total: progress.update(task, completed=done, total=total))
    except DatasetError as error:
        fail(str(error))
    show_status(paths)


def import_cifar100(paths: Paths, path: Path) -> None:
    """Decode CIFAR-100 from a local copy."""
    try:
        cifar100.import_from(path, paths)
    except DatasetError as error:
        fail(str(error))
    show_status(paths)


def _describe(file: CachedFile) -> str:
    return f"{printable(str(file.path))} ({file.size / 1e6:,.0f} MB)"
