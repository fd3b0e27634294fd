"""Time that counts what the device has truly done."""

import time
from collections.abc import Iterator

import torch


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def speed(steps: Iterator[int], device: torch.device, seconds: float) -> float:
    """Take `steps` for about `seconds`, at least one; return images a second."""
    synchronise(device)
    began = time.perf_counter()
    images = 0
    while True:
        images += next(steps)
        if time.perf_counter() - began >= seconds:
            synchronise(device)
            return images / (time.perf_counter() - began)
