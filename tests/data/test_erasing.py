import numpy as np
import torch
from torchvision.transforms.v2 import RandomErasing

from cifar_tui.data.erasing import draw_boxes, erase


def test_a_box_is_blanked_and_the_rest_stays():
    images = torch.randn(3, 3, 32, 32)
    boxes = torch.tensor([[2, 10, 5, 9], [0, 0, 0, 0], [20, 32, 0, 32]])
    erased = erase(images.clone(), boxes)
    assert erased[0, :, 2:10, 5:9].abs().sum() == 0
    assert (erased[0] == 0).sum() == 3 * 8 * 4
    assert torch.equal(erased[1], images[1])
    assert torch.equal(erased[2, :, :20], images[2, :, :20])
    assert erased[2, :, 20:].abs().sum() == 0


def test_boxes_are_distributed_as_torchvisions():
    count = 4000
    boxes = draw_boxes(1.0, count, torch.Generator().manual_seed(0))
    ours = torch.stack([boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2], boxes[:, 0], boxes[:, 2]])
    torch.manual_seed(0)
    theirs_of = RandomErasing(p=1.0)
    drawn = [theirs_of.make_params([torch.zeros(3, 32, 32)]) for _ in range(count)]
    theirs = torch.tensor([[box["h"], box["w"], box["i"], box["j"]] for box in drawn]).T
    for one, other in zip(ours.double(), theirs.double(), strict=True):
        spread = other.std() / count**0.5
        assert (one.mean() - other.mean()).abs() < 6 * spread
        for share in (0.05, 0.25, 0.5, 0.75, 0.95):
            assert abs(np.quantile(one, share) - np.quantile(other, share)) <= 1
    assert boxes.min() >= 0
    assert boxes.max() <= 32


def test_as_many_are_erased_as_asked_for():
    boxes = draw_boxes(0.25, 20_000, torch.Generator().manual_seed(1))
    assert abs((boxes.sum(dim=1) > 0).float().mean() - 0.25) < 0.02
    assert draw_boxes(0.0, 100, torch.Generator().manual_seed(1)).abs().sum() == 0
