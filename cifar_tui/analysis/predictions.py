"""`predictions.npz`: what a finished run says of every test image, and what the classes are called."""

import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cifar_tui.analysis.errors import NoPredictionsError, PredictionsError
from cifar_tui.data import cifar100_names
from cifar_tui.files import open_plain
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run

FILE = "predictions.npz"
_LARGEST = 2**30
"""Of the arrays in bytes, unpacked: a hundred thousand images of a thousand classes take a fifth of it."""
_ABOVE_ONE = 1e-3
"""What rounding to float16 may add to a probability."""


_PlainNames = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]
"""Of the classes and the superclasses, and the superclass of each class."""


@dataclass(frozen=True, eq=False)
class Labelling:
    """True and predicted groups of the test images, where a group is a class or a superclass."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    """`[N]`, indices into the names."""
    predicted: NDArray[np.int64]
    """`[N]`, like the labels."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of every test image, in the order of the data set."""

    labels: NDArray[np.int64]
    """True classes, `[N]`."""
    probabilities: NDArray[np.float32]
    """Softmax of the logits, `[N, C]`, as precise as float16."""
    class_names: tuple[str, ...]
    """`C` of them."""
    superclass_names: tuple[str, ...] = ()
    superclass_of: tuple[int, ...] = ()
    """The superclass of each class; empty, like the names, where there are none."""
    chosen: NDArray[np.int64] | None = None
    """The predicted classes, `[N]`, from before the probabilities were rounded; earlier versions did not keep them."""
    images: str | None = None
    """Tells the images from others (`LabelledImages.digest`), where that is known."""

    def __len__(self) -> int:
        return len(self.labels)

    def are_of(self, labels: NDArray[np.int64], images: str | None) -> bool:
        """Whether they are of these images, as far as that is known.

        Args:
            labels: the images' true classes, `[N]`.
            images: what tells them from others (`LabelledImages.digest`), or None.
        """
        if self.labels.shape != labels.shape or (self.labels != labels).any():
            return False
        return self.images is None or images is None or self.images == images

    @property
    def is_named(self) -> bool:
        """Whether the classes have names, and not numbers in their place."""
        return self.class_names != _numbered(len(self.class_names))

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each image, `[N]`."""
        if self.chosen is not None:
            return self.chosen
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the predicted class, `[N]`."""
        confidence = np.take_along_axis(self.probabilities, self.predicted[:, None], axis=1)
        return confidence[:, 0]

    @cached_property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether the predicted class is the true one, `[N]`."""
        return np.equal(self.predicted, self.labels)

    @property
    def accuracy(self) -> float:
        """The share of images whose predicted class is the true one."""
        return float(self.is_right.mean())

    def top_k_accuracy(self, k: int = 5) -> float:
        """Return the share of images whose true class is among the `k` most probable ones."""
        own = np.take_along_axis(self.probabilities, self.labels[:, None], axis=1)
        # Of equal probabilities the earlier class goes first, as for the predicted one.
        is_earlier = np.arange(self.probabilities.shape[1]) < self.labels[:, None]
        rank = ((self.probabilities > own) | ((self.probabilities == own) & is_earlier)).sum(axis=1)
        return float((rank < k).mean())

    def by_class(self) -> Labelling:
        """Return what is true and what is predicted, in classes."""
        return Labelling(self.class_names, self.labels, self.predicted)

    def by_superclass(self) -> Labelling | None:
        """Return the same in superclasses: the predicted one is that of the predicted class. None without any."""
        if not self.superclass_names:
            return None
        parent = np.asarray(self.superclass_of, dtype=np.int64)
        return Labelling(self.superclass_names, parent[self.labels], parent[self.predicted])


class _Names(NamedTuple):
    """What a file says of its classes, whatever that is."""

    classes: NDArray[np.str_]
    superclasses: NDArray[np.str_]
    superclass_of: NDArray[np.int64]


def read_predictions(run: Run) -> Predictions:
    """Read what a finished run predicted; nothing in the file is unpickled.

    Files of earlier versions hold no names: CIFAR-100's own are taken where the run was tested on it, else "class 7".

    Raises:
        NoPredictionsError: the file is missing; the sentence says what to do.
        PredictionsError: it is damaged, or no such file; the sentence names it, too.
    """
    path = run.folder / FILE
    try:
        with open_plain(path) as file:
            predictions = _read(file, run)
    except FileNotFoundError:
        do = "train it again" if run.status is RunStatus.FINISHED else "resume it, or train it again"
        raise NoPredictionsError(
            f"{run.title} has no {FILE}: it is written when a run is finished and tested; {do}."
        ) from None
    except OSError as error:
        raise PredictionsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # a broken file can raise nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise PredictionsError(f"{path} is damaged ({reason}); train the run again to have its predictions.") from None
    return predictions


def _read(file: BinaryIO, run: Run) -> Predictions:
    if not zipfile.is_zipfile(file):
        raise ValueError("it holds no arrays")
    with zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST:
            raise ValueError(f"it unpacks to more than {_LARGEST:,} bytes")
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        labels, probabilities = arrays["labels"], arrays["probabilities"]
        chosen = arrays["predicted"] if "predicted" in arrays.files else None
        has_names = {"class_names", "superclass_names", "superclass_of"} <= set(arrays.files)
        named = (
            _Names(arrays["class_names"], arrays["superclass_names"], arrays["superclass_of"]) if has_names else None
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or not len(labels):
        raise ValueError("its labels are no list of classes")
    if probabilities.ndim != 2 or probabilities.shape[1] < 1 or not np.issubdtype(probabilities.dtype, np.floating):
        raise ValueError("its probabilities are no table of numbers")
    if len(probabilities) != len(labels):
        raise ValueError("it has not as many labels as probabilities")
    classes = probabilities.shape[1]
    if not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError("a label is none of its classes")
    if not 0 <= probabilities.min() <= probabilities.max() <= 1 + _ABOVE_ONE:  # NaN fails, too
        raise ValueError("a probability is not between 0 and 1")
    if chosen is not None:
        if chosen.shape != labels.shape or not np.issubdtype(chosen.dtype, np.integer):
            raise ValueError("its predicted classes are no list of classes")
        if not 0 <= chosen.min() <= chosen.max() < classes:
            raise ValueError("a predicted class is none of its classes")
        chosen = chosen.astype(np.int64)
    names = _plain(named, classes) if named is not None else _names_before(run, classes)
    images = run.record.started.test_digest if run.record.started else None
    return Predictions(labels.astype(np.int64), probabilities.astype(np.float32), *names, chosen=chosen, images=images)


def _plain(names: _Names, classes: int) -> _PlainNames:
    """Return names as they were written.

    Raises:
        ValueError: there are other names than classes, or superclasses without a name.
    """
    if names.classes.shape != (classes,) or names.classes.dtype.kind != "U":
        raise ValueError("it has not one name for each class")
    class_names = tuple(names.classes.tolist())
    if not names.superclasses.size:
        return class_names, (), ()
    if names.superclasses.ndim != 1 or names.superclasses.dtype.kind != "U":
        raise ValueError("its superclasses have no names")
    parents = names.superclass_of
    if parents.shape != (classes,) or not np.issubdtype(parents.dtype, np.integer):
        raise ValueError("not every class has a superclass")
    if not 0 <= parents.min() <= parents.max() < len(names.superclasses):
        raise ValueError("a superclass has no name")
    return class_names, tuple(names.superclasses.tolist()), tuple(parents.tolist())


def _names_before(run: Run, classes: int) -> _PlainNames:
    """Return the names for a file that was written before they were kept in it."""
    started = run.record.started
    if (
        started is not None
        and started.dataset == cifar100_names.CIFAR100
        and classes == len(cifar100_names.CLASS_NAMES)
    ):
        return cifar100_names.CLASS_NAMES, cifar100_names.SUPERCLASS_NAMES, cifar100_names.SUPERCLASS_OF
    return _numbered(classes), (), ()


def _numbered(classes: int) -> tuple[str, ...]:
    return tuple(f"class {label}" for label in range(classes))
