"""From a configuration to images, ready to train on."""

from functools import lru_cache

from cifar_tui.config import DataConfig, Source
from cifar_tui.data import cifar100
from cifar_tui.data.dataset import DatasetError, ImageDataset
from cifar_tui.data.folder import load_folder
from cifar_tui.data.split import split
from cifar_tui.data.synthetic import make_synthetic
from cifar_tui.paths import Paths


def load(config: DataConfig, paths: Paths) -> ImageDataset:
    """Load the data set that `config` names, with its validation split.

    Raises:
        DatasetError: it is missing or damaged; one sentence that says what to do.
    """
    match config.source:
        case Source.CIFAR100:
            return split(cifar100.load(paths), config)
        case Source.FOLDER:
            if config.path is None:
                raise DatasetError("source = folder needs a path: the folder that holds train/ and test/.")
            return split(load_folder(config.path, paths), config)
        case Source.SYNTHETIC:
            return split(_synthetic(), config)


@lru_cache(maxsize=1)
def _synthetic() -> ImageDataset:
    return make_synthetic()
