"""What the app keeps is for its owner alone, whatever the umask."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from cifar_tui.events import BatchProgress
from cifar_tui.paths import find_paths
from cifar_tui.presets import save_preset
from cifar_tui.runs import edits
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.stopping import StopAt, ask_to_stop
from cifar_tui.runs.store import RunStore


@pytest.fixture(params=[0o000, 0o027], ids=oct, autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_nobody_else_can_read_a_home(
    call: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: list[str]
) -> None:
    home = tmp_path / "not" / "yet" / "there"
    monkeypatch.setenv("CIFAR_TUI_HOME", str(home))
    paths = find_paths()
    assert call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1").exit_code == 0
    store = RunStore(paths.runs)
    (run,) = store.scan().runs
    assert call("extend", run.id, "--epochs", "2").exit_code == 0
    assert call("extend", run.id, "--epochs", "3").exit_code == 0
    edits.note(store, run.id, "mine")
    store.write_progress(run.id, BatchProgress(1, 2, 3, 4.0, 1e-3, None, 100.0))
    ask_to_stop(run.folder, StopAt.BATCH)
    store.discard(store.scan().runs[-1].id)
    RunQueue(store).pause()
    save_preset(paths, "My own", run.config)

    entries = [home.parent.parent, *home.parent.parent.rglob("*")]
    found = {entry.name for entry in entries}
    made = {"run.json", "epochs.jsonl", "progress.json", "checkpoint.pt", "predictions.npz", "log.txt", "stop"}
    assert found >= made | {"edit.lock", "run.lock", "queue-paused", "my-own.toml", "folders", ".trash"}
    modes = {str(entry): stat.S_IMODE(entry.stat().st_mode) for entry in entries}
    assert modes == {str(entry): 0o700 if entry.is_dir() else 0o600 for entry in entries}
