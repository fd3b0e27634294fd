"""Training a finished run on, as a new run."""

import os

from cifar_tui.config import ConfigError, RunConfig, with_values
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError


def extended(run: Run, epochs: int) -> RunConfig:
    """Return the configuration of `run` trained on to `epochs` in all.

    The schedule is that of the longer run, joined where the first one ended: a cosine's rate rises again to what it
    would have been there. A run that stopped early for want of progress is trained on without that.

    Raises:
        StoreError: the run is not finished, has no checkpoint, or has as many epochs already.
    """
    if run.record.results is None:
        raise StoreError(f"{run.id} is {run.status}; only a finished run can be trained on for more epochs.")
    if not os.path.isfile(run.folder / "checkpoint.pt"):
        raise StoreError(f"{run.id} has no checkpoint.pt, and so cannot be trained on.")
    done = run.record.results.epochs
    if epochs <= done:
        raise StoreError(f"{run.id} has {done} epochs already, which count in; ask for more than that.")
    try:
        return with_values(run.config, {("training", "epochs"): epochs, ("training", "patience"): 0})
    except ConfigError as error:
        raise StoreError(str(error)) from None


def extend_now(store: RunStore, run: Run, epochs: int) -> Run:
    """Make the run that trains `run` on, for the caller to train at once.

    Raises:
        StoreError: it cannot be extended, or the folder cannot be written to.
    """
    return store.create(extended(run, epochs), RunStatus.RUNNING, parent=run)
