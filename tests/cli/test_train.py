"""`cifar-tui train`: a run without a screen."""

import json
import resource
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from typer.testing import Result

from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore

Call = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[str]]


def _only_run(paths: Paths) -> Run:
    (run,) = RunStore(paths.runs).scan().runs
    return run


def test_trains_a_preset_on_the_embedded_data(call: Call, paths: Paths) -> None:
    result = call(
        "train", "part1/mlp", "--set", "data.source=synthetic", "--set", "training.epochs=1", "--name", "My run"
    )
    assert result.exit_code == 0, result.output
    run = _only_run(paths)
    assert run.status is RunStatus.FINISHED
    assert run.config.title == "My run"
    assert run.config.preset == "part1/mlp"
    assert run.record.results
    assert {file.name for file in run.folder.iterdir()} >= {
        "run.json",
        "epochs.jsonl",
        "checkpoint.pt",
        "predictions.npz",
    }
    assert "1.73M parameters on cpu" in result.stdout
    assert "epoch 1/1  train loss " in result.stdout
    assert f"test accuracy        {run.record.results.test_accuracy * 100:.2f} %" in result.stdout
    assert result.stdout.endswith(f"finished: {run.id}\nfolder: {run.folder}\n")
    assert result.stderr == ""


def test_json_is_a_line_an_event(call: Call, paths: Paths, tiny: list[str]) -> None:
    result = call("train", "part1/mlp", *tiny, "--set", "training.epochs=2", "--json")
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    run = _only_run(paths)
    assert {event["run"] for event in events} == {run.id}
    told = [event["type"] for event in events if event["type"] != "BatchProgress"]
    assert told == ["RunStarted", "EpochFinished", "EpochFinished", "Tested", "RunEnded"]
    assert events[-2] == {"type": "Tested", "run": run.id}
    assert run.record.results
    assert events[-1]["outcome"] == "finished"
    assert events[-1]["results"]["test_accuracy"] == run.record.results.test_accuracy


def test_trains_a_file(call: Call, paths: Paths, tiny: list[str], tmp_path: Path) -> None:
    file = tmp_path / "linear.toml"
    file.write_text('title = "Linear"\n[model]\nname = "softmax_regression"\n[training]\nepochs = 1\n')
    result = call("train", str(file), *tiny, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert _only_run(paths).config.preset == "linear"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simple_cnn"], "There is no preset 'simple_cnn': did you mean beyond/simple_cnn or part1/simple_cnn?"),
        (["none.toml"], "none.toml: cannot be read (No such file or directory)"),
        (["part1/mlp", "--set", "training.epochs"], "'training.epochs' is no assignment; write KEY=VALUE"),
        (["part1/mlp", "--set", "training.epochs=0"], "training.epochs: must be greater than or equal to 1"),
        (["part1/mlp", "--set", "training.epoch=1"], "training.epoch: is not a known key"),
        (["part1/mlp", "--device", "tpu"], "training.device: must be auto, cpu, mps, cuda or cuda:N"),
        (["part1/mlp", "--name", "x" * 201], "name: "),
    ],
)
def test_wrong_usage_is_one_sentence(
    call: Call, paths: Paths, sentence: Callable[[Result], str], arguments: list[str], words: str
) -> None:
    result = call("train", *arguments)
    assert result.exit_code == 2
    assert words in sentence(result)
    assert result.stdout == ""
    assert not paths.runs.exists()


def test_seeds_are_runs_and_their_mean(call: Call, paths: Paths, tiny: list[str]) -> None:
    result = call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1", "--seeds", "0..1,7")
    assert result.exit_code == 0, result.output
    runs = RunStore(paths.runs).scan().runs
    assert [run.config.training.seed for run in runs] == [0, 1, 7]
    assert [run.config.name for run in runs] == [f"part1/softmax_regression seed={seed}" for seed in (0, 1, 7)]
    accuracies = [run.record.results.test_accuracy for run in runs if run.record.results]
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    expected = f"test accuracy: {mean * 100:.2f} ± {deviation * 100:.2f} % over 3 seeds"
    assert expected in result.stdout


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ("one", "training.seed: must be a whole number"),
        ("-1", "training.seed: must be greater than or equal to 0"),
        ("0..1000", "make too many runs; 200 at most can be made at once"),
    ],
)
def test_seeds_that_are_none(
    call: Call, paths: Paths, tiny: list[str], sentence: Callable[[Result], str], seeds: str, words: str
) -> None:
    result = call("train", "part1/softmax_regression", *tiny, "--seeds", seeds)
    assert result.exit_code == 2
    assert words in sentence(result)
    assert not paths.runs.exists()


