"""`cifar-tui bench`: what it measures and how it says so; how fast anything is, is not for a test to say."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from cifar_tui.cli.commands import app

Call = Callable[..., Result]
QUICK = ["--rounds", "2", "--seconds", "0.1", "--set", "training.device=cpu"]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--home", str(tmp_path / "home")])


@pytest.fixture(scope="module")
def measured() -> dict:
    result = CliRunner().invoke(app, ["bench", "softmax_regression", "part1/mlp", "--json", *QUICK])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_way_is_measured_in_every_round(measured: dict) -> None:
    assert [model["model"] for model in measured["models"]] == ["softmax_regression", "part1/mlp"]
    for model in measured["models"]:
        for way in ("reference", "ours", "bare", "forward", "evaluation"):
            assert len(model[way]) == 2
            assert min(model[way]) > 0


def test_ratios_compare_what_was_measured_side_by_side(measured: dict) -> None:
    for model in measured["models"]:
        ratios = sorted(ours / bare for ours, bare in zip(model["ours"], model["bare"], strict=True))
        assert model["ours_to_bare"] == pytest.approx(sum(ratios) / 2)
        ratios = sorted(ours / other for ours, other in zip(model["ours"], model["reference"], strict=True))
        assert model["ours_to_reference"] == pytest.approx(sum(ratios) / 2)


def test_machine_and_versions_are_named(measured: dict) -> None:
    assert measured["machine"].startswith("cpu (")
    assert "torch 2." in measured["versions"]
    assert [model["batch_size"] for model in measured["models"]] == [256, 128]


def test_the_table_fits_a_terminal(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call("bench", "mlp", "--set", "training.precision=float32", *QUICK)
    assert result.exit_code == 0, result.output
    row = next(line for line in result.stdout.splitlines() if line.startswith("mlp"))
    assert row.count(".") >= 2  # two ratios
    assert "│" in row


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["alexnet"], "There is no preset 'alexnet'"),
        (["mlp", "--set", "training.precision=int8"], "must be one of 'auto', 'float32'"),
        (["mlp", "--set", "training.device=cuda:99"], "There is no cuda:99"),
        (["mlp", "--rounds", "0"], "--rounds"),
        (["softmax_regression", *QUICK, "--set", "training.optimiser=muon"], "Muon is for hidden weight matrices"),
    ],
)
def test_wrong_wishes_are_one_sentence(call: Call, arguments: list[str], says: str) -> None:
    result = call("bench", *arguments)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_batch_that_does_not_fit_is_one_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Iterator[int]:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr("cifar_tui.bench.measure.reference_steps", refuse)
    result = call("bench", "mlp", *QUICK)
    assert result.exit_code == 1
    assert "Memory does not suffice for mlp; `--set training.batch_size=N` takes smaller batches." in result.stderr
