"""How commands speak: clean text, one sentence for each error, and the exit codes."""

import contextlib
from typing import NoReturn

from rich.console import Console

from cifar_tui.text import printable

FAILED = 1
USAGE = 2
INTERRUPTED = 130

_WIDTH_OF_A_PIPE = 1000


def make_console() -> Console:
    """Return a console on stdout; in a pipe it is so wide that nothing is cut."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_PIPE
    return console


def say(sentence: str) -> None:
    """Print a line; what is being done goes on where it cannot be written."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)


def warn(sentence: str) -> None:
    """Say on stderr what is wrong, and go on."""
    import typer  # not for the app, which needs the exit codes alone: its first frame would wait

    typer.echo(f"warning: {printable(sentence)}", err=True)


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Say on stderr what is wrong, and leave."""
    import typer

    typer.echo(f"cifar-tui: {printable(sentence)}", err=True)
    raise typer.Exit(code)
