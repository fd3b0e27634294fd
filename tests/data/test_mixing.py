import numpy as np
import pytest
import torch
from scipy import stats
from torchvision.transforms.v2 import CutMix, MixUp

from cifar_tui.data.mixing import MixPlan, draw_mixes, mixed


def batch(count: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(count, 3, 32, 32), torch.randint(0, 10, (count,))


@pytest.mark.parametrize("channels_last", [True, False])
def test_mixup_is_torchvisions(channels_last: bool):
    images, labels = batch()
    if channels_last:
        images = images.to(memory_format=torch.channels_last)
    theirs = MixUp(num_classes=10)
    params = {"labels": labels, "batch_size": 8, "lam": 0.3}
    expected, targets = theirs.transform(images, params), theirs.transform(labels, params)
    ours, mix = mixed(images.clone(), labels, MixPlan(0.3, None))
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(soft(labels, mix), targets)


def test_cutmix_is_torchvisions():
    images, labels = batch()
    theirs = CutMix(num_classes=10)
    params = {"labels": labels, "batch_size": 8, "box": (3, 5, 20, 17), "lam_adjusted": 1 - 17 * 12 / 1024}
    expected, targets = theirs.transform(images, params), theirs.transform(labels, params)
    ours, mix = mixed(images.clone(), labels, MixPlan(1 - 17 * 12 / 1024, (slice(5, 17), slice(3, 20))))
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(soft(labels, mix), targets)


def soft(labels: torch.Tensor, mix) -> torch.Tensor:
    """The mixed label as a distribution over the classes."""
    own, other = (torch.nn.functional.one_hot(which, 10).float() for which in (labels, mix.labels))
    return mix.weight * own + (1 - mix.weight) * other


def test_mixups_weights_follow_the_beta():
    plans = draw_mixes(0.4, 0.0, 3000, torch.Generator().manual_seed(0))
    assert all(plan.box is None for plan in plans)
    assert stats.kstest([plan.weight for plan in plans], stats.beta(0.4, 0.4).cdf).pvalue > 0.001


def test_cutmixs_boxes_are_distributed_as_torchvisions():
    plans = draw_mixes(0.0, 1.0, 4000, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    theirs = [CutMix(num_classes=10).make_params([torch.zeros(2, 3, 32, 32)]) for _ in range(4000)]
    assert stats.ks_2samp([p.weight for p in plans], [p["lam_adjusted"] for p in theirs]).pvalue > 0.001
    for plan in plans:
        assert plan.box is not None
        rows, columns = plan.box
        assert plan.weight == pytest.approx(1 - (rows.stop - rows.start) * (columns.stop - columns.start) / 1024)
    lefts = [plan.box[1].start for plan in plans if plan.box]
    assert stats.ks_2samp(lefts, [p["box"][0] for p in theirs]).pvalue > 0.001


def test_with_both_each_batch_takes_one():
    plans = draw_mixes(0.2, 1.0, 2000, torch.Generator().manual_seed(0))
    assert abs(np.mean([plan.box is not None for plan in plans]) - 0.5) < 0.05


def test_without_either_nothing_is_drawn():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    assert draw_mixes(0.0, 0.0, 5, generator) == []
    assert torch.equal(generator.get_state(), before)
