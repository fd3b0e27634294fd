"""Our training loop, measured from outside as the app runs it."""

import time
from collections.abc import Callable

import torch

from cifar_tui.bench.clock import synchronise
from cifar_tui.config import RunConfig
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.events import BatchProgress, Event
from cifar_tui.training.loop import train

_WARMUP_BATCHES = 2


def our_speed(
    config: RunConfig,
    dataset: ImageDataset,
    device: torch.device,
    seconds: float,
    report: Callable[[BatchProgress], None],
) -> float:
    """Train for about `seconds` after a warm-up, at least one batch; return images a second of training.

    The loop asks whether to stop before each step: that is where its time is taken.

    Args:
        config: what to train, one batch a step, for more epochs than there is time, and without validation, as the
            other ways have none.
        dataset: on which images; a multiple of the batch size.
        device: the one that `config` names.
        seconds: how long.
        report: told the progress, as the app writes it to the disk.
    """
    began = elapsed = 0.0
    batches = -1

    def should_stop() -> bool:
        nonlocal began, elapsed, batches
        batches += 1
        if batches == _WARMUP_BATCHES:
            synchronise(device)
            began = time.perf_counter()
        if batches <= _WARMUP_BATCHES or time.perf_counter() - began < seconds:
            return False
        synchronise(device)
        elapsed = time.perf_counter() - began
        return True

    def emit(event: Event) -> None:
        if isinstance(event, BatchProgress):
            report(event)

    train(config, dataset, emit, should_stop)
    return (batches - _WARMUP_BATCHES) * config.training.batch_size / elapsed
