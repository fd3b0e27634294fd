"""Homes of every kind: a command works in them, or says in one sentence why not."""

import errno
import os
import pathlib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from cifar_tui.paths import Paths, working_folder

Call = Callable[..., Result]
Sentence = Callable[[Result], str]


@pytest.mark.parametrize("name", ["with spaces", "狐 naïve 🦊", "[red]markup[/]", "-dash", "~nobody-is-called-this"])
def test_a_home_of_any_name(call: Call, tmp_path: Path, tiny: list[str], name: str) -> None:
    home = str(tmp_path / name)
    trained = call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1", "--home", home)
    assert trained.exit_code == 0, trained.stderr
    assert f"folder: {home}/runs/" in trained.stdout
    assert "finished" in call("runs", "--no-given", "--home", home).stdout


def test_a_home_on_a_symlink(call: Call, tmp_path: Path, tiny: list[str]) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    assert call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1").exit_code == 0
    assert len(list((tmp_path / "disk" / "runs").iterdir())) == 1
    assert "finished" in call("runs", "--no-given").stdout


def test_the_home_of_nobody(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "nothing to show" in call("runs", "--no-given", "--home", "~nobody-is-called-this").stdout


def _a_file(home: Path) -> None:
    home.write_text("a file where the folder should be")


def _a_file_above(home: Path) -> None:
    home.symlink_to(home.with_name("file") / "below")
    home.with_name("file").write_text("")


def _a_loop(home: Path) -> None:
    home.symlink_to(home)


def _a_file_within(home: Path) -> None:
    home.mkdir()
    for name in ("runs", "datasets", "presets"):
        (home / name).write_text("a file where the folder should be")


WITHOUT_RUNS = (["presets"], ["data", "status"])


@pytest.mark.parametrize("make", [_a_file, _a_file_above, _a_loop, _a_file_within])
def test_what_is_no_home(
    call: Call, home: Path, tmp_path: Path, tiny: list[str], sentence: Sentence, make: Callable[[Path], None]
) -> None:
    make(home)
    for command in WITHOUT_RUNS:
        assert call(*command).exit_code == 0
    for command in (["runs", "--no-given"], ["sweep", "status"], ["train", "part1/softmax_regression", *tiny]):
        result = call(*command)
        assert result.exit_code == 1
        assert sentence(result).startswith(f"cifar-tui: {home}/runs cannot be read: ")
    if make is not _a_file_within:
        assert not list(tmp_path.glob("home/*"))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_a_home_that_cannot_be_looked_at(
    call: Call, home: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    look = os.stat

    def refuse(path: str | Path, *arguments: object, **options: object) -> os.stat_result:
        if str(path).startswith(str(home)):
            raise OSError(number, os.strerror(number), str(path))
        return look(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)
    assert not paths.has_cifar100
    for command in WITHOUT_RUNS:
        assert call(*command).exit_code == 0
    assert f"{home / 'presets'}: cannot be read ({os.strerror(number)})" in call("presets").stderr


def test_the_working_folder_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert working_folder() == folder
    folder.rmdir()
    assert working_folder() == Path.home()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_home_that_cannot_be_written_to(
    call: Call, home: Path, tiny: list[str], sentence: Sentence, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    for command in (["runs", "--no-given"], *WITHOUT_RUNS):
        assert call(*command).exit_code == 0
    result = call("train", "part1/softmax_regression", *tiny)
    assert result.exit_code == 1
    assert sentence(result) == f"cifar-tui: Cannot make a run in {home}/runs: {os.strerror(number)}."


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_home_that_others_own(call: Call, home: Path, tiny: list[str], sentence: Sentence) -> None:
    home.mkdir(mode=0o500)
    assert "Permission denied" in sentence(call("train", "part1/softmax_regression", *tiny))
    home.chmod(0o000)
    try:
        for command in WITHOUT_RUNS:
            assert call(*command).exit_code == 0
        for command in (["runs", "--no-given"], ["train", "part1/softmax_regression", *tiny]):
            assert sentence(call(*command)).endswith("/runs cannot be read: Permission denied.")
    finally:
        home.chmod(0o700)
