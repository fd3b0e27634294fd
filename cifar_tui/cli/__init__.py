"""The command line. Each command imports what it needs when it runs, so that `--help` and the app come up at once."""

from pathlib import Path
from typing import Annotated

import typer

from cifar_tui import __version__
from cifar_tui.cli import catalog, data, runs, train
from cifar_tui.cli.context import Context
from cifar_tui.paths import HOME_VARIABLE, find_paths

app = typer.Typer(
    name="cifar-tui",
    help="Train and compare small image classifiers on CIFAR-100 from a terminal. Without a command: the app.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("train")(train.train)
app.command("runs")(runs.runs)
app.command("presets")(catalog.presets)
app.command("models")(catalog.models)
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cifar-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar=HOME_VARIABLE, help="Keep runs, data sets and presets under this folder."),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Open the app already training SimpleCNN on the embedded data.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Open the app, unless a command is given."""
    context.obj = Context(find_paths(home))
    if context.invoked_subcommand is None:
        from cifar_tui.tui.app import run_app

        run_app(context.obj.paths, demo=demo)


def main() -> None:
    """Run the command line."""
    app()
