"""What a person adds to a run."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.runs.edits import archive, note, rename, star, tag
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore, StoreError

MakeConfig = Callable[..., RunConfig]


@pytest.fixture
def run(store: RunStore, make_config: MakeConfig) -> Run:
    return store.create(make_config("as made"), RunStatus.FINISHED)


def test_a_run_that_was_written_before_has_none_of_it(store: RunStore, run: Run) -> None:
    file = run.folder / "run.json"
    content = json.loads(file.read_text())
    for added in ("name", "tags", "note", "starred", "archived"):
        del content[added]
    file.write_text(json.dumps(content))
    record = store.get(run.id).record
    assert (record.title, record.tags, record.note) == ("as made", (), "")
    assert not record.starred
    assert not record.archived


def test_a_new_name_leaves_the_configuration(store: RunStore, run: Run) -> None:
    rename(store, run.id, "  the \n best ")
    renamed = store.get(run.id)
    assert (renamed.title, renamed.config) == ("the best", run.config)
    assert rename(store, run.id, " ").title == "as made"
    assert rename(store, run.id, None).record == run.record


def test_tags_are_sorted_lower_case_words_each_once(store: RunStore, run: Run) -> None:
    tag(store, run.id, "Final", "baseline")
    tag(store, run.id, " final ", "ablation")
    assert store.get(run.id).record.tags == ("ablation", "baseline", "final")
    tag(store, run.id, "new", without=["BASELINE", "never there"])
    assert store.get(run.id).record.tags == ("ablation", "final", "new")
    with pytest.raises(StoreError):
        tag(store, run.id, "x" * 33, without=["final"])
    assert store.get(run.id).record.tags == ("ablation", "final", "new")


@pytest.mark.parametrize("bad", ["", " ", "two words", "tab\tbed", "x" * 33, "\x1b[31m", "\ud800"])
def test_what_is_no_tag_is_refused_in_a_sentence(store: RunStore, run: Run, bad: str) -> None:
    with pytest.raises(StoreError) as caught:
        tag(store, run.id, "good", bad)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert store.get(run.id) == run


def test_what_cannot_be_kept_is_refused(store: RunStore, run: Run) -> None:
    with pytest.raises(StoreError, match="The name must have at most 200 characters"):
        rename(store, run.id, "x" * 201)
    with pytest.raises(StoreError, match="The note must have at most 2000 characters"):
        note(store, run.id, "x" * 2001)
    with pytest.raises(StoreError, match="The name must be a valid string"):
        rename(store, run.id, "\ud800")
    assert store.get(run.id) == run


def test_note_star_and_archive(store: RunStore, run: Run) -> None:
    note(store, run.id, " two\nlines ")
    star(store, run.id)
    archive(store, run.id)
    record = store.get(run.id).record
    assert (record.note, record.starred, record.archived) == ("two\nlines", True, True)
    note(store, run.id, "")
    star(store, run.id, False)
    archive(store, run.id, False)
    assert store.get(run.id) == run


def test_a_run_that_is_gone(store: RunStore) -> None:
    with pytest.raises(StoreError, match=r"run\.json is missing"):
        star(store, "never")


def test_two_processes_lose_nothing(store: RunStore, run: Run) -> None:
    script = (
        "import sys; from pathlib import Path; from cifar_tui.runs.edits import tag\n"
        "from cifar_tui.runs.store import RunStore\n"
        "for number in range(10): tag(RunStore(Path(sys.argv[1])), sys.argv[2], f'{sys.argv[3]}{number}')\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(store.folder), run.id, letter]) for letter in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert store.get(run.id).record.tags == tuple(f"{letter}{number}" for letter in "ab" for number in range(10))
