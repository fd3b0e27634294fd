"""`cifar-tui` itself: help, version, home, and the way into the app."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from cifar_tui import __version__
from cifar_tui.config import RunConfig
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore

Call = Callable[..., Result]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["presets"], ["models"]])
def test_light_commands_import_nothing_heavy(home: Path, arguments: list[str]) -> None:
    script = (
        "import sys; from cifar_tui.cli import main\n"
        "try: main()\n"
        "except SystemExit as leave: assert not leave.code\n"
        "sys.exit(','.join(name for name in ('torch', 'textual', 'sklearn') if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.stderr == "\n"  # the names of what should not be there
    assert done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("arguments", [["presets", "--json"], ["sweep", "status"], ["--version"]])
def test_says_that_its_output_cannot_be_written(home: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cifar_tui", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.stderr == "cifar-tui: The output could not be written: No space left on device.\n"
    assert done.returncode == 1


def test_version(call: Call) -> None:
    assert call("--version").stdout == f"cifar-tui {__version__}\n"


@pytest.mark.parametrize("arguments", [["--home", "{}", "runs"], ["runs", "--home", "{}"]])
def test_home_counts_before_and_behind_the_command(call: Call, tmp_path: Path, arguments: list[str]) -> None:
    other = tmp_path / "other"
    config = RunConfig.model_validate({"name": "elsewhere", "model": {"name": "mlp"}})
    RunStore(other / "runs").create(config, RunStatus.QUEUED)
    result = call(*(argument.format(other) for argument in arguments), "--json", "--no-given")
    assert [row["name"] for row in json.loads(result.stdout)] == ["elsewhere"]


def test_the_app_needs_a_terminal(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call()
    assert result.exit_code == 2
    assert "The app needs a terminal" in sentence(result)


@pytest.mark.parametrize("arguments", [["--devices", "cpu"], ["--on-hangup", "stop"]])
def test_what_is_for_the_app_goes_with_no_command(
    call: Call, sentence: Callable[[Result], str], arguments: list[str]
) -> None:
    result = call(*arguments, "presets")
    assert result.exit_code == 2
    assert sentence(result).startswith(f"cifar-tui: {arguments[0]} before a command is the app's; leave it out")


def test_demo_goes_with_no_command(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("--demo", "runs")
    assert result.exit_code == 2
    assert sentence(result) == "cifar-tui: --demo starts the app; leave it out, or leave out 'runs'."


@pytest.mark.parametrize("arguments", [["fly"], ["runs", "--fast"], ["train"]])
def test_what_does_not_exist_is_wrong_usage(call: Call, arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
