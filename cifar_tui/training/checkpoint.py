"""The training state as a file."""

import pickle
from pathlib import Path
from typing import BinaryIO

import torch

from cifar_tui.training.loop import State


class CheckpointError(Exception):
    """One sentence: the checkpoint cannot be read."""


def write_checkpoint(state: State, file: BinaryIO) -> None:
    """Write `state` to an open file."""
    torch.save(state, file)


def read_checkpoint(path: Path) -> State:
    """Read a state back, onto the CPU; no code in the file is run.

    Raises:
        CheckpointError: the file is missing, damaged, or holds more than tensors and plain values.
    """
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: the run was never checkpointed.") from None
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path} is damaged and cannot be resumed from ({type(error).__name__}).") from error
    return state
