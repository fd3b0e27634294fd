"""Whatever other people wrote into a home, no command hands it to the terminal as an order."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from cifar_tui.config import RunConfig
from cifar_tui.events import EpochFinished, RunStarted
from cifar_tui.paths import Paths
from cifar_tui.runs.record import Environment, RunRecord, RunStatus

Call = Callable[..., Result]

COLOUR = "\x1b[31m"
CLIPBOARD = "\x1b]52;c;cm0=\x07"
CONTROL = "\x9b2J\x9d0;title\x9c"
ORDERS = f"ab{COLOUR}{CLIPBOARD}{CONTROL}\x08\r\x7f\u202e\u2066\u200b\x00yz"
IN_A_NAME = ORDERS.replace("\x00", "")
"""File names hold no null."""


def harmless(result: Result) -> Result:
    """Return `result`, of which no character could steer a terminal."""
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line
    return result


@pytest.fixture
def hostile_runs(paths: Paths) -> list[str]:
    """A failed run, a finished one and one that cannot be read, with orders wherever there is text; their folders."""
    config = RunConfig.model_validate({"model": {"name": "mlp"}, "data": {"source": "folder", "path": ORDERS[:-3]}})
    config = config.model_copy(update={"name": ORDERS, "preset": ORDERS})
    started = RunStarted(
        dataset=ORDERS, device=ORDERS, precision=ORDERS,
        parameters=1, train_images=1, val_images=1, test_images=1, batches_per_epoch=1,
    )  # fmt: skip
    environment = Environment(
        version=ORDERS, commit=ORDERS, python=ORDERS, torch=ORDERS, platform=ORDERS, host=ORDERS, pid=1
    )
    texts: dict[str, Any] = {"error": ORDERS, "note": ORDERS, "name": ORDERS, "parent": ORDERS, "tags": ("abyz",)}
    names = []
    for status in (RunStatus.FAILED, RunStatus.STOPPED):
        record = RunRecord(config=config, status=status, started=started, environment=environment, **texts)
        names.append(f"{status} {IN_A_NAME}")
        folder = paths.runs / names[-1]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(record.model_dump_json())
        (folder / "log.txt").write_text(ORDERS)
        epoch = EpochFinished(1, 4.0, 0.1, 4.1, 0.09, 1e-3, 2.0, 1000.0)
        (folder / "epochs.jsonl").write_text(json.dumps(epoch.__dict__) + f"\n{ORDERS}\n")
    (paths.runs / f"unreadable {IN_A_NAME}").mkdir()
    spoilt = json.loads(record.model_dump_json()) | {"tags": [ORDERS]}
    (paths.runs / f"spoilt {IN_A_NAME}").mkdir()
    (paths.runs / f"spoilt {IN_A_NAME}" / "run.json").write_text(json.dumps(spoilt))
    return names


@pytest.mark.usefixtures("hostile_runs")
@pytest.mark.parametrize("form", ["", "--group", "--csv", "--markdown"])
def test_runs(call: Call, form: str) -> None:
    result = harmless(call("runs", "--no-given", *filter(None, [form])))
    assert "ab�[31m�]52" in result.stdout
    assert result.stderr.count("warning: ") == 2


@pytest.mark.usefixtures("hostile_runs")
def test_runs_as_json_keep_it_escaped(call: Call) -> None:
    result = call("runs", "--no-given", "--json")
    assert ORDERS in {row["note"] for row in json.loads(result.stdout)}
    assert not set(result.stdout) & set(ORDERS) - set("\x7f") - {chr(code) for code in range(32, 127)}


def test_watch(call: Call, hostile_runs: list[str]) -> None:
    for name in hostile_runs:
        result = harmless(call("watch", name))
        assert "epoch" in result.stdout
        assert "ab�[31m�]52" in result.stdout


def test_watch_as_json_keeps_it_escaped(call: Call, hostile_runs: list[str]) -> None:
    lines = call("watch", hostile_runs[0], "--json").stdout.splitlines()
    assert json.loads(lines[0])["device"] == ORDERS
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("command", [["resume"], ["extend", "--epochs", "3"]])
def test_a_run_that_cannot_go_on(call: Call, hostile_runs: list[str], command: list[str]) -> None:
    result = harmless(call(*command, hostile_runs[0]))
    assert result.exit_code
    assert result.stderr.count("\n") == 1
    harmless(call(*command, ORDERS))


def test_a_run_that_trains(call: Call, tiny: list[str], paths: Paths) -> None:
    result = harmless(call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1", "--name", ORDERS))
    assert result.exit_code == 0
    assert [folder.parent for folder in paths.runs.iterdir()] == [paths.runs]


PRESET = """
title = {text}
[model]
name = "mlp"
[data]
source = "folder"
path = {text}
"""


@pytest.fixture
def hostile_presets(paths: Paths) -> str:
    """The user's own presets: one that can be read, three that cannot; the key of the first."""
    paths.presets.mkdir(parents=True)
    good = PRESET.format(text=json.dumps(ORDERS[:-3] + "yz").replace("\x7f", "\\u007f"))
    (paths.presets / f"good {IN_A_NAME}.toml").write_text(good)
    (paths.presets / f"raw {IN_A_NAME}.toml").write_text(f"title = '{ORDERS}'")
    (paths.presets / f"key {IN_A_NAME}.toml").write_text(f"{json.dumps(CLIPBOARD)} = 1\n{good}")
    (paths.presets / f"value {IN_A_NAME}.toml").write_text(good.replace('"mlp"', json.dumps(CLIPBOARD)))
    return f"my/good {IN_A_NAME}"


