"""What calibration and a paired test come to, in words: the same on the screen and in a pipe."""

from cifar_tui.analysis.calibration import Calibration
from cifar_tui.analysis.mcnemar import PairedTest
from cifar_tui.runs.columns import percent

_LEAST_P = 1e-4
"""Smaller values say no more, and become 0 at some point."""


def sureness(calibration: Calibration) -> str:
    """Return how confidence stands to accuracy, in a few words."""
    if calibration.confidence == calibration.accuracy:
        return "as sure as it is right"
    return "surer than it is right" if calibration.is_overconfident else "less sure than it is right"


def calibration_sentence(calibration: Calibration) -> str:
    """Return a sentence on how far confidence and accuracy lie apart."""
    return (
        f"ECE {percent(calibration.ece)} % in {len(calibration.bins)} bins; mean confidence "
        f"{percent(calibration.confidence)} %, accuracy {percent(calibration.accuracy)} %: {sureness(calibration)}."
    )


def p_text(test: PairedTest) -> str:
    """Return the p-value of McNemar's test as a person reads it: p = 0.704, p < 0.0001."""
    return f"p = {test.p_value:.3g}" if test.p_value >= _LEAST_P else f"p < {_LEAST_P:.4f}"


def verdict(test: PairedTest) -> str:
    """Return what the test says of the difference, in a few words."""
    return "more than chance explains" if test.is_significant else "no more than chance may explain"
