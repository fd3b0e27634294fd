"""Signs of life of the process that trains a run: for readers on other hosts, to which its lock may mean nothing.

Some shared file systems keep locks to the host that took them, some have none, and all show changes late.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cifar_tui.files import read_plain, replace_text

SECONDS_BETWEEN_BEATS = 10.0
SECONDS_UNTIL_SILENCE = 60.0
"""Without a beat for so long, a process on another host counts as gone; attributes are cached for half of it."""

_FILE = "heartbeat.json"
_LARGEST = 2**12


class Heartbeat(BaseModel):
    """Who trains a run."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    host: str
    pid: int
    job: str | None = None
    """Of Slurm, if it runs in one."""


@contextlib.contextmanager
def beating(folder: Path, job: str | None = None) -> Iterator[None]:
    """Give signs of life in `folder` while the block runs; where it cannot be written to, none."""
    file = folder / _FILE
    over = threading.Event()

    def beat() -> None:
        while not over.wait(SECONDS_BETWEEN_BEATS):
            with contextlib.suppress(OSError):
                os.utime(file)

    with contextlib.suppress(OSError):
        replace_text(file, Heartbeat(host=host_name(), pid=os.getpid(), job=job).model_dump_json(), durable=False)
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with contextlib.suppress(OSError):
            file.unlink()


def lives_elsewhere(folder: Path) -> bool:
    """Whether a process on another host gave a sign of life a short while ago."""
    file = folder / _FILE
    try:
        age = time.time() - file.stat().st_mtime
        heartbeat = Heartbeat.model_validate_json(read_plain(file, _LARGEST))
    except (OSError, ValidationError):
        return False
    # In the future, too: no two clocks are the same.
    return heartbeat.host != host_name() and abs(age) < SECONDS_UNTIL_SILENCE


def host_name() -> str:
    """Return what this host is called."""
    return socket.gethostname()
