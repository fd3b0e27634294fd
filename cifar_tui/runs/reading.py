"""Reads what lies in a run folder, whatever that is: each file costs at most itself, and nothing is waited for."""

import os
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from cifar_tui.config.run import LONGEST_NAME
from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.files import open_plain, read_plain
from cifar_tui.runs.record import SCHEMA_VERSION, RunRecord, SchemaVersion
from cifar_tui.text import printable

_LARGEST_RECORD = 2**20
_LARGEST_HISTORY = 2**25
_MOST_LINES = 200_000
"""A run of as many epochs as a configuration may ask for takes less of either."""
_LARGEST_PROGRESS = 2**16
_LONGEST_LINE = 200
"""Of a log, in bytes, on average; more lines of less are not looked for further up."""
_LONGEST_PLACE = 100
"""Of what an error's sentence says of the place in a file, in characters."""

_EPOCH: TypeAdapter[EpochFinished] = TypeAdapter(EpochFinished)
_PROGRESS: TypeAdapter[BatchProgress] = TypeAdapter(BatchProgress)


class RecordError(Exception):
    """A `run.json` that cannot be read: missing, damaged, or written by a newer version."""

    def __init__(self, reason: str, title: str | None = None) -> None:
        super().__init__(printable(reason))
        self.title = title
        """What the run is called, where a record that this version cannot read tells as much."""


class ReadEpochs(NamedTuple):
    """What a history holds."""

    epochs: tuple[EpochFinished, ...] = ()
    """Each once, in rising order."""
    problem: str | None = None
    """A sentence where something in it could not be read."""


class _Schema(BaseModel):
    """All that can be relied on in a `run.json` of any version."""

    schema_version: SchemaVersion = SCHEMA_VERSION


def read_record(file: str) -> RunRecord:
    """Read a record as it was written: `running` even where the process is gone.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        content = read_plain(file, _LARGEST_RECORD)
    except FileNotFoundError:
        raise RecordError("run.json is missing.") from None
    except OSError as error:
        raise RecordError(f"run.json cannot be read: {error.strerror}.") from None
    try:
        record = RunRecord.model_validate_json(content)
        schema = record.schema_version
    except ValidationError as error:
        schema = _schema_of(content)
        if schema <= SCHEMA_VERSION:
            first = error.errors(include_url=False)[0]
            # The keys are whatever the file holds.
            where = ".".join(str(part) for part in first["loc"])[:_LONGEST_PLACE] or "the file"
            raise RecordError(f"run.json is damaged: {where}: {first['msg']}.") from None
    if schema > SCHEMA_VERSION:
        reason = f"run.json was written by a newer cifar-tui (schema {schema}); update to read it."
        raise RecordError(reason, _title_in(content))
    return record


def read_epochs(file: Path) -> ReadEpochs:
    """Read a history up to a size that no run reaches.

    A line that is no epoch is left out, and of several of one epoch the last one counts. A last line without its end
    is no problem: it may be written just now.

    Raises:
        OSError: the file cannot be read, or is no plain file.
    """
    try:
        with open_plain(file) as stream:
            content = stream.read(_LARGEST_HISTORY)
            is_cut = bool(stream.read(1))
    except FileNotFoundError:
        return ReadEpochs()
    found: dict[int, EpochFinished] = {}
    *lines, rest = content.split(b"\n", _MOST_LINES)
    is_cut |= b"\n" in rest
    wrong = 0
    for line in lines if is_cut else [*lines, rest]:
        try:
            epoch = _EPOCH.validate_json(line)
            found[epoch.epoch] = epoch
        except ValidationError:
            wrong += line is not rest and bool(line.strip())
    return ReadEpochs(tuple(found[place] for place in sorted(found)), _problem(wrong, is_cut=is_cut))


def read_progress(file: Path) -> BatchProgress | None:
    """Read the position within an epoch; None where there is none, or none that can be read."""
    try:
        return _PROGRESS.validate_json(read_plain(file, _LARGEST_PROGRESS))
    except (OSError, ValidationError):
        return None


def read_log(file: Path, lines: int) -> tuple[str, ...]:
    """Read the last `lines` of a log; none where it cannot be read."""
    most = _LONGEST_LINE * lines
    try:
        with open_plain(file) as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
            return tuple(stream.read(most).decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ()


def _problem(wrong: int, *, is_cut: bool) -> str | None:
    parts = []
    if wrong:
        parts.append(f"{wrong:,} of its lines {'is no epoch' if wrong == 1 else 'are no epochs'}")
    if is_cut:
        parts.append(f"what lies beyond {_LARGEST_HISTORY:,} bytes or {_MOST_LINES:,} lines is not read")
    return f"epochs.jsonl is damaged: {', and '.join(parts)}." if parts else None


def _title_in(content: bytes) -> str | None:
    """Return what a run is called, from a record of any version; None where it does not tell."""
    try:
        record = from_json(content)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    config = record.get("config")
    config = config if isinstance(config, dict) else {}
    model = config.get("model")
    names = [record.get("name"), config.get("name"), config.get("preset")]
    names += [model.get("name")] if isinstance(model, dict) else []
    for name in names:
        if isinstance(name, str) and (line := " ".join(name.split())):
            return line[:LONGEST_NAME]
    return None


def _schema_of(content: bytes) -> int:
    try:
        return _Schema.model_validate_json(content).schema_version
    except ValidationError:
        return SCHEMA_VERSION
