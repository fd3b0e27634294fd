"""Notices what changed in the run folders, whichever process changed it."""

import os
from collections.abc import Container
from dataclasses import dataclass

from cifar_tui.runs.stopping import STOP_FILE
from cifar_tui.runs.store import RunStore, StoreError

_RECORD = "run.json"
_HISTORY = ("epochs.jsonl", "progress.json", STOP_FILE)
"""Not `run.lock`: asking whether it is held can touch it, and would look like a change."""


@dataclass(frozen=True)
class Changes:
    """Run ids: `changed` is new or written to since the last look, `gone` was removed."""

    changed: frozenset[str]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


_Stamp = tuple[int, int, int] | None


class Watcher:
    """Compares the folders with how they were at the last look; reads no file's content."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._seen: dict[str, tuple[_Stamp, ...]] = {}

    def look(self, settled: Container[str] = ()) -> Changes:
        """Return what has changed since the last look; at the first one, everything.

        While the folder of the runs cannot be listed, that is nothing: they are not gone.

        Args:
            settled: runs that are over, so that their history changes no more and a look at `run.json` is enough:
                with thousands of runs this is what a look costs.
        """
        root = str(self._store.folder)
        present: dict[str, tuple[_Stamp, ...]] = {}
        changed: set[str] = set()
        ids = self._store.ids()
        if self._seen and not ids:
            try:
                self._store.check()
            except StoreError:
                return Changes(frozenset(), frozenset())
        for run_id in ids:
            folder = f"{root}/{run_id}/"
            before = self._seen.get(run_id)
            record = _stamp(folder + _RECORD)
            if before is not None and before[0] == record and run_id in settled:
                present[run_id] = before
                continue
            present[run_id] = (record, *(_stamp(folder + name) for name in _HISTORY))
            if present[run_id] != before:
                changed.add(run_id)
        gone = self._seen.keys() - present.keys()
        self._seen = present
        return Changes(frozenset(changed), frozenset(gone))


def _stamp(file: str) -> _Stamp:
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
