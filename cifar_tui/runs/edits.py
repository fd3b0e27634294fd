"""What a person adds to a run: a name, tags, a note, a star; never a change of what it computed.

Each edit goes through the store's lock, so that two processes never lose one another's.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from cifar_tui.config import explain
from cifar_tui.runs.record import RunRecord
from cifar_tui.runs.store import Run, RunStore, StoreError


def rename(store: RunStore, run_id: str, name: str | None) -> Run:
    """Call a run `name`; None or an empty one gives it back the name that it was made with.

    Raises:
        StoreError: the name is too long, or the run cannot be read or written.
    """
    return _edit(store, run_id, lambda record: {"name": name})


def tag(store: RunStore, run_id: str, *tags: str, without: Iterable[str] = ()) -> Run:
    """Add tags to a run, and take others off, both or neither.

    Args:
        store: where the run is.
        run_id: the run.
        tags: to add.
        without: to take off; those that the run does not have are passed over.

    Raises:
        StoreError: one is not a word of at most 32 characters, or the run cannot be read or written.
    """
    unwanted = {tag.strip().lower() for tag in without}
    return _edit(store, run_id, lambda record: {"tags": [*(t for t in record.tags if t not in unwanted), *tags]})


def note(store: RunStore, run_id: str, text: str) -> Run:
    """Replace the note of a run; an empty one removes it.

    Raises:
        StoreError: the note is too long, or the run cannot be read or written.
    """
    return _edit(store, run_id, lambda record: {"note": text.strip()})


def star(store: RunStore, run_id: str, starred: bool = True) -> Run:
    """Mark a run as one to come back to, or take the mark away.

    Raises:
        StoreError: the run cannot be read or written.
    """
    return _edit(store, run_id, lambda record: {"starred": starred})


def archive(store: RunStore, run_id: str, archived: bool = True) -> Run:
    """Leave a run out of the tables, or bring it back.

    Raises:
        StoreError: the run cannot be read or written.
    """
    return _edit(store, run_id, lambda record: {"archived": archived})


def _edit(store: RunStore, run_id: str, changes: Callable[[RunRecord], dict[str, Any]]) -> Run:
    def edited(record: RunRecord) -> RunRecord:
        try:
            return RunRecord.model_validate(record.model_dump() | changes(record))
        except ValidationError as error:
            raise StoreError(_sentence(error)) from None

    return store.change(run_id, edited)


def _sentence(error: ValidationError) -> str:
    path, message = next(iter(explain(error).items()))
    if path == ("tags",):
        return message
    return f"The {path[0]} {message}."
