"""`cifar-tui data`: CIFAR-100 on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from cifar_tui.cli.context import FAILED, Context, leave

app = typer.Typer(help="Look for CIFAR-100, download it, or import a copy.", no_args_is_help=True)


@app.command()
def status(context: typer.Context) -> None:
    """Say what is there, and where."""
    from cifar_tui.data.status import data_status

    state: Context = context.obj
    found = data_status(state.paths)
    if found.cifar100:
        typer.echo(f"CIFAR-100: {found.cifar100.path} ({found.cifar100.size / 1e6:.0f} MB)")
    else:
        typer.echo("CIFAR-100: not here. `cifar-tui data download` gets it, `cifar-tui data import PATH` takes a copy.")
    for folder in found.folders:
        typer.echo(f"decoded folder: {folder.path} ({folder.size / 1e6:.0f} MB)")
    typer.echo("synthetic: always there")


@app.command()
def download(context: typer.Context) -> None:
    """Download the official archive, 169 MB, and check it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from cifar_tui.data import cifar100
    from cifar_tui.data.dataset import DatasetError

    state: Context = context.obj
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns) as progress:
            task = progress.add_task("download", total=None)
            cifar100.download(state.paths, lambda done, total: progress.update(task, completed=done, total=total))
    except DatasetError as error:
        leave(error, FAILED)
    status(context)


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="cifar-100-python.tar.gz, its unpacked folder, or a folder of images.")],
) -> None:
    """Take CIFAR-100 from a local copy."""
    from cifar_tui.data import cifar100
    from cifar_tui.data.dataset import DatasetError

    state: Context = context.obj
    try:
        cifar100.import_from(path, state.paths)
    except DatasetError as error:
        leave(error, FAILED)
    status(context)