def test_missing_data_says_how_to_get_it(call: Call, paths: Paths, sentence: Callable[[Result], str]) -> None:
    result = call("train", "part1/mlp")
    assert result.exit_code == 1
    assert "`cifar-tui data download` gets it" in sentence(result)
    assert not paths.runs.exists()


def test_a_failed_run_is_kept_and_explained(
    call: Call, paths: Paths, tiny: list[str], sentence: Callable[[Result], str]
) -> None:
    result = call("train", "part1/mlp", *tiny, "--device", "cuda:99")
    assert result.exit_code == 1
    assert sentence(result) == "cifar-tui: There is no cuda:99 on this machine; device = auto takes what there is."
    assert _only_run(paths).status is RunStatus.FAILED


def test_a_home_that_cannot_be_written(
    call: Call, home: Path, tiny: list[str], sentence: Callable[[Result], str]
) -> None:
    home.touch()  # a file in its place
    result = call("train", "part1/mlp", *tiny)
    assert result.exit_code == 1
    assert sentence(result) == f"cifar-tui: {home / 'runs'} cannot be read: Not a directory."


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 2)])
def test_a_signal_stops_at_the_next_batch(
    spawn: Spawn, paths: Paths, tiny: list[str], number: signal.Signals, times: int
) -> None:
    """A terminal that goes away tells it twice: itself, and through the shell."""
    with spawn("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=100000") as process:
        assert process.stdout
        process.stdout.readline()  # training has begun
        for _ in range(times):
            process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    run = _only_run(paths)
    assert run.status is RunStatus.STOPPED
    assert (run.folder / "checkpoint.pt").exists()
    assert f"stopped: {run.id}" in output


def test_a_full_disk_costs_no_epoch(spawn: Spawn, paths: Paths, tiny: list[str]) -> None:
    """The disk takes nothing (a limit on the size of files stands in for it) for a few epochs, then everything."""
    with spawn("train", "part1/softmax_regression", "--json", *tiny, "--set", "training.epochs=200") as process:
        assert process.stdout
        events = (json.loads(line) for line in process.stdout)
        next(event for event in events if event["type"] == "EpochFinished")
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        failed = next(event for event in events if event["type"] == "WritingFailed")
        assert "File too large. Training goes on" in failed["reason"]
        for _ in range(3):
            next(event for event in events if event["type"] == "EpochFinished")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        assert "WritingRecovered" in [event["type"] for event in events]
        assert process.wait(timeout=60) == 0
    run = _only_run(paths)
    assert run.status is RunStatus.FINISHED
    assert [epoch.epoch for epoch in RunStore(paths.runs).epochs(run.id)] == list(range(1, 201))


def test_a_second_signal_leaves_at_once() -> None:
    """Even from within a single long call, which Python's own signal handlers would wait for."""
    script = (
        "import hashlib, signal, threading; from cifar_tui.cli.signals import stop_on_signals\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with stop_on_signals() as stop:\n"
        "    threading.Thread(target=lambda: stop.wait() and print('stopping', flush=True), daemon=True).start()\n"
        "    print('ready', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for expected in ("ready", "stopping"):
            assert process.stdout.readline().strip() == expected
            process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()


def test_training_goes_on_when_nobody_reads(spawn: Spawn, paths: Paths, tiny: list[str]) -> None:
    with spawn("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=10") as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    assert _only_run(paths).status is RunStatus.FINISHED


def test_all_seeds_are_trained_when_nobody_reads(spawn: Spawn, paths: Paths, tiny: list[str]) -> None:
    recipe = ["part1/softmax_regression", *tiny, "--set", "training.epochs=1"]
    with spawn("train", *recipe, "--seeds", "0..1") as first:
        first.communicate(timeout=60)
    with spawn("train", *recipe, "--seeds", "0..2", "--resume") as process:
        assert process.stdout
        process.stdout.close()
        process.wait(timeout=60)
    assert [run.status for run in RunStore(paths.runs).scan().runs] == [RunStatus.FINISHED] * 3


def test_bars_on_a_terminal(home: Path, paths: Paths, tiny: list[str]) -> None:
    arguments = ["-m", "cifar_tui", "train", "part1/mlp", *tiny, "--set", "training.epochs=2", "--name", "[red]x"]
    terminal = pexpect.spawn(sys.executable, arguments, encoding="utf-8", timeout=60, dimensions=(24, 120))
    for expected in (
        "-red-x-.*: .* parameters on cpu",
        "epoch 1/2  train loss",
        "epoch 2/2  train loss",
        "test accuracy",
        "finished: ",
    ):
        terminal.expect(expected)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert _only_run(paths).status is RunStatus.FINISHED
