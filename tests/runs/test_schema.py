"""Run folders of every schema there ever was, and of one that is still to come."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_tui.events import BatchProgress, EpochFinished, Outcome, Results, RunStarted
from cifar_tui.paths import Paths
from cifar_tui.runs import edits
from cifar_tui.runs.checkpoints import Checkpoints
from cifar_tui.runs.execute import execute
from cifar_tui.runs.extend import extend_now
from cifar_tui.runs.index import RunIndex
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import SCHEMA_VERSION, Environment, RunStatus
from cifar_tui.runs.store import RunStore, UnreadableRunError

DATA = Path(__file__).parent / "data"
VERSIONS = range(1, SCHEMA_VERSION + 1)

RESULTS = Results(
    test_accuracy=0.16666666666666666,
    test_loss=1.9226174354553223,
    top5_accuracy=0.8333333333333334,
    macro_f1=0.047619047619047616,
    superclass_accuracy=None,
    val_accuracy=0.16666666666666666,
    train_accuracy=0.16666666666666666,
    parameters=3087,
    accuracy_per_million=5398.984990821725,
    epochs=2,
    seconds=0.09718503899784992,
    images_per_second=1008.3754222315671,
    peak_memory=830181376,
)
LAST_EPOCH = EpochFinished(
    epoch=2,
    train_loss=1.9218331518627347,
    train_accuracy=0.16666666666666666,
    val_loss=1.9289541244506836,
    val_accuracy=0.16666666666666666,
    lr=1.70370868554659e-05,
    seconds=0.02928513400547672,
    images_per_second=1452.620600099375,
    grad_norm=4.027905444304149,
)


def put(store: RunStore, version: int, **changes: Any) -> str:
    """Lay the folder of a schema into `store`, with some keys of its record changed."""
    run_id = f"schema-{version}"
    folder = store.folder / run_id
    shutil.copytree(DATA / run_id, folder)
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(content | changes))
    return run_id


def test_a_folder_of_each_is_kept() -> None:
    assert {folder.name for folder in DATA.glob("schema-*")} == {f"schema-{version}" for version in VERSIONS}
    for version in VERSIONS:
        content = json.loads((DATA / f"schema-{version}" / "run.json").read_text())
        assert content["schema_version"] == version


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_it_is_read(store: RunStore, version: int) -> None:
    run_id = put(store, version)
    run = store.get(run_id)
    record, config = run.record, run.config
    assert store.scan().problems == ()
    assert (run.status, run.title, config.name) == (RunStatus.FINISHED, "Kept for later versions", "Kept")
    assert (config.preset, config.part, config.data.path) == ("part1/mlp", 1, Path("/data/tiny"))
    assert config.model.model_dump(include={"name", "hidden_sizes"}) == {"name": "mlp", "hidden_sizes": (1,)}
    assert (config.training.epochs, config.training.batch_size, config.training.seed) == (2, 8, 7)
    assert record.environment == Environment(
        version="0.1.0", commit="0123456789ab", python="3.11.7", torch="2.15.0", platform="Linux", host="host", pid=1
    )
    assert record.started == RunStarted("tiny", "cpu (1 threads)", 3087, 42, 6, 12, 6, "bfloat16")
    assert record.results == RESULTS
    assert (record.tags, record.starred, record.archived) == (("kept", "schema"), True, False)
    assert record.note == "Written by the version that made this schema.\nIn two lines."
    moments = (record.created_at, record.started_at, record.ended_at)
    assert all(moment is not None and moment.date() == datetime(2026, 11, 24, tzinfo=UTC).date() for moment in moments)
    epochs, problem = store.history(run_id)
    assert ([epoch.epoch for epoch in epochs], epochs[-1], problem) == ([1, 2], LAST_EPOCH, None)
    assert store.progress(run_id) == BatchProgress(2, 6, 6, 1.98, 1.7e-05, 27.1, 2042.0)
    assert store.log(run_id, 1)[0].endswith(" finished")
    state = Checkpoints(run.folder).read()
    assert state is not None
    assert (state["position"]["epoch"], state["last_epoch"]["val_loss"]) == (3, LAST_EPOCH.val_loss)
    with np.load(run.folder / "predictions.npz") as predictions:
        assert predictions["labels"].shape == (12,)
        assert predictions["probabilities"].shape == (12, 6)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_trained_on(store: RunStore, paths: Paths, images: Path, version: int) -> None:
    config = json.loads((DATA / f"schema-{version}" / "run.json").read_text())["config"]
    config["data"]["path"] = str(images)
    parent = store.get(put(store, version, config=config))
    child = extend_now(store, parent, 3)
    ended = execute(paths, store, child.id, lambda: False, lambda run_id, event: None)
    assert (ended.outcome, ended.error) == (Outcome.FINISHED, None)
    assert store.epochs(child.id)[:2] == store.epochs(parent.id)
    assert [epoch.epoch for epoch in store.epochs(child.id)] == [1, 2, 3]


def test_one_of_a_newer_schema_is_shown_and_never_written_to(store: RunStore) -> None:
    run_id = put(store, SCHEMA_VERSION, schema_version=SCHEMA_VERSION + 1, mood="sunny")
    folder = store.folder / run_id
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    reason = f"run.json was written by a newer cifar-tui (schema {SCHEMA_VERSION + 1}); update to read it."
    snapshot = RunIndex(store).refresh()
    assert snapshot
    (row,) = snapshot.rows
    assert (row.key, row.name, row.status, row.note) == (run_id, "Kept for later versions", "unreadable", reason)
    queue = RunQueue(store)
    writers: list[Callable[[], object]] = [
        lambda: edits.rename(store, run_id, "mine"),
        lambda: edits.tag(store, run_id, "mine"),
        lambda: edits.tag(store, run_id, without=["kept"]),
        lambda: edits.note(store, run_id, "mine"),
        lambda: edits.star(store, run_id, False),
        lambda: edits.archive(store, run_id),
        lambda: queue.resume(run_id),
        lambda: queue.extend(run_id, 9),
        lambda: queue.remove(run_id),
    ]
    for write in writers:
        with pytest.raises(UnreadableRunError) as caught:
            write()
        assert str(caught.value) == f"{folder}/{reason}"
    assert not store.mark_interrupted(run_id)
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "run.lock"} == before


def test_one_of_a_newer_schema_is_deleted_and_brought_back_whole(store: RunStore) -> None:
    run_id = put(store, SCHEMA_VERSION, schema_version=SCHEMA_VERSION + 1)
    before = (store.folder / run_id / "run.json").read_bytes()
    store.discard(run_id)
    assert store.ids() == []
    with pytest.raises(UnreadableRunError, match="was written by a newer cifar-tui"):
        store.restore(run_id)
    assert (store.folder / run_id / "run.json").read_bytes() == before
