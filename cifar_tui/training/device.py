"""Which device a run computes on, and what is known of it."""

import contextlib
import platform
import resource
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cifar_tui.training.allocator import give_back_freed_memory


class DeviceError(Exception):
    """One sentence: the device that was asked for is not there."""


def find_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the first of cuda, mps and cpu that this machine has.

    Raises:
        DeviceError: the machine has no such device.
    """
    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not (has_cuda and (device.index or 0) < torch.cuda.device_count()):
        raise DeviceError(f"There is no {name} on this machine; device = auto takes what there is.")
    if device.type == "mps" and not has_mps:
        raise DeviceError("There is no mps on this machine; device = auto takes what there is.")
    return device


def check_device(name: str) -> None:
    """Compute a little on the device called `name`.

    Raises:
        DeviceError: the machine has no such device, or it does not compute (any more).
    """
    device = find_device(name)
    try:
        torch.ones(8, device=device).sum().item()
    except RuntimeError as error:
        raise DeviceError(f"it does not compute: {str(error).partition(chr(10))[0]}") from error


def describe_device(device: torch.device) -> str:
    """Return the device as a person reads it: `cpu (2 threads)`, `cuda:0 (NVIDIA H100)`."""
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        return f"cuda:{index} ({torch.cuda.get_device_name(index)})"
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    return device.type


def get_random_state(device: torch.device) -> Tensor | None:
    """Return the state of the device's own random generator; None for a CPU, whose generator is torch's."""
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device.type == "mps" else None


def set_random_state(device: torch.device, state: Tensor) -> None:
    """Go on from what `get_random_state` returned for a device of the same type."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)


def describe_processor() -> str:
    """Return the processor's name, as far as torch or the system tells."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return str(capabilities.get("cpu_name") or platform.processor() or platform.machine())


def reset_peak_memory(device: torch.device) -> None:
    """Begin a new measurement of the peak where that can be done: on CUDA, and on Linux."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        give_back_freed_memory()  # a larger run before this one may have left it
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")


def peak_memory(device: torch.device) -> int:
    """Return the peak in bytes: of the allocator on CUDA, of the process's resident set elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
