"""What goes wrong with predictions, told in one sentence."""

from cifar_tui.text import printable


class PredictionsError(Exception):
    """One sentence about predictions that cannot be read or compared."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class NoPredictionsError(PredictionsError):
    """A run has none: it is not finished, or the file was taken away."""
