"""Whatever a run is called, its folder lies directly below the runs, under a plain name."""

import re

import pytest

from cifar_tui.config import ConfigError, RunConfig, with_values
from cifar_tui.runs import edits
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore, StoreError

NAMES = [
    "../../etc",
    "/abs/olute",
    "..",
    ".hidden",
    "~root",
    "con",
    "aux.txt",
    "a/b\\c:d*e?f",
    "$(touch x); `id` | & > <",
    "\x1b[31m\x07\x00\x9b",
    "line\nbreak\ttab",
    "🦊🦊",
    "狐",
    "\u202egnp.exe",
    "x" * 200,
    "é" * 200,
    "",
    "   ",
    "-rf",
]


def _config(name: str) -> RunConfig:
    return RunConfig.model_validate({"name": name, "model": {"name": "mlp"}})


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_of_any_name(store: RunStore, name: str) -> None:
    run = store.create(_config(name), RunStatus.FINISHED)
    edits.rename(store, run.id, name)
    (made,) = store.folder.iterdir()
    assert made == run.folder
    assert re.fullmatch(r"\d{8}T\d{6}-[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}", made.name)
    assert len(made.name) <= 62
    assert store.scan().problems == ()
    assert [found.id for found in store.scan().runs] == [run.id]


def test_a_name_that_is_too_long(store: RunStore) -> None:
    with pytest.raises(ConfigError, match="name: must have at most 200 characters"):
        with_values(_config(""), {("name",): "x" * 300})
    run = store.create(_config("short"), RunStatus.FINISHED)
    with pytest.raises(StoreError, match="The name must have at most 200 characters"):
        edits.rename(store, run.id, "x" * 300)
