"""The runs of a home, for a command."""

from cifar_tui.cli.console import fail
from cifar_tui.paths import Paths
from cifar_tui.runs.store import RunStore, StoreError


def open_store(paths: Paths) -> RunStore:
    """Return the store of the runs; leaves with a sentence where they may not be read."""
    store = RunStore(paths.runs)
    try:
        store.check()
    except StoreError as error:
        fail(str(error))
    return store
