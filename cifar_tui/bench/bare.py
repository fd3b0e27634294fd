"""The bare training step: what is left when everything but the arithmetic is taken away."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import TrainBatches
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.models.build import build
from cifar_tui.training.precision import choose_numerics


def bare_steps(config: RunConfig, dataset: ImageDataset, device: torch.device) -> Iterator[int]:
    """Train on one batch that stays on the device, without end; yield the images of each step.

    Forward, backward, clip and AdamW in the precision and memory order of our loop, and nothing else.
    """
    recipe = config.training
    torch.manual_seed(recipe.seed)
    model = build(config.model, len(dataset.class_names))
    numerics = choose_numerics(recipe, model, device)
    numerics.place(model)
    model.train()
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        fused=device.type in ("cpu", "cuda"),
    )
    batches = TrainBatches(
        dataset.train,
        config.data,
        batch_size=recipe.batch_size,
        device=device,
        seed=recipe.seed,
        channels_last=numerics.channels_last,
    )
    images, labels, _ = next(batches.epoch(1))
    while True:
        optimiser.zero_grad(set_to_none=True)
        with numerics.autocast():
            logits = model(images)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield len(labels)
