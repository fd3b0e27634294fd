"""Reports of invented runs, written through the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cifar_tui.cli.commands import app
from cifar_tui.config.run import LONGEST_NAME
from cifar_tui.paths import find_paths
from cifar_tui.presets import load_presets
from cifar_tui.report.chapters import compose
from cifar_tui.report.content import Content, gather
from cifar_tui.report.document import Document
from cifar_tui.report.selection import Selection, choose_runs
from cifar_tui.report.words import Language, Words
from cifar_tui.runs.store import RunStore

from .homes import write_run

Report = Callable[..., Result]

_EVIL = "<script>alert(1)</script> [red]$x^2$ | `_*~ \x1b[31m\u202e &amp; {name} % "
HOSTILE = _EVIL + "l" * (LONGEST_NAME - len(_EVIL))
"""What people may call a run."""


def call(home: Path, *arguments: str) -> Result:
    """Call `cifar-tui report` on a home; its output must hold no traceback."""
    result = CliRunner().invoke(app, ["report", "--home", str(home), *arguments], color=True)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def report(home: Path) -> Report:
    """Call the command on `home`: `report("--out", "there")`."""
    return lambda *arguments: call(home, *arguments)


@pytest.fixture
def gathered(home: Path) -> Callable[..., Content]:
    """Sort the finished runs of `home` into rows: `gathered(part=3)`."""
    return lambda **wishes: _gather(home, Selection(**wishes), "en")


@pytest.fixture
def composed(home: Path) -> Callable[..., Document]:
    """Compose the report of `home` without drawing it: `composed("vi", part=3)`."""
    return lambda language="en", **wishes: compose(_gather(home, Selection(**wishes), language), Words(language))


def _gather(home: Path, selection: Selection, language: Language) -> Content:
    paths = find_paths(home)
    store = RunStore(paths.runs)
    runs = choose_runs(store, selection)
    return gather(store, runs, load_presets(paths).presets, selection, Words(language))


@pytest.fixture(scope="session")
def mixed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with seeds, a changed preset, gaps, and runs that fit no row, one with a hostile name.

    Two have lost their histories: each curve takes half a second to draw.
    """
    home = tmp_path_factory.mktemp("mixed") / "home"
    for seed, accuracy in enumerate((0.080, 0.081, 0.085)):
        write_run(home, "part1/softmax_regression", accuracy, seed=seed, minute=seed)
    write_run(home, "part1/mlp", 0.2063, "training.lr=0.003", minute=5, name="changed", epochs=0)
    write_run(home, "part5/gru_row", 0.40, minute=6, epochs=0)
    write_run(home, "beyond/mlp", 0.36, minute=7, name=HOSTILE)
    write_run(home, "part1/simple_cnn", 0.9, minute=8, dataset="synthetic")
    return home


@pytest.fixture(scope="session")
def mixed(mixed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an HTML report of `mixed_home`."""
    folder = tmp_path_factory.mktemp("html") / "new" / "folder"
    result = call(mixed_home, "--out", str(folder))
    assert result.exit_code == 0, result.stderr
    return folder
