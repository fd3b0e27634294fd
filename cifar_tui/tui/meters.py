"""What the machine is doing: processor and memory, and NVIDIA's GPUs where there are any."""

import logging
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GPUReading:
    """One GPU; None is what the driver does not tell."""

    name: str
    utilisation: float | None
    """A fraction."""
    memory_used: int
    memory_total: int
    """In bytes."""
    temperature: int | None
    """In degrees Celsius."""
    power: float | None
    """In watts."""


@dataclass(frozen=True)
class Reading:
    """The machine at one moment."""

    processor: float
    """A fraction of all cores, over the time that a reading takes."""
    memory_used: int
    memory_total: int
    """In bytes."""
    gpus: tuple[GPUReading, ...]


_SECONDS_OF_A_READING = 0.2


class Meters:
    """Reads the meters; not thread-safe, and it takes a moment each time."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._has_looked = False

    def read(self) -> Reading:
        """Return how things are now."""
        import psutil  # not before the first frame

        memory = psutil.virtual_memory()
        return Reading(
            # Without an interval it would be since this thread's last reading: in a new thread none, which says 0.
            processor=psutil.cpu_percent(_SECONDS_OF_A_READING) / 100,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            gpus=self._read_gpus(),
        )

    def _read_gpus(self) -> tuple[GPUReading, ...]:
        if not self._has_looked:
            self._has_looked = True
            self._nvml = _start_nvml()
        nvml = self._nvml
        if nvml is None:
            return ()
        try:
            return tuple(
                _read_gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index)) for index in range(nvml.nvmlDeviceGetCount())
            )
        except nvml.NVMLError as error:
            logger.warning("the GPUs' meters cannot be read: %s", error)
            return ()


def _start_nvml() -> Any:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None  # no driver, or no GPU of NVIDIA's
    return pynvml


def _read_gpu(nvml: Any, gpu: Any) -> GPUReading:
    def ask(question: Any, *arguments: Any) -> Any:
        try:
            return question(gpu, *arguments)
        except nvml.NVMLError:
            return None

    memory = nvml.nvmlDeviceGetMemoryInfo(gpu)
    rates, power = ask(nvml.nvmlDeviceGetUtilizationRates), ask(nvml.nvmlDeviceGetPowerUsage)
    return GPUReading(
        name=str(nvml.nvmlDeviceGetName(gpu)),
        utilisation=rates.gpu / 100 if rates else None,
        memory_used=int(memory.used),
        memory_total=int(memory.total),
        temperature=ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
        power=power / 1000 if power is not None else None,
    )
