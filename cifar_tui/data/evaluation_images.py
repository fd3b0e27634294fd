"""The test images alone, for looking at them: the training images would take ten times as long to read."""

from cifar_tui.config import DataConfig, Source
from cifar_tui.data import cifar100
from cifar_tui.data.cache import load_test_split
from cifar_tui.data.dataset import DatasetError, LabelledImages
from cifar_tui.data.load import load
from cifar_tui.paths import Paths


def load_test_images(config: DataConfig, paths: Paths) -> LabelledImages:
    """Load the test images of the data set that `config` names, in the order in which runs are tested on them.

    Raises:
        DatasetError: they are missing or damaged; one sentence that says what to do.
    """
    if config.source is not Source.CIFAR100:
        return load(config, paths).test
    if not paths.has_cifar100:
        raise DatasetError(cifar100.MISSING)
    return load_test_split(paths.cifar100)
