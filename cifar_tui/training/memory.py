"""When a batch does not fit: how much was asked for, and which batch size would have fitted."""

import gc
import re

import torch
from torch.nn import functional as F

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import TrainBatches
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.models.build import build
from cifar_tui.training.allocator import give_back_freed_memory
from cifar_tui.training.average import MovingAverage
from cifar_tui.training.precision import choose_numerics

_SIGNS = ("out of memory", "allocate memory", "not enough memory", "ALLOC_FAILED")
_ASKED = re.compile(r"tried to allocate ([\d.]+ ?(?:bytes|[KMGT]iB))", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory did not suffice, on any device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def explain_out_of_memory(message: str, config: RunConfig, dataset: ImageDataset, device: torch.device) -> str:
    """Return a sentence: how much was asked for, and a batch size that fits, found by trying smaller ones.

    Args:
        message: of the error.
        config: of the run.
        dataset: that it was to learn.
        device: where it ran; nothing of the run may be left there.
    """
    release()
    asked = _ASKED.search(message)
    size = config.training.batch_size
    told = f"Out of memory at batch size {size}" + (f": {_readable(asked[1])} more were asked for" if asked else "")
    while size > 2:
        size //= 2
        if _fits(config, dataset, device, size):
            return f"{told}; batch size {size} fits."
    return f"{told}; no batch size fits this model here."


def release() -> None:
    """Give back what finished runs left behind, so that other processes, and the next run, find it free."""
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
    give_back_freed_memory()


def _fits(config: RunConfig, dataset: ImageDataset, device: torch.device, batch_size: int) -> bool:
    try:
        _try_a_step(config, dataset, device, batch_size)
        fits = True
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        fits = False
    release()
    return fits


def _try_a_step(config: RunConfig, dataset: ImageDataset, device: torch.device, batch_size: int) -> None:
    recipe = config.training
    model = build(config.model, len(dataset.class_names))
    numerics = choose_numerics(recipe, model, device)
    numerics.place(model)
    average = MovingAverage(model, recipe.ema_decay) if recipe.ema_decay else None
    batches = TrainBatches(
        dataset.train, config.data,
        batch_size=batch_size, device=device, seed=recipe.seed, channels_last=numerics.channels_last,
    )  # fmt: skip
    optimiser = torch.optim.AdamW(model.parameters())
    images, labels, _ = next(batches.epoch(1))
    with numerics.autocast():
        logits = model(images)
    F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    if average:
        average.update_parameters(model)


def _readable(amount: str) -> str:
    """`4294967296 bytes` → `4.0 GiB`; what has a larger unit already stays."""
    number, _, unit = amount.partition(" ")
    if unit != "bytes":
        return amount
    value, units = float(number), iter(("bytes", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while value >= 1024 and unit != "TiB":
        value, unit = value / 1024, next(units)
    return f"{value:.1f} {unit}"
