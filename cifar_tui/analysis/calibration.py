"""Whether a model is right as often as it says: reliability, and the expected calibration error.

Guo, Pleiss, Sun & Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cifar_tui.analysis.predictions import Predictions

BINS = 15
"""As many as in Guo et al."""


@dataclass(frozen=True)
class Bin:
    """The images whose confidence, the probability of the predicted class, is in `(low, high]`."""

    low: float
    high: float
    count: int
    right: int
    """Images whose predicted class is the true one."""
    confidence: float | None
    """Mean of the images'; None, like the accuracy, in a bin without any."""
    accuracy: float | None

    @property
    def wrong(self) -> int:
        """Images whose predicted class is another than the true one."""
        return self.count - self.right


@dataclass(frozen=True)
class Calibration:
    """How confident a model is, beside how often it is right. All are fractions."""

    bins: tuple[Bin, ...]
    """In rising order, of equal width, from 0 to 1."""
    ece: float
    """The expected calibration error: the mean over all images of |accuracy - confidence| of the image's bin."""
    confidence: float
    """Mean over all images."""
    accuracy: float

    @property
    def is_overconfident(self) -> bool:
        """Whether the model is surer than it is right."""
        return self.confidence > self.accuracy


def calibrate(predictions: "Predictions", bins: int = BINS) -> Calibration:
    """Sort the images by confidence into `bins` bins; ECE = Σ count / N · |accuracy - confidence| over the bins."""
    import numpy as np

    confidence = predictions.confidence.astype(np.float64)
    # (low, high]: a confidence on an edge belongs to the bin below it.
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins).tolist()
    right = np.bincount(places[predictions.is_right], minlength=bins).tolist()
    sums = np.bincount(places, weights=confidence, minlength=bins).tolist()
    found = tuple(
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            count=counts[place],
            right=right[place],
            confidence=sums[place] / counts[place] if counts[place] else None,
            accuracy=right[place] / counts[place] if counts[place] else None,
        )
        for place in range(bins)
    )
    ece = sum(abs(right[place] - sums[place]) for place in range(bins)) / len(predictions)
    return Calibration(found, ece, float(confidence.mean()), predictions.accuracy)
