"""Locks between processes, also where the file system has none: some network shares do not."""

import errno
import fcntl
import os
import socket
import tempfile
import time
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock

_MISSING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}

_OF_A_CONTAINER = "?pidns-"
"""What filelock puts behind the host's name where process ids are not those of the host."""

NO_LOCKS = (
    "The data folder's file system has no locks, so files named *.lock and signs of life every 10 s take their place. "
    "A run whose process ends on another host without a word shows as interrupted after a minute; if "
    "the queue stands still then, remove runner.lock from the data folder."
)

_known: dict[int, bool] = {}
"""Whether the file system of each device has locks."""


def make_lock(path: Path, timeout: float = -1) -> BaseFileLock:
    """Return the lock on `path`, not acquired yet.

    Where the file system has no locks, it is the file itself that locks, by being there. It names its process, so that
    one that a killed process left behind is taken over on the same host; for another host see `break_stale`.

    Args:
        path: in a folder that exists.
        timeout: seconds to wait for it when it is acquired; -1 waits without an end.
    """
    kind = FileLock if has_locks(path.parent) else SoftFileLock
    return kind(path, timeout=timeout, mode=0o600)


def break_stale(path: Path, seconds: float) -> None:
    """Remove a lock that is a file, and that a process on another host left behind more than `seconds` ago.

    A process that is there gives signs of life meanwhile (see `heartbeat`), or is done long before.
    """
    try:
        if has_locks(path.parent) or time.time() - path.stat().st_mtime < seconds:
            return
        _, host, *_ = *path.read_text(errors="replace").splitlines(), "", ""
        if host.partition(_OF_A_CONTAINER)[0] != socket.gethostname():
            path.unlink()
    except OSError:
        pass  # there is none


def has_locks(folder: Path) -> bool:
    """Return whether the file system of `folder` knows locks; taken for granted where nothing can be written."""
    try:
        device = os.stat(folder).st_dev
        if device not in _known:
            _known[device] = _try_to_lock(folder)
    except OSError:
        return True
    return _known[device]


def _try_to_lock(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in _MISSING
    return True
