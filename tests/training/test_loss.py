"""The loss of mixed images."""

import pytest
import torch
from torch.nn import functional as F

from cifar_tui.data.batches import TrainBatch
from cifar_tui.data.mixing import Mix
from cifar_tui.training.loss import hits, mixed_cross_entropy


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_is_the_cross_entropy_to_the_mixed_label(label_smoothing: float) -> None:
    torch.manual_seed(0)
    logits, labels, others = torch.randn(6, 5), torch.randint(0, 5, (6,)), torch.randint(0, 5, (6,))
    batch = TrainBatch(torch.empty(0), labels, Mix(others, 0.7))
    target = 0.7 * F.one_hot(labels, 5).float() + 0.3 * F.one_hot(others, 5).float()
    expected = F.cross_entropy(logits, target, label_smoothing=label_smoothing)
    torch.testing.assert_close(mixed_cross_entropy(logits, batch, label_smoothing), expected)
    plain = TrainBatch(torch.empty(0), labels, None)
    torch.testing.assert_close(
        mixed_cross_entropy(logits, plain, label_smoothing),
        F.cross_entropy(logits, labels, label_smoothing=label_smoothing),
    )


def test_a_mixed_image_is_right_by_shares() -> None:
    logits = torch.eye(3)  # predicts 0, 1, 2
    labels, others = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    assert hits(logits, TrainBatch(torch.empty(0), labels, Mix(others, 0.75))).item() == pytest.approx(1 + 0.25)
    assert hits(logits, TrainBatch(torch.empty(0), labels, None)).item() == 1
