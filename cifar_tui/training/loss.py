"""Loss and hits of a batch whose images may be mixed."""

from torch import Tensor
from torch.nn import functional as F

from cifar_tui.data.batches import TrainBatch


def mixed_cross_entropy(logits: Tensor, batch: TrainBatch, label_smoothing: float) -> Tensor:
    """Return the mean cross-entropy to the batch's labels, a scalar in nats.

    For mixed images it is the weighted sum of both labels' losses: equal to the cross-entropy to the mixed label, since
    that is linear in it (Zhang et al., 2018).

    Args:
        logits: float32 `[B, classes]`.
        batch: what they are of.
        label_smoothing: share of the target spread over all classes (Szegedy et al., 2016).
    """
    if batch.mix is None:
        return F.cross_entropy(logits, batch.labels, label_smoothing=label_smoothing)
    # What both labels' losses share is computed once: on a GPU a small network's step takes as long as it has kernels.
    log_probabilities = F.log_softmax(logits, dim=1)
    loss, other = (F.nll_loss(log_probabilities, labels) for labels in (batch.labels, batch.mix.labels))
    return loss.lerp(other, 1 - batch.mix.weight).lerp(-log_probabilities.mean(), label_smoothing)


def hits(logits: Tensor, batch: TrainBatch) -> Tensor:
    """Return how many images of the batch are right, a scalar; for mixed ones each label counts by its share."""
    predicted = logits.argmax(dim=1)
    right = (predicted == batch.labels).sum()
    if batch.mix is None:
        return right
    other = (predicted == batch.mix.labels).sum()
    return batch.mix.weight * right + (1 - batch.mix.weight) * other
