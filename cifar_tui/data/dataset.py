"""What a data set is, wherever its images come from."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cifar_tui.text import printable

if TYPE_CHECKING:  # numpy takes a good part of the time to the app's first frame
    import numpy as np
    from numpy.typing import NDArray

SIDE = 32
"""Height and width of every image, in pixels."""


class DatasetError(Exception):
    """One sentence: which data cannot be used, why, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images and the class of each."""

    pixels: "NDArray[np.uint8]"
    """`[N, 32, 32, 3]`, RGB."""
    labels: "NDArray[np.int64]"
    """`[N]`, indices into the class names."""

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """Return 64 hexadecimal digits that other images, labels or another order would not have."""
        found = hashlib.sha256(self.pixels.data)
        found.update(self.labels.data)
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """A whole data set."""

    name: str
    train: LabelledImages
    val: LabelledImages | None
    """None until the training images are split."""
    test: LabelledImages
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...] = ()
    superclass_of: tuple[int, ...] = ()
    """The superclass of each class; empty, like the names, where there are none."""
