"""The command line in a temporary home, called in this process or in one of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cifar_tui.cli.commands import app
from cifar_tui.paths import Paths, find_paths

from ..slurm.sbatch import Sbatch
from ..slurm.squeue import Squeue

Call = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("CIFAR_TUI_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that come with the project grow with what it measures; these tests hold what they make themselves."""
    monkeypatch.setattr("cifar_tui.cli.runs.measured_runs", lambda: tmp_path / "nothing measured")


@pytest.fixture
def paths(home: Path) -> Paths:
    return find_paths(home)


@pytest.fixture
def call(home: Path) -> Call:
    """Call a command here: `call("runs", "--json")`; its output must hold no traceback."""

    def call(*arguments: str) -> Result:
        # In colour, as on a terminal: elsewhere click takes escape sequences out by itself.
        result = CliRunner().invoke(app, arguments, prog_name="cifar-tui", color=True)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def _hear_signals() -> None:
    # A test suite that was started in the background ignores Ctrl+C, and its children would inherit that.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def spawn(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own."""

    def spawn(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cifar_tui", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            env=os.environ,
            preexec_fn=_hear_signals,
        )

    return spawn


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are found before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def squeue(programs: Path, monkeypatch: pytest.MonkeyPatch) -> Squeue:
    """Slurm as it answers, without a moment's doubt of what it says."""
    monkeypatch.setattr("cifar_tui.slurm.states._SECONDS_UNTIL_SURE", 0.0)
    return Squeue(programs)


@pytest.fixture
def sbatch(programs: Path) -> Sbatch:
    """Slurm as it takes jobs."""
    return Sbatch(programs)


@pytest.fixture
def tiny(images: Path) -> list[str]:
    """Settings that train on six classes of a few random images."""
    settings = ["data.source=folder", f"data.path={images}", "training.device=cpu", "training.batch_size=6"]
    return [part for setting in settings for part in ("--set", setting)]


def sentence(result: Result) -> str:
    """The one line on stderr."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture(name="sentence")
def _sentence() -> Callable[[Result], str]:
    return sentence
