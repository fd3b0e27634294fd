"""Where things are kept."""

from pathlib import Path

import pytest

from cifar_tui.paths import find_paths


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIFAR_TUI_HOME", raising=False)


def test_everything_lies_under_a_home(tmp_path: Path) -> None:
    paths = find_paths(tmp_path)
    assert paths.runs == tmp_path / "runs"
    assert paths.datasets == tmp_path / "datasets"
    assert paths.presets == tmp_path / "presets"


def test_the_option_counts_more_than_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIFAR_TUI_HOME", str(tmp_path / "variable"))
    assert find_paths().data == tmp_path / "variable"
    assert find_paths(tmp_path / "option").data == tmp_path / "option"


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_paths(Path("here")).data == tmp_path / "here"


@pytest.mark.skipif("sys.platform != 'linux'")
def test_without_a_home_the_platform_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable))
    monkeypatch.setenv("CIFAR_TUI_HOME", "")  # set to nothing is not set
    paths = find_paths()
    assert paths.runs == tmp_path / "DATA" / "cifar-tui" / "runs"
    assert paths.datasets == tmp_path / "CACHE" / "cifar-tui" / "datasets"
    assert paths.presets == tmp_path / "CONFIG" / "cifar-tui" / "presets"
