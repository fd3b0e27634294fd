"""What a tensor frees is there for the next one, without the system zeroing it anew."""

import platform
import subprocess
import sys

import pytest

from cifar_tui.training.allocator import give_back_freed_memory, keep_freed_memory

_PAGES = """
import resource, threading
import torch
from cifar_tui.training.allocator import keep_freed_memory

if {keep}:
    keep_freed_memory()

def pages_of_a_late_tensor():
    others = []
    for _ in range(20):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(16 * 2**20)
        others.append([bytearray(600) for _ in range(20)])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

if {in_thread}:
    thread = threading.Thread(target=pages_of_a_late_tensor)
    thread.start()
    thread.join()
else:
    pages_of_a_late_tensor()
"""
_MANY, _FEW = 1_000, 100  # 64 MiB are 16,384 pages; where the system gives huge ones, fewer faults bring them


def pages(*, keep: bool, in_thread: bool) -> int:
    program = _PAGES.format(keep=keep, in_thread=in_thread)
    return int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries are left as they are")
@pytest.mark.parametrize("in_thread", [False, True], ids=["main thread", "runner's thread"])
def test_freed_memory_is_used_again(in_thread: bool) -> None:
    if pages(keep=False, in_thread=in_thread) < _MANY:
        pytest.skip("this system brings so many pages at once that nothing is to be seen")
    assert pages(keep=True, in_thread=in_thread) < _FEW


_PEAKS = """
import torch
from cifar_tui.training.allocator import keep_freed_memory
from cifar_tui.training.device import peak_memory, reset_peak_memory

keep_freed_memory()
for megabytes in (800, 20):
    reset_peak_memory(torch.device("cpu"))
    tensors = [torch.ones(2**18) for _ in range(megabytes)]
    print(peak_memory(torch.device("cpu")))
    del tensors
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is the process's own")
def test_a_small_run_after_a_large_one_needs_little() -> None:
    done = subprocess.run([sys.executable, "-c", _PEAKS], check=True, capture_output=True, text=True)
    large, small = (int(line) for line in done.stdout.split())
    assert large - small > 600 * 2**20


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda _name: pytest.fail("no library is to be asked"))
    keep_freed_memory()
    give_back_freed_memory()