@pytest.mark.usefixtures("hostile_presets")
def test_presets(call: Call) -> None:
    result = harmless(call("presets"))
    assert "my/good ab�[31m" in result.stdout
    assert result.stderr.count("warning: ") == 3
    assert "\x1b" not in call("presets", "--json").stdout


def test_a_preset_that_fails(call: Call, paths: Paths, hostile_presets: str) -> None:
    assert "holds no train/ folder" in harmless(call("train", hostile_presets)).stderr
    for file in paths.presets.glob("[rkv]*.toml"):
        assert "cifar-tui: " in harmless(call("train", str(file))).stderr
    harmless(call("train", f"my/{ORDERS}"))
    harmless(call("train", "part1/mlp", "--set", f"model.{ORDERS}={ORDERS}"))


def test_data(call: Call, paths: Paths, tmp_path: Path) -> None:
    (paths.datasets / "folders").mkdir(parents=True)
    (paths.datasets / "folders" / f"{IN_A_NAME}.npz").write_bytes(b"")
    assert "ab�[31m" in harmless(call("data", "status")).stdout
    (tmp_path / IN_A_NAME).write_text(ORDERS)
    assert "is not a whole tar archive" in harmless(call("data", "import", str(tmp_path / IN_A_NAME))).stderr


def test_warnings(
    spawn: Callable[..., subprocess.Popen[str]], home: Path, images: Path, tmp_path: Path, tiny: list[str]
) -> None:
    """Of the kind that go past the commands, through `logging`."""
    (tmp_path / IN_A_NAME).symlink_to(images)
    home.mkdir()
    (home / "datasets").write_text("a file where the folder should be")
    where = [*tiny, "--set", f"data.path={tmp_path / IN_A_NAME}", "--set", "training.epochs=1"]
    _, errors = spawn("train", "part1/softmax_regression", *where).communicate(timeout=60)
    (warning,) = errors.splitlines()
    assert warning.startswith("warning: ")
    assert "is not cached" in warning
    assert warning.isprintable()


@pytest.mark.parametrize(
    ("changes", "epochs"),
    [
        ({"created_at": "9999-12-31T23:59:59-23:00"}, ""),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, ""),
        ({"ended_at": "0001-01-01T00:00:00+23:00"}, ""),
        ({"schema_version": 10**30}, ""),
        ({"queue_position": 1e400}, ""),
        ({"note": "\ud800"}, ""),
        ({}, '{"epoch": 1, "train_loss": NaN, "train_accuracy": 1e308, "val_loss": 1e999, "val_accuracy": -1e308, '
             '"lr": 1, "seconds": %s, "images_per_second": Infinity}'),
    ],
)  # fmt: skip
def test_values_beyond_all_bounds_cost_only_their_run(
    call: Call, paths: Paths, changes: dict[str, Any], epochs: str
) -> None:
    config = RunConfig.model_validate({"name": "whole", "model": {"name": "mlp"}})
    record = json.loads(RunRecord(config=config, status=RunStatus.FAILED).model_dump_json())
    for name, content in (("whole", record), ("beyond", record | changes)):
        (paths.runs / name).mkdir(parents=True)
        (paths.runs / name / "run.json").write_text(json.dumps(content))
    lines = [epochs % seconds for seconds in ("1e308", "NaN", "-Infinity", "1e400")] if epochs else []
    (paths.runs / "beyond" / "epochs.jsonl").write_text("\n".join(lines))
    for form in ([], ["--json"], ["--csv"], ["--sort", "date"], ["--sort", "time"], ["--group"]):
        result = harmless(call("runs", "--no-given", *form))
        assert result.exit_code == 0
        assert "whole" in result.stdout
        assert result.stderr.count("/beyond/run.json") == bool(changes)
    harmless(call("watch", "beyond"))
