"""What goes wrong between this program and Slurm."""

from cifar_tui.text import printable


class SlurmError(Exception):
    """One sentence, ready for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))
