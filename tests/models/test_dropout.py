"""Our dropout is dropout: its keep rate, scale, gradient and reproducibility."""

import pytest
import torch
from torch import nn

from cifar_tui.models.dropout import Dropout, replace_dropout

COUNT = 1_000_003  # not a multiple of the lanes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_keeps_its_share_and_scales_it(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    out = Dropout(p)(torch.ones(COUNT, dtype=dtype))
    kept = (out != 0).double().mean().item()
    assert abs(kept - (1 - p)) < 5 * (p * (1 - p) / COUNT) ** 0.5 + 2**-17  # five standard deviations
    scale = torch.tensor(1 / (1 - p), dtype=dtype)
    assert out.unique().tolist() == pytest.approx([0, scale.item()], rel=1e-6)


def test_the_highest_rate_leaves_hardly_any() -> None:
    torch.manual_seed(0)
    assert (Dropout(1 - 1e-9)(torch.ones(2**16)) != 0).sum() < 16


def test_neighbours_are_independent() -> None:
    """Four values share one random number; so may whole rows in a sum."""
    torch.manual_seed(1)
    kept = (Dropout(0.3)(torch.ones(400_000)) != 0).double().view(-1, 8)
    correlation = torch.corrcoef(kept.T) - torch.eye(8)
    assert correlation.abs().max() < 0.02


def test_every_bit_pattern_comes() -> None:
    """With a rate of 2^-16 about one value in 65,536 is dropped, in each of the four lanes."""
    torch.manual_seed(2)
    dropped = (Dropout(2**-16)(torch.ones(2**22)) == 0).view(-1, 4).sum(0)
    assert dropped.sum() == pytest.approx(64, abs=40)
    assert (dropped > 0).all()


def test_the_gradient_is_the_mask() -> None:
    torch.manual_seed(3)
    x = torch.randn(50, 70, requires_grad=True)
    out = Dropout(0.4)(x)
    out.backward(torch.ones_like(out))
    assert x.grad is not None
    assert torch.equal(x.grad * x.detach(), out.detach())
    assert x.grad.unique().tolist() == pytest.approx([0, 1 / 0.6])


def test_the_seed_decides() -> None:
    x, dropout = torch.ones(3, 5, 7), Dropout(0.5)
    torch.manual_seed(4)
    one, next_one = dropout(x), dropout(x)
    torch.manual_seed(4)
    assert torch.equal(dropout(x), one)
    assert not torch.equal(one, next_one)


def test_does_nothing_in_evaluation_or_at_rate_zero() -> None:
    x = torch.randn(4, 4)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 3), (2, 3, 5)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    assert Dropout(0.5)(torch.ones(shape)).shape == shape
    transposed = torch.ones(shape).permute(*reversed(range(len(shape))))
    assert Dropout(0.5)(transposed).shape == transposed.shape


def test_takes_the_place_of_pytorchs() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.ModuleList([nn.Dropout(0.3)]))
    model[2].only = model[1]
    replace_dropout(model)
    found = [module.p for module in model.modules() if isinstance(module, Dropout)]
    assert found[:2] == [0.2, 0.3]
    assert all(type(module) is not nn.Dropout for module in model.modules())
