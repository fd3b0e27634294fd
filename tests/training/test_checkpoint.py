"""Checkpoints: read back as written, and nothing that is none."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cifar_tui.config import RunConfig
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.training.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from cifar_tui.training.loop import State, train

from ..hostile import JSON, assert_sentence, damaged, hostile


@pytest.fixture
def checkpoint(tmp_path: Path, dataset: ImageDataset, make_config: Callable[..., RunConfig]) -> tuple[State, Path]:
    """A run's last state, and the file it was written to."""
    states: list[State] = []
    path = tmp_path / "checkpoint.pt"

    def save(state: State) -> None:
        states.append(state)
        with path.open("wb") as file:
            write_checkpoint(state, file)

    train(make_config("image_gru", epochs=1), dataset, lambda event: None, lambda: False, save)
    return states[-1], path


def test_comes_back_as_it_was(checkpoint: tuple[State, Path]) -> None:
    state, path = checkpoint
    read = read_checkpoint(path)
    assert read["position"] == state["position"]
    assert read["last_epoch"] == state["last_epoch"]
    groups = [kept["optimisation"]["optimisers"][0]["param_groups"] for kept in (read, state)]
    assert groups[0] == groups[1]
    assert torch.equal(read["random"], state["random"])
    for name, weight in state["model"].items():
        assert torch.equal(read["model"][name], weight)


def test_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        read_checkpoint(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize("kept", [0, 10, 1000, -100])
def test_a_torn_one(checkpoint: tuple[State, Path], kept: int) -> None:
    _, path = checkpoint
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="is damaged and cannot be resumed from"):
        read_checkpoint(path)


@pytest.mark.parametrize("where", [0.0, 0.02, 0.3, 0.5, 0.8])
def test_one_with_a_byte_flipped(checkpoint: tuple[State, Path], where: float) -> None:
    """Wherever it is: a weight with a wrong bit would train on as if nothing had happened."""
    _, path = checkpoint
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged"):
        read_checkpoint(path)


class _Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_code_in_it_is_not_run(tmp_path: Path, writer: str) -> None:
    path, victim = tmp_path / "checkpoint.pt", tmp_path / "victim"
    if writer == "torch":
        torch.save({"model": _Touch(victim)}, path)
    else:
        path.write_bytes(pickle.dumps(_Touch(victim)))
    with pytest.raises(CheckpointError):
        read_checkpoint(path)
    assert not victim.exists()


def _archive(file: Path, pickled: bytes, content: bytes) -> None:
    """Write `content` where its pickle lies in a checkpoint, with the right checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickled if name.endswith("data.pkl") else old.read(name))


SOUND = io.BytesIO()
torch.save({"position": {"epoch": 2}, "model": {"weight": torch.ones(2, 3)}, "random": None}, SOUND)
PICKLED = zipfile.ZipFile(SOUND).read("archive/data.pkl")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@given(data=st.data())
@hostile(150)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = tmp_path_factory.getbasetemp() / "any.pt"
    match data.draw(st.integers(0, 3)):
        case 0:
            file.write_bytes(data.draw(st.binary(max_size=100) | damaged(SOUND.getvalue())))
        case 1:
            torch.save(data.draw(JSON), file)
        case _:
            _archive(file, data.draw(st.binary(max_size=60) | damaged(PICKLED)), SOUND.getvalue())
    try:
        state = read_checkpoint(file)
    except CheckpointError as error:
        assert_sentence(error)
    else:
        assert isinstance(state["position"]["epoch"], int)
