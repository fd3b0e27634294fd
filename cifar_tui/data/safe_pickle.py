"""Reads the official archive's pickles without the power to run anything that stands in them."""

import pickle
from typing import Any, BinaryIO

import numpy as np

from cifar_tui.data.dataset import DatasetError

# All that CIFAR's files are made of besides plain containers: NumPy arrays, under the names that old and new NumPy
# give to their parts, and the way in which Python 3 writes bytes for Python 2.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        if name == "_reconstruct":
            return np.ndarray.__reduce__(np.empty(0))[0]  # its home differs between NumPy 1 and 2
        return super().find_class(module, name)


def load_pickle(file: BinaryIO, name: str) -> dict[str, Any]:
    """Read one pickled dictionary; its keys come back as text.

    Raises:
        DatasetError: the file is damaged, or asks for anything but plain values and arrays.
    """
    try:
        content = _RestrictedUnpickler(file, encoding="latin1").load()
    except Exception as error:  # a broken pickle can raise nearly anything
        raise DatasetError(f"{name} is not one of CIFAR-100's files, or is damaged ({error}).") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{name} is not one of CIFAR-100's files: it holds no table.")
    return {key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in content.items()}
