"""Two images in one: mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019)."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cifar_tui.data.dataset import SIDE


class Mix(NamedTuple):
    """What the images of a batch are mixed with."""

    labels: Tensor
    """Of the images mixed in, int64 `[B]`."""
    weight: float
    """The share of the batch's own labels; the labels mixed in have the rest."""


class MixPlan(NamedTuple):
    """How one batch is mixed."""

    weight: float
    """The share of each image that stays."""
    box: tuple[slice, slice] | None
    """Rows and columns that CutMix replaces; None blends the whole images, as mixup does."""


def draw_mixes(mixup: float, cutmix: float, batches: int, generator: torch.Generator) -> list[MixPlan]:
    """Draw how each batch of an epoch is mixed; with both alphas above 0 each batch takes one of the two by chance.

    Returns:
        A plan for each batch; none where both alphas are 0.
    """
    if not (mixup or cutmix):
        return []
    random = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    plans: list[MixPlan] = []
    for _ in range(batches):
        is_cut = random.random() < 0.5 if mixup and cutmix else bool(cutmix)
        alpha = cutmix if is_cut else mixup
        weight = float(random.beta(alpha, alpha))
        plans.append(_cut(weight, *random.integers(0, SIDE, 2).tolist()) if is_cut else MixPlan(weight, None))
    return plans


def mixed(images: Tensor, labels: Tensor, plan: MixPlan) -> tuple[Tensor, Mix]:
    """Mix each image of a batch with the one before it; the batch is in random order already.

    Args:
        images: float32 `[B, 3, 32, 32]`; not kept.
        labels: int64 `[B]`.
        plan: how.

    Returns:
        The images, `[B, 3, 32, 32]`, and what was mixed in.
    """
    others = torch.cat([images[-1:], images[:-1]])
    if plan.box is None:
        images = images.mul_(plan.weight).add_(others, alpha=1 - plan.weight)
    else:
        rows, columns = plan.box
        images[:, :, rows, columns] = others[:, :, rows, columns]
    return images, Mix(labels.roll(1), plan.weight)


def _cut(weight: float, x: int, y: int) -> MixPlan:
    """A box around (x, y) of the area 1 - `weight`, as far as it is inside the image; its true area is what counts."""
    half = int(0.5 * math.sqrt(1 - weight) * SIDE)
    rows = slice(max(y - half, 0), min(y + half, SIDE))
    columns = slice(max(x - half, 0), min(x + half, SIDE))
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return MixPlan(1 - area / SIDE**2, (rows, columns))
