"""What a run says while it goes.

The training loop emits these, in this order: one `RunStarted`, any number of `BatchProgress`, an `EpochFinished` an
epoch, one `Tested` where training reached its end, and exactly one `RunEnded`, its last word. Losses are mean
cross-entropy in nats, accuracies fractions in 0–1, times seconds, memory bytes. Whoever writes the run folder adds, at
any place, that it cannot, and that it can again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:  # numpy takes a good part of the time to the app's first frame
    import numpy as np
    from numpy.typing import NDArray

# Held up against what is read from files; who trains is believed. Beyond lies what no run reaches and no screen shows.
Share = Annotated[float, Field(ge=0.0, le=1.0 + 1e-6)]  # hits in mixed images are fractions, whose sums are rounded
Loss = Annotated[float, Field(ge=0.0, le=1e39)]
Norm = Annotated[float, Field(ge=0.0, le=1e39)]
Rate = Annotated[float, Field(ge=0.0, le=1e12)]
Seconds = Annotated[float, Field(ge=0.0, le=1e9)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Number = Annotated[int, Field(ge=1, le=10**6)]
Words = Annotated[str, Field(max_length=500)]


class Outcome(StrEnum):
    """How training ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class RunStarted:
    """The model is built and the data is on the device."""

    dataset: Words
    """What the images are: `CIFAR-100`, `synthetic`, or a folder's name."""
    device: Words
    """As a person reads it: `cpu`, `cuda:0 (NVIDIA H100)`."""
    parameters: Count
    train_images: Count
    val_images: Count
    test_images: Count
    batches_per_epoch: Count
    precision: Words = "float32"
    """What matrix products and convolutions were computed in."""
    test_digest: Words | None = None
    """Tells the test images from others (`LabelledImages.digest`); earlier versions did not keep it."""


@dataclass(frozen=True)
class BatchProgress:
    """Where training stands within an epoch; emitted about twice a second, not every batch."""

    epoch: Number
    """Counts from 1."""
    batch: Count
    """Batches done in this epoch."""
    batches: Annotated[Count, Field(ge=1)]
    train_loss: Loss
    """Mean over the epoch so far."""
    lr: Rate
    grad_norm: Norm | None
    """Global norm of the gradients before clipping, mean over the epoch so far; None where no step's was finite."""
    images_per_second: Rate


@dataclass(frozen=True)
class WritingFailed:
    """The run folder takes nothing more; training goes on."""

    reason: str
    """A sentence."""


@dataclass(frozen=True)
class WritingRecovered:
    """The run folder holds everything again."""


@dataclass(frozen=True)
class EpochFinished:
    """One pass over the training images and the validation that followed it."""

    epoch: Number
    train_loss: Loss
    train_accuracy: Share
    val_loss: Loss | None
    """None, like the accuracy, where the recipe has no validation after this epoch."""
    val_accuracy: Share | None
    lr: Rate
    """The learning rate of the epoch's last step."""
    seconds: Seconds
    """Training and validation of this epoch."""
    images_per_second: Rate
    """Training alone."""
    grad_norm: Norm | None = None
    """Global norm of the gradients before clipping, mean over the epoch's steps; None where none was finite."""


@dataclass(frozen=True, eq=False)
class Tested:
    """What the model says of every test image, and what the classes are called."""

    labels: "NDArray[np.int64]"
    """True classes, `[N]`."""
    probabilities: "NDArray[np.float32]"
    """Softmax of the logits, `[N, classes]`."""
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...] = ()
    superclass_of: tuple[int, ...] = ()
    """The superclass of each class; empty, like the names, where there are none."""


@dataclass(frozen=True)
class Results:
    """What a finished run is judged by."""

    test_accuracy: Share
    test_loss: Loss
    top5_accuracy: Share
    macro_f1: Share
    superclass_accuracy: Share | None
    """None where the data set has no superclasses."""
    val_accuracy: Share
    """Of the weights that were tested."""
    train_accuracy: Share
    """Running accuracy over the last epoch, on augmented images."""
    parameters: Count
    accuracy_per_million: Rate
    """As the function of that name makes it."""
    epochs: Number
    seconds: Seconds
    """From the first batch to the end of the last validation."""
    images_per_second: Rate
    """Training images per second of training time, mean over the run."""
    peak_memory: Count
    """Bytes: on CUDA the allocator's peak, elsewhere the process's peak resident set."""


def accuracy_per_million(test_accuracy: float, parameters: int) -> float:
    """Return the accuracy in percent divided by the parameters in millions (REPORT: acc/param)."""
    return test_accuracy * 100 / (parameters / 1e6)


@dataclass(frozen=True)
class RunEnded:
    """The trainer's last word."""

    outcome: Outcome
    results: Results | None = None
    """Present exactly when the outcome is `finished`."""
    error: str | None = None
    """One sentence for a person; present exactly when the outcome is `failed`."""


Event = RunStarted | BatchProgress | EpochFinished | Tested | RunEnded | WritingFailed | WritingRecovered
