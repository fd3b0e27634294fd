"""The training state as a file."""

import io
import zipfile
from pathlib import Path
from typing import BinaryIO

import torch

from cifar_tui.files import open_plain
from cifar_tui.training.loop import State


class CheckpointError(Exception):
    """One sentence: the checkpoint cannot be read."""


def write_checkpoint(state: State, file: BinaryIO) -> None:
    """Write `state` to an open file.

    Raises:
        OSError: the disk is full.
    """
    # By way of memory: on a full disk torch's own writing ends in an error that does not say so.
    content = io.BytesIO()
    torch.save(state, content)
    file.write(content.getbuffer())


def read_checkpoint(path: Path) -> State:
    """Read a state back, onto the CPU; no code in the file is run.

    Raises:
        CheckpointError: the file is missing, damaged, or holds more than tensors and plain values.
    """
    try:
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()  # torch does not compare the checksums that it writes
        if damaged is not None:
            raise ValueError(f"{damaged} has a wrong checksum")
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: the run was never checkpointed.") from None
    except Exception as error:  # what a damaged archive makes the libraries raise is written down nowhere
        raise CheckpointError(f"{path} is damaged and cannot be resumed from ({type(error).__name__}).") from error
    position = state.get("position") if isinstance(state, dict) else None
    if not isinstance(position, dict) or not isinstance(position.get("epoch"), int):
        raise CheckpointError(f"{path} is no checkpoint of a run, and cannot be resumed from.")
    return state


def judged_weights(state: State) -> dict[str, torch.Tensor]:
    """Return the weights that the test images see: the best, where training stops early, else the average, or the last.

    Raises:
        CheckpointError: the state holds none.
    """
    try:
        if state["best_weights"] is not None:
            return dict(state["best_weights"])
        if state["average"] is not None:
            inside = "module."
            return {key.removeprefix(inside): value for key, value in state["average"].items() if inside in key}
        return dict(state["model"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError("The checkpoint holds no weights of a network; train the run again.") from error
