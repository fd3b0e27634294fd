"""A file that would run code when it is unpickled is refused in one sentence, whichever door it comes through."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import Result

from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore

Call = Callable[..., Result]
Sentence = Callable[[Result], str]


def _as_pickle(malice: object) -> bytes:
    return pickle.dumps(malice)


def _as_torch(malice: object) -> bytes:
    file = io.BytesIO()
    torch.save({"model": malice, "position": {"epoch": 1}}, file)
    return file.getvalue()


def _as_old_torch(malice: object) -> bytes:
    file = io.BytesIO()
    torch.save({"model": malice}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def _as_array(malice: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([malice], dtype=object))
    return file.getvalue()


def _as_arrays(malice: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, name=np.array([malice], dtype=object), train_pixels=np.array([malice], dtype=object))
    return file.getvalue()


every_kind = pytest.mark.parametrize("write", [_as_pickle, _as_torch, _as_old_torch, _as_array, _as_arrays])
Write = Callable[[object], bytes]


@pytest.fixture
def finished(call: Call, tiny: list[str], paths: Paths) -> Run:
    assert call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1").exit_code == 0
    (run,) = RunStore(paths.runs).scan().runs
    return run


def _stop(run: Run, paths: Paths) -> None:
    RunStore(paths.runs).change(
        run.id, lambda record: record.model_copy(update={"status": RunStatus.STOPPED, "results": None})
    )


@every_kind
def test_a_checkpoint(call: Call, finished: Run, paths: Paths, sentence: Sentence, malice, write: Write) -> None:
    (finished.folder / "checkpoint.pt").write_bytes(write(malice))
    for command in (["extend", "--epochs", "2"], ["resume"]):
        if command == ["resume"]:
            _stop(finished, paths)
        result = call(*command, finished.id)
        assert result.exit_code == 1
        assert "checkpoint.pt is damaged and cannot be resumed from" in sentence(result)
    assert not malice.was_run


def test_a_checkpoint_of_something_else(call: Call, finished: Run, paths: Paths, sentence: Sentence) -> None:
    _stop(finished, paths)
    for content in ([1], {"position": 3}, {"position": {"epoch": "one"}}, torch.zeros(3)):
        torch.save(content, finished.folder / "checkpoint.pt")
        assert "checkpoint.pt is no checkpoint of a run, and cannot be resumed from" in sentence(
            call("resume", finished.id)
        )
    torch.save({"position": {"epoch": 1}}, finished.folder / "checkpoint.pt")
    assert "does not belong to this configuration" in sentence(call("resume", finished.id))


@every_kind
def test_the_other_files_of_a_run(call: Call, finished: Run, sentence: Sentence, malice, write: Write) -> None:
    for name in ("epochs.jsonl", "progress.json", "predictions.npz", "log.txt", "stop"):
        (finished.folder / name).write_bytes(write(malice))
    assert "epochs.jsonl is damaged" in sentence(call("watch", finished.id))
    assert "predictions.npz is damaged" in sentence(call("inspect", finished.id))
    for command in (["runs"], ["extend", finished.id, "--epochs", "2"]):
        assert not call(*command).stderr
    (finished.folder / "run.json").write_bytes(write(malice))
    assert "run.json is damaged" in call("runs").stderr
    assert "run.json is damaged" in sentence(call("watch", finished.id))
    assert not malice.was_run


@every_kind
def test_a_preset(call: Call, paths: Paths, tmp_path: Path, sentence: Sentence, malice, write: Write) -> None:
    for folder in (paths.presets, tmp_path):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evil.toml").write_bytes(write(malice))
    assert "evil.toml: is not" in sentence(call("presets"))
    assert "evil.toml: is not" in sentence(call("train", str(tmp_path / "evil.toml")))
    assert not malice.was_run


@every_kind
def test_the_data(
    call: Call, paths: Paths, tmp_path: Path, tiny: list[str], sentence: Sentence, malice, write: Write
) -> None:
    paths.datasets.mkdir(parents=True)
    paths.cifar100.write_bytes(write(malice))
    assert "cifar100.npz is damaged" in sentence(call("train", "part1/softmax_regression"))
    (tmp_path / "archive.tar.gz").write_bytes(write(malice))
    assert "archive.tar.gz is not a whole tar archive" in sentence(
        call("data", "import", str(tmp_path / "archive.tar.gz"))
    )
    assert not malice.was_run


@every_kind
def test_a_decoded_folder_is_decoded_again(
    call: Call, finished: Run, paths: Paths, tiny: list[str], malice, write: Write
) -> None:
    (cached,) = (paths.datasets / "folders").iterdir()
    whole = cached.stat().st_size
    cached.write_bytes(write(malice))
    assert call("train", "part1/softmax_regression", *tiny, "--set", "training.epochs=1").exit_code == 0
    assert cached.stat().st_size == whole
    assert not malice.was_run
