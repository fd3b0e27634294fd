"""Two runs on the same test images: where one is right and the other wrong, and whether chance explains it.

McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
Psychometrika 12, 1947; as a test of classifiers: Dietterich, Neural Computation 10, 1998.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifar_tui.analysis.errors import PredictionsError

if TYPE_CHECKING:
    from cifar_tui.analysis.predictions import Predictions

SIGNIFICANCE = 0.05
"""Below this p-value a difference is taken for more than chance."""


@dataclass(frozen=True)
class PairedTest:
    """How two runs, A and B, did on each image."""

    images: int
    both_right: int
    only_first: int
    """A is right, B is wrong."""
    only_second: int
    """B is right, A is wrong."""
    both_wrong: int
    same_class: int
    """Images for which both predict the same class, right or wrong."""
    p_value: float
    """Of McNemar's exact test, two-sided: how probable a split of the images on which one alone is right is that is
    at least as uneven, were both equally good."""

    @property
    def agreement(self) -> float:
        """The share of images for which both predict the same class."""
        return self.same_class / self.images

    @property
    def is_significant(self) -> bool:
        """Whether the difference is more than chance explains, on these images; other seeds may differ as much."""
        return self.p_value < SIGNIFICANCE


def paired_test(first: "Predictions", second: "Predictions") -> PairedTest:
    """Compare two runs image by image.

    Raises:
        PredictionsError: they were not tested on the same images.
    """
    are_named = first.is_named and second.is_named
    if len(first.class_names) != len(second.class_names) or (are_named and first.class_names != second.class_names):
        raise PredictionsError("The runs know different classes: only runs on the same data set can be compared.")
    if not first.are_of(second.labels, second.images):
        raise PredictionsError("The runs were tested on different images: choose two on the same data set.")
    from scipy.stats import binomtest  # takes the better part of a second to import

    only_first = int((first.is_right & ~second.is_right).sum())
    only_second = int((second.is_right & ~first.is_right).sum())
    differing = only_first + only_second
    return PairedTest(
        images=len(first),
        both_right=int((first.is_right & second.is_right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first.is_right & ~second.is_right).sum()),
        same_class=int((first.predicted == second.predicted).sum()),
        p_value=float(binomtest(only_first, differing).pvalue) if differing else 1.0,
    )
