"""Notices what changed in the run folders, whichever process changed it."""

from dataclasses import dataclass
from pathlib import Path

from cifar_tui.runs.store import RunStore

_WATCHED = ("run.json", "epochs.jsonl", "progress.json")
"""Not `run.lock`: asking whether it is held can touch it, and would look like a change."""


@dataclass(frozen=True)
class Changes:
    """Run ids: `changed` is new or written to since the last look, `gone` was removed."""

    changed: frozenset[str]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


class Watcher:
    """Compares the folders with how they were at the last look; reads no file's content."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._seen: dict[str, tuple[int, ...]] = {}

    def look(self) -> Changes:
        """Return what has changed since the last look; at the first one, everything."""
        present = {run_id: _stamp(self._store.folder / run_id) for run_id in self._store.ids()}
        changed = {run_id for run_id, stamp in present.items() if self._seen.get(run_id) != stamp}
        gone = self._seen.keys() - present.keys()
        self._seen = present
        return Changes(frozenset(changed), frozenset(gone))


def _stamp(folder: Path) -> tuple[int, ...]:
    stamp: list[int] = []
    for name in _WATCHED:
        try:
            stat = (folder / name).stat()
        except OSError:
            stamp.append(0)
        else:
            stamp += (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return tuple(stamp)
