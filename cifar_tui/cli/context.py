"""What all commands share: where things are kept, and how a mistake is told."""

import re
from dataclasses import dataclass
from typing import NoReturn

import typer

from cifar_tui.paths import Paths

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Context:
    """Handed to each command as `typer.Context.obj`."""

    paths: Paths


def leave(sentence: object, code: int) -> NoReturn:
    """Print one sentence to standard error and exit."""
    typer.echo(plain(str(sentence)), err=True)
    raise typer.Exit(code)


def warn(sentence: str) -> None:
    """Print one sentence to standard error and go on."""
    typer.echo(f"warning: {plain(sentence)}", err=True)


def plain(text: str) -> str:
    """Return `text` without control characters: what a file holds must not steer the terminal."""
    return _CONTROL.sub(" ", text)
