"""Replacing a file, and adding to it: all of it or none, never a half."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cifar_tui.files import append_line, remove_unfinished, replace_text, replacing


@pytest.mark.parametrize("durable", [True, False])
def test_replaces(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "file"
    for text in ("old", "new ★"):
        replace_text(file, text, durable=durable)
        assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def write_half() -> None:
        with replacing(file) as target:
            target.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_old_file_is_read_until_the_block_ends(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with replacing(file) as target:
        target.write(b"new")
        target.flush()
        assert file.read_text() == "old"
    assert file.read_text() == "new"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_text(tmp_path / "none" / "file", "text")


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    kept = [file, tmp_path / "file.tmp", tmp_path / ".other.x.tmp"]
    for path in (*kept, tmp_path / ".file.x.tmp"):
        path.touch()
    remove_unfinished(file)
    assert set(tmp_path.iterdir()) == set(kept)


def test_lines_are_added(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for line in ("one", "two ★"):
        append_line(file, line)
    assert file.read_text(encoding="utf-8") == "one\ntwo ★\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_spoils_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\ntw")
    append_line(file, "three")
    assert file.read_text() == "one\ntw\nthree\n"


def test_a_disk_that_takes_half_a_line_leaves_none_of_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    append_line(file, "one")
    with _files_of_at_most(8), pytest.raises(OSError, match="File too large"):
        append_line(file, "a longer one")
    assert file.read_text() == "one\n"
    append_line(file, "a longer one")
    assert file.read_text() == "one\na longer one\n"


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
