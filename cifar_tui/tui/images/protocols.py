"""Which way images are drawn: a person's wish, else what the terminal says that it can."""

import os
from enum import StrEnum

from cifar_tui.tui.symbols import symbols

VARIABLE = "CIFAR_TUI_IMAGES"


class Protocol(StrEnum):
    """A way to draw images on a terminal."""

    BLOCKS = "blocks"
    """Half blocks, two pixels a cell, which every terminal has."""
    KITTY = "kitty"
    """kitty's graphics protocol with Unicode placeholders: kitty and Ghostty."""
    SIXEL = "sixel"
    """DEC's: foot, WezTerm, Konsole, iTerm2, xterm, Windows Terminal and others."""


class ImagesVariableError(ValueError):
    """`CIFAR_TUI_IMAGES` holds something else; the message is a sentence for people."""


def wished_protocol() -> Protocol | None:
    """Return what `CIFAR_TUI_IMAGES` says; None for `auto` and without it.

    Raises:
        ImagesVariableError: it says something else.
    """
    wish = os.environ.get(VARIABLE, "").strip().lower()
    if wish in ("", "auto"):
        return None
    try:
        return Protocol(wish)
    except ValueError:
        ways = ", ".join(Protocol)
        raise ImagesVariableError(f"{VARIABLE} is {wish!r}; it takes auto, {ways}.") from None


def settled_protocol() -> Protocol | None:
    """Return the protocol where the terminal need not be asked, else None.

    tmux and screen take the question for a title of theirs, and Terminal.app for text.
    """
    if symbols().curve != "braille":
        return Protocol.BLOCKS
    if (wish := wished_protocol()) is not None:
        return wish
    terminal = os.environ.get("TERM", "")
    is_inside_another = any(os.environ.get(variable) for variable in ("TMUX", "STY"))
    if is_inside_another or terminal.startswith(("tmux", "screen", "dumb")):
        return Protocol.BLOCKS
    return Protocol.BLOCKS if os.environ.get("TERM_PROGRAM") == "Apple_Terminal" else None
