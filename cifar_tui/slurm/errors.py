"""What goes wrong between this program and Slurm."""

import re

from cifar_tui.text import printable


def last_words(stderr: str | None, otherwise: str) -> str:
    """Return what a program of Slurm said last, without its own name and the full stop: what it gave up for."""
    lines = (stderr or "").strip().splitlines()
    return re.sub(r"^[\w-]+: ((error|fatal): )?", "", lines[-1]).rstrip(".") if lines else otherwise


class SlurmError(Exception):
    """One sentence, ready for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))
