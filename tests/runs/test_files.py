"""Replacing a file: the old one or the new one, never half of each."""

from pathlib import Path

import pytest

from cifar_tui.files import replace_text, replacing


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
