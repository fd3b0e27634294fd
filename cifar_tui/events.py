"""What a run says while it goes.

The training loop emits these, in this order: one `RunStarted`, any number of `BatchProgress`, an `EpochFinished` an
epoch, one `Tested` where training reached its end, and exactly one `RunEnded`, its last word. Losses are mean
cross-entropy in nats, accuracies fractions in 0–1, times seconds, memory bytes. Whoever writes the run folder adds, at
any place, that it cannot, and that it can again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy takes a good part of the time to the app's first frame
    import numpy as np
    from numpy.typing import NDArray


class Outcome(StrEnum):
    """How training ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class RunStarted:
    """The model is built and the data is on the device."""

    dataset: str
    """What the images are: `CIFAR-100`, `synthetic`, or a folder's name."""
    device: str
    """As a person reads it: `cpu`, `cuda:0 (NVIDIA H100)`."""
    parameters: int
    train_images: int
    val_images: int
    test_images: int
    batches_per_epoch: int
    precision: str = "float32"
    """What matrix products and convolutions were computed in."""


@dataclass(frozen=True)
class BatchProgress:
    """Where training stands within an epoch; emitted about twice a second, not every batch."""

    epoch: int
    """Counts from 1."""
    batch: int
    """Batches done in this epoch."""
    batches: int
    train_loss: float
    """Mean over the epoch so far."""
    lr: float
    grad_norm: float | None
    """Global norm of the gradients before clipping, mean over the epoch so far; None where no step's was finite."""
    images_per_second: float


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

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    """None, like the accuracy, where the recipe has no validation after this epoch."""
    val_accuracy: float | None
    lr: float
    """The learning rate of the epoch's last step."""
    seconds: float
    """Training and validation of this epoch."""
    images_per_second: float
    """Training alone."""
    grad_norm: float | None = None
    """Global norm of the gradients before clipping, mean over the epoch's steps; None where none was finite."""


@dataclass(frozen=True, eq=False)
class Tested:
    """What the model says of every test image."""

    labels: "NDArray[np.int64]"
    """True classes, `[N]`."""
    probabilities: "NDArray[np.float32]"
    """Softmax of the logits, `[N, classes]`."""


@dataclass(frozen=True)
class Results:
    """What a finished run is judged by."""

    test_accuracy: float
    test_loss: float
    top5_accuracy: float
    macro_f1: float
    superclass_accuracy: float | None
    """None where the data set has no superclasses."""
    val_accuracy: float
    """Of the weights that were tested."""
    train_accuracy: float
    """Running accuracy over the last epoch, on augmented images."""
    parameters: int
    accuracy_per_million: float
    """Test accuracy in percent divided by parameters in millions (REPORT: acc/param)."""
    epochs: int
    seconds: float
    """From the first batch to the end of the last validation."""
    images_per_second: float
    """Training images per second of training time, mean over the run."""
    peak_memory: int
    """Bytes: on CUDA the allocator's peak, elsewhere the process's peak resident set."""


@dataclass(frozen=True)
class RunEnded:
    """The trainer's last word."""

    outcome: Outcome
    results: Results | None = None
    """Present exactly when the outcome is `finished`."""
    error: str | None = None
    """One sentence for a person; present exactly when the outcome is `failed`."""


Event = RunStarted | BatchProgress | EpochFinished | Tested | RunEnded | WritingFailed | WritingRecovered
