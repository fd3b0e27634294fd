"""The learning rate as a function of the step: plain data, the same before and after a resume."""

import math

from cifar_tui.config import Schedule


def lr_factor(schedule: Schedule, step: int, total_steps: int) -> float:
    """Return what the highest learning rate is multiplied by at `step` of `total_steps` (counted from 0).

    cosine: half a cosine from 1 down to 0 (Loshchilov & Hutter 2017, without restarts), as PyTorch's
    `CosineAnnealingLR` with `T_max = total_steps`.
    """
    if schedule is Schedule.CONSTANT:
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * step / total_steps))
