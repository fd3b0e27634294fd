"""Writing that leaves either the old file or the new one, and reading only what is a plain file of a sane size.

People, other programs and failing disks put into a folder what they like: a pipe in a file's place would hold its
reader for ever, and a device feed it for ever.
"""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""What is wrong where a disk is full, or a person's share of it."""

_UNFINISHED = ".tmp"


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True, previous: Path | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `path` when the block ends well, and vanishes when it does not.

    Args:
        path: the file to replace or make; its folder must exist.
        durable: wait until the bytes are on the disk before the file takes its place.
        previous: where the replaced file goes; between the two moves only that one is there.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; `path` is as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if previous is not None:
            with contextlib.suppress(FileNotFoundError):
                os.replace(path, previous)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def make_folder(path: Path) -> None:
    """Make `path`, and the folders above it that are missing, for their owner alone; one that is there stays as it is.

    Raises:
        OSError: one cannot be made, or is a file.
    """
    for folder in reversed((path, *path.parents)):  # `mkdir(parents=True)` would leave the upper ones to the umask
        if folder == path or not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)


def remove_unfinished(path: Path) -> None:
    """Remove what processes left behind that died while they replaced `path`; nobody may be replacing it now."""
    for file in path.parent.glob(f".{path.name}.*{_UNFINISHED}"):
        with contextlib.suppress(OSError):
            file.unlink()


def append_line(path: Path, line: str, *, durable: bool = False) -> None:
    """Add `line` to the end of `path`, which is made where it is not, for its owner alone.

    A last line that was torn when a process died gets its end first, so that it spoils itself only.

    Args:
        path: the file.
        line: without its end; of what is no Unicode, such as a part of a file's name, its escape is written.
        durable: return once it would outlast a power cut.

    Raises:
        OSError: the folder cannot be written to, or the disk is full; the file is as it was.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
        is_torn = size > 0 and file.read(1) != b"\n"
        content = memoryview(b"\n" * is_torn + line.encode(errors="backslashreplace") + b"\n")
        try:
            while content:  # a disk that fills up takes a part before it refuses
                content = content[file.write(content) :]
            if durable:
                os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise


def replace_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Make `text` the whole content of `path`, in one step."""
    with replacing(path, durable=durable) as file:
        file.write(text.encode())


def open_plain(path: str | Path) -> BinaryIO:
    """Open a plain file for reading, and nothing else that may lie in its place.

    Raises:
        OSError: it cannot be read, or is a folder, a pipe or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # or a pipe would be waited for until somebody writes
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", str(path))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: str | Path, most: int) -> bytes:
    """Return the content of a plain file of at most `most` bytes.

    Raises:
        OSError: it cannot be read, is no plain file, or is larger.
    """
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
        return file.read(most)


def copy_plain(source: Path, target: Path) -> None:
    """Copy the content of a plain file, for the owner alone.

    Raises:
        OSError: it cannot be read, is no plain file, or the copy cannot be written.
    """
    with open_plain(source) as old, replacing(target) as new:
        shutil.copyfileobj(old, new)
