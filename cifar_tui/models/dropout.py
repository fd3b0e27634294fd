"""Dropout (Srivastava et al., 2014) with a mask that is cheap to draw on a CPU.

PyTorch draws one number from its generator for each value, on one thread: in a transformer that takes longer than all
the matrix products together. Here one 64-bit number gives four values their 16 bits each. Measured on two cores, for
(128, 65, 512) values: 41 ms → 5 ms in bfloat16, 32 ms → 7 ms in float32.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LANES = 4
"""Masks drawn from one 64-bit number."""
_LEVELS = 2**16


class Dropout(nn.Dropout):
    """Zeroes each value with probability `p` and scales the others by 1 / (1 - p): any shape to the same shape.

    On a CPU `p` is kept to within 2^-17. All randomness comes from torch's global generator, as PyTorch's own does.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` itself in eval mode."""
        if not self.training or not self.p:
            return x
        if x.device.type != "cpu" or self.inplace:
            return F.dropout(x, self.p, training=True, inplace=self.inplace)
        return x * _mask(x, self.p)


def _mask(x: Tensor, p: float) -> Tensor:
    """Return 0 or 1 / (1 - p) for each value of `x`, in its type."""
    count = x.numel()
    numbers = torch.empty(-(-count // _LANES), dtype=torch.int64).random_(-(2**63), None)
    lanes = numbers.view(torch.int16)[:count].view(x.shape)
    highest = _LEVELS // 2 - 1
    kept = lanes.ge_(min(round(p * _LEVELS) - _LEVELS // 2, highest))  # 1 or 0, still as integers
    scale = 1 / (1 - p)
    # Multiplying a bit pattern and widening it is many times faster here than converting integers to floats.
    if x.dtype is torch.bfloat16:
        return kept.mul_(_pattern(scale)).view(torch.bfloat16)
    return kept.mul_(_pattern(1.0)).view(torch.bfloat16).to(x.dtype).mul_(scale)


@lru_cache
def _pattern(value: float) -> int:
    """Return the bits of `value` in bfloat16."""
    return int(torch.tensor(value, dtype=torch.bfloat16).view(torch.int16))


def replace_dropout(model: nn.Module) -> None:
    """Put a `Dropout` of this module in the place of each of PyTorch's in `model`."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Dropout:
                setattr(parent, name, Dropout(child.p))
