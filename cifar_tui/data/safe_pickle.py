"""Reads the official archive's pickles without the power to run anything that stands in them.

NumPy's own classes are not called with what a pickle says: an array of objects over bytes of its choice is an array of
pointers to anywhere. What stands in for them takes whole numbers alone.
"""

import pickle
import re
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cifar_tui.data.dataset import DatasetError

_WHOLE_NUMBERS = re.compile("[iu][1248]")


class _Dtype:
    """Stands in for `numpy.dtype`."""

    def __init__(self, code: str, *_: object) -> None:
        if not _WHOLE_NUMBERS.fullmatch(code):
            raise pickle.UnpicklingError(f"an array of {code!r} is not allowed")
        self._code = code
        self._order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = {"|": "|", "<": "<", ">": ">"}[state[1]]

    def read(self, content: bytes) -> NDArray[Any]:
        """Return the numbers in `content`, in a row."""
        return np.frombuffer(content, np.dtype(self._order + self._code))


class _Array:
    """Stands in for `numpy.ndarray`, and for the function that pickles make one with."""

    def __init__(self, *_: object) -> None:
        self.values: NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, by_columns, content = state
        if isinstance(content, str):  # Python 2's
            content = content.encode("latin1")
        if not isinstance(dtype, _Dtype):
            raise pickle.UnpicklingError("an array of unknown content is not allowed")
        self.values = dtype.read(content).reshape(shape, order="F" if by_columns else "C")


_STAND_INS = {
    # Under the names that old and new NumPy give to the function.
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # the way in which Python 3 writes bytes for Python 2
            return super().find_class(module, name)
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return _STAND_INS[module, name]


def load_pickle(file: BinaryIO, name: str) -> dict[str, Any]:
    """Read one pickled dictionary; its keys come back as text.

    Raises:
        DatasetError: the file is damaged, or asks for anything but plain values and arrays of whole numbers.
    """
    try:
        content = _RestrictedUnpickler(file, encoding="latin1").load()
    except Exception as error:  # a broken pickle can raise nearly anything
        raise DatasetError(f"{name} is not one of CIFAR-100's files, or is damaged ({error}).") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{name} is not one of CIFAR-100's files: it holds no table.")
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): _plain(value) for key, value in content.items()
    }


def _plain(value: object) -> object:
    return value.values if isinstance(value, _Array) else value
