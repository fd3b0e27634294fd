"""What a tensor frees is there for the next one, without the system zeroing it anew."""

import platform
import subprocess
import sys

import pytest

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


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from cifar_tui.training import allocator

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _name: pytest.fail("no library is to be asked"))
    allocator.keep_freed_memory()
