"""The learning rate as a function of the step: plain data, the same before and after a resume."""

import math

from cifar_tui.config import Schedule, TrainingConfig

_RISE = 0.3
_START = 1 / 25
_END = 1 / 25e4
"""Of one_cycle: the share of the run that rises, and the rate at both ends; PyTorch's `OneCycleLR` has the same."""


def lr_factor(recipe: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """Return what the highest learning rate is multiplied by at `step`, counted from 0 over the whole run.

    cosine: half a cosine from 1 down to 0 (Loshchilov & Hutter 2017, without restarts). epoch_cosine: the same, but
    changed after each epoch only, as `CosineAnnealingLR` with `T_max = epochs` in the report's loop; its last epoch
    still learns at a rate above 0, which is what makes short runs end differently. one_cycle: half a cosine up, another
    one down (Smith & Topin 2018). Before each but one_cycle a linear warm-up can come, which the cosine does not count.
    """
    steps = recipe.epochs * steps_per_epoch
    if recipe.schedule is Schedule.ONE_CYCLE:
        return _one_cycle(step, steps)
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    match recipe.schedule:
        case Schedule.COSINE:
            done = (step - warmup) / (steps - warmup)
        case Schedule.EPOCH_COSINE:
            done = (step - warmup) // steps_per_epoch / (recipe.epochs - recipe.warmup_epochs)
        case Schedule.CONSTANT:
            done = 0.0
    return _half_cosine(1.0, 0.0, done)


def _one_cycle(step: int, steps: int) -> float:
    peak = _RISE * steps - 1
    if step <= peak:
        return _half_cosine(_START, 1.0, step / peak if peak else 1.0)
    return _half_cosine(1.0, _END, (step - peak) / (steps - 1 - peak))


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * done))
