"""The checkpoints of one run folder: the last one, and the one before in case the last cannot be read."""

import contextlib
import logging
from pathlib import Path

from cifar_tui.files import replacing
from cifar_tui.training.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from cifar_tui.training.loop import State

logger = logging.getLogger(__name__)


class Checkpoints:
    """`checkpoint.pt` and `checkpoint.previous.pt`."""

    def __init__(self, folder: Path) -> None:
        self.last = folder / "checkpoint.pt"
        self._previous = folder / "checkpoint.previous.pt"

    def write(self, state: State) -> None:
        """Make `state` the last checkpoint; at every moment one whole checkpoint is there.

        Raises:
            OSError: the disk is full or the folder is gone; the checkpoints that were there stay.
        """
        with replacing(self.last, previous=self._previous) as file:
            write_checkpoint(state, file)

    def read(self) -> State | None:
        """Return the last state that can be read; None where the run was never checkpointed.

        Raises:
            CheckpointError: there are checkpoints, but all are damaged.
        """
        files = [file for file in (self.last, self._previous) if file.exists()]
        damage: CheckpointError | None = None
        for file in files:
            try:
                return read_checkpoint(file)
            except CheckpointError as error:
                logger.warning("%s", error)
                damage = damage or error
        if damage is not None:
            raise damage
        return None

    def forget_the_previous(self) -> None:
        """Remove what only an unfinished run needs; where that fails it stays, since the run is whole without."""
        with contextlib.suppress(OSError):
            self._previous.unlink(missing_ok=True)
