"""`cifar-tui data`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import Result

from cifar_tui.data import cifar100
from cifar_tui.data.dataset import DatasetError
from cifar_tui.paths import Paths

Call = Callable[..., Result]


def test_status_says_how_to_get_what_is_missing(call: Call) -> None:
    result = call("data", "status")
    assert result.exit_code == 0
    assert "CIFAR-100: not here; `cifar-tui data download` gets it" in result.stdout
    assert "synthetic: embedded" in result.stdout


def test_status_names_the_file(call: Call, paths: Paths) -> None:
    file = paths.cifar100
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(3_000_000))
    assert f"CIFAR-100: {file} (3 MB)" in call("data", "status").stdout


def test_import_of_nothing(call: Call, tmp_path: Path, sentence: Callable[[Result], str]) -> None:
    result = call("data", "import", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert sentence(result).startswith(f"cifar-tui: {tmp_path / 'none'} does not exist; give the archive")


def test_import_of_other_images_says_how_to_train_on_them(
    call: Call, tmp_path: Path, sentence: Callable[[Result], str]
) -> None:
    for split in ("train", "test"):
        (tmp_path / "pets" / split / "cat").mkdir(parents=True)
        Image.new("RGB", (40, 30)).save(tmp_path / "pets" / split / "cat" / "1.png")
    result = call("data", "import", str(tmp_path / "pets"))
    assert result.exit_code == 1
    assert "not CIFAR-100; train on it with data.source=folder" in sentence(result)


def test_import_of_a_damaged_archive(call: Call, tmp_path: Path, sentence: Callable[[Result], str]) -> None:
    archive = tmp_path / "cifar-100-python.tar.gz"
    archive.write_bytes(b"\x1f\x8b and then nothing")
    result = call("data", "import", str(archive))
    assert result.exit_code == 1
    assert str(archive) in sentence(result)


def test_download_tells_where_it_is(call: Call, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(paths: Paths, on_progress: cifar100.Progress) -> None:
        on_progress(50, 100)
        paths.cifar100.parent.mkdir(parents=True)
        paths.cifar100.write_bytes(b"decoded")

    monkeypatch.setattr(cifar100, "download", download)
    result = call("data", "download")
    assert result.exit_code == 0
    assert f"CIFAR-100: {paths.cifar100}" in result.stdout


def test_a_download_that_fails(call: Call, monkeypatch: pytest.MonkeyPatch, sentence: Callable[[Result], str]) -> None:
    def download(paths: Paths, on_progress: cifar100.Progress) -> None:
        raise DatasetError("https://example.org/ stopped answering; try again, or import a copy.")

    monkeypatch.setattr(cifar100, "download", download)
    result = call("data", "download")
    assert result.exit_code == 1
    assert sentence(result) == "cifar-tui: https://example.org/ stopped answering; try again, or import a copy."
