"""Which devices of this machine train at the same time, and how many runs each."""

import os

from cifar_tui.config import DEVICE

AUTO = "auto"
"""As a runner's device: whatever each run asks for, and the first that the machine has where a run asks for none."""


class DevicesError(ValueError):
    """One sentence: a list of devices that cannot be understood."""


def parse_devices(text: str) -> tuple[str, ...]:
    """Read `auto`, or devices divided by commas: `cuda:0,cuda:1`; one that stands twice trains two runs at a time.

    Returns:
        The devices; one `auto` leaves the choice to `find_devices`.

    Raises:
        DevicesError: it names none, or one that is no device.
    """
    names = tuple(part.strip().lower() for part in text.split(","))
    if names == (AUTO,):
        return names
    for name in names:
        if not DEVICE.fullmatch(name):
            raise DevicesError(f"{name!r} is no device; write auto, cpu, mps, or GPUs such as cuda:0,cuda:1.")
    if names.count("mps") > 1:
        raise DevicesError("mps stands there twice; only cpu and GPUs of NVIDIA can train several runs at a time.")
    return names


def find_devices(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the devices to train on: for `auto` every NVIDIA GPU that this process may use, where there are several.

    Asks the driver and not torch, which takes seconds to import.
    """
    if wanted != (AUTO,):
        return wanted
    count = _visible_gpus()
    return tuple(f"cuda:{index}" for index in range(count)) if count > 1 else wanted


def suits(wanted: str, device: str, others: tuple[str, ...] = (), *, is_first: bool = True) -> bool:
    """Whether the runner of `device` takes a run that asks for the device `wanted`.

    Args:
        wanted: of the run's configuration.
        device: of the runner.
        others: the devices of the runners beside it.
        is_first: whether it is the one that takes what asks for a device that none of them has.
    """
    if wanted == AUTO or device == AUTO or _fits(wanted, device):
        return True
    return is_first and not any(_fits(wanted, other) for other in others)


def _fits(wanted: str, device: str) -> bool:
    return wanted == device or (wanted == "cuda" and device.startswith("cuda:"))


def _visible_gpus() -> int:
    import pynvml  # not before the first frame

    try:
        pynvml.nvmlInit()
        count = int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return count
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return min(names.index("-1") if "-1" in names else len(names), count)
