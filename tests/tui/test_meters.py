"""The meters, on this machine and beside a driver that answers what we say."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from cifar_tui.tui.meters import Meters


class NVMLError(Exception):
    pass


def refuse(*_: object) -> None:
    raise NVMLError


DRIVER = {
    "NVMLError": NVMLError,
    "NVML_TEMPERATURE_GPU": 0,
    "nvmlInit": lambda: None,
    "nvmlDeviceGetCount": lambda: 1,
    "nvmlDeviceGetHandleByIndex": lambda index: index,
    "nvmlDeviceGetName": lambda _: "Some GPU",
    "nvmlDeviceGetMemoryInfo": lambda _: SimpleNamespace(used=3 * 10**9, total=8 * 10**9),
    "nvmlDeviceGetUtilizationRates": lambda _: SimpleNamespace(gpu=75),
    "nvmlDeviceGetTemperature": lambda *_: 61,
    "nvmlDeviceGetPowerUsage": lambda _: 250_000,
}


def test_processor_and_memory():
    reading = Meters().read()
    assert 0 <= reading.processor <= 1
    assert 0 < reading.memory_used < reading.memory_total


def test_a_busy_processor_is_seen_from_every_thread():
    meters, is_over = Meters(), threading.Event()

    def work() -> None:
        while not is_over.is_set():
            pass

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert meters.read().processor > 0
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(meters.read).result().processor > 0
    finally:
        is_over.set()
        worker.join()


def test_a_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(**DRIVER))
    (gpu,) = Meters().read().gpus
    assert (gpu.name, gpu.utilisation, gpu.temperature, gpu.power) == ("Some GPU", 0.75, 61, 250.0)
    assert (gpu.memory_used, gpu.memory_total) == (3 * 10**9, 8 * 10**9)


def test_what_a_driver_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch):
    silent = DRIVER | {"nvmlDeviceGetPowerUsage": refuse, "nvmlDeviceGetUtilizationRates": refuse}
    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(**silent))
    (gpu,) = Meters().read().gpus
    assert (gpu.utilisation, gpu.power, gpu.temperature) == (None, None, 61)


@pytest.mark.parametrize("missing", ["nvmlInit", "nvmlDeviceGetCount"])
def test_without_a_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch, missing: str):
    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(**(DRIVER | {missing: refuse})))
    assert Meters().read().gpus == ()
