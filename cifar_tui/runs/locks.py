"""Locks between processes, also where the file system has none: some network shares do not."""

import errno
import fcntl
import os
import tempfile
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock

_MISSING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}

NO_LOCKS = (
    "The data folder's file system has no locks, so files named *.lock take their place. If a run shows as running "
    "though its process is gone, on another host, remove run.lock from its folder."
)

_known: dict[int, bool] = {}
"""Whether the file system of each device has locks."""


def make_lock(path: Path, timeout: float = -1) -> BaseFileLock:
    """Return the lock on `path`, not acquired yet.

    Where the file system has no locks, it is the file itself that locks, by being there. It names its process, so that
    one that a killed process left behind is taken over on the same host; on another host it has to be removed by hand.

    Args:
        path: in a folder that exists.
        timeout: seconds to wait for it when it is acquired; -1 waits without an end.
    """
    kind = FileLock if has_locks(path.parent) else SoftFileLock
    return kind(path, timeout=timeout, mode=0o600)


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
