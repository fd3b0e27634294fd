"""The learning rate as a function of the step: plain data, the same before and after a resume."""

import math

from cifar_tui.config import Schedule


def lr_factor(schedule: Schedule, step: int, epochs: int, steps_per_epoch: int) -> float:
    """Return what the highest learning rate is multiplied by at `step`, counted from 0 over the whole run.

    cosine: half a cosine from 1 down to 0 (Loshchilov & Hutter 2017, without restarts). epoch_cosine: the same, but
    changed after each epoch only, as `CosineAnnealingLR` with `T_max = epochs` in the report's loop; its last epoch
    still learns at a rate above 0, which is what makes short runs end differently.
    """
    match schedule:
        case Schedule.COSINE:
            done = step / (epochs * steps_per_epoch)
        case Schedule.EPOCH_COSINE:
            done = step // steps_per_epoch / epochs
        case Schedule.CONSTANT:
            return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * done))
