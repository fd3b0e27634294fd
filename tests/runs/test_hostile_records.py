"""Whatever the files of a run folder hold: one sentence, or something that every view can show."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished, Results, RunStarted
from cifar_tui.runs.columns import COLUMNS, ordered
from cifar_tui.runs.compare import differences, metrics
from cifar_tui.runs.export import as_csv, as_json, as_markdown
from cifar_tui.runs.filter import KEYS, FilterError, parse_filter
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.queue import in_queue_order
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.stopping import StopAt, wanted_stop
from cifar_tui.runs.store import Run, RunStore, UnreadableRunError
from cifar_tui.runs.table import References, Row, ranked, run_row, unreadable_row

from ..hostile import JSON, assert_sentence, damaged, hostile, mutated

EPOCH = EpochFinished(1, 4.0, 0.1, 4.1, 0.09, 1e-3, 2.0, 1000.0, 1.5)
PROGRESS = BatchProgress(2, 5, 10, 3.9, 1e-3, 1.4, 900.0)
CONFIG = RunConfig.model_validate({"name": "mine", "preset": "part1/mlp", "model": {"name": "mlp"}})
RECORD = RunRecord(
    config=CONFIG,
    status=RunStatus.FINISHED,
    created_at=datetime(2026, 3, 2, tzinfo=UTC),
    started_at=datetime(2026, 3, 2, 1, tzinfo=UTC),
    queue_position=2.0,
    started=RunStarted("CIFAR-100", "cpu (2 threads)", 346_628, 45_000, 5_000, 10_000, 352),
    results=Results(0.5, 2.0, 0.8, 0.48, 0.6, 0.51, 0.55, 346_628, 144.0, 30, 60.0, 1000.0, 10**9),
    tags=("one", "two"),
    note="a note",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, alone in its store."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    folder.mkdir()
    return folder


def rows_of(run: Run, epochs: tuple[EpochFinished, ...] = ()) -> list[Row]:
    return [run_row(run, epochs, References({("part1/mlp", "mlp"): 0.5})), run_row(Run("sound", run.folder, RECORD))]


def show(rows: list[Row]) -> None:
    """Show `rows` in every way there is."""
    for column in COLUMNS:
        ordered(rows, column)
    for shown in (ranked(rows), ranked(grouped(rows))):
        as_csv(shown)
        as_markdown(shown)
        json.loads(as_json(shown), parse_constant=pytest.fail)


@given(
    content=st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | mutated(RECORD.model_dump(mode="json"))
)
@hostile(400)
def test_any_record(folder: Path, content: bytes) -> None:
    (folder / "run.json").write_bytes(content)
    store = RunStore(folder.parent)
    try:
        run = store.get(folder.name)
    except UnreadableRunError as error:
        assert_sentence(error)
        assert_sentence(error.reason)
        show([unreadable_row(folder.name, error)])
        return
    show(rows_of(run))
    assert len(in_queue_order([run, run])) in (0, 2)
    metrics([run.record.results, RECORD.results])
    differences([run.config, CONFIG])


@given(
    content=st.lists(
        st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()) | mutated(asdict(EPOCH)), max_size=4
    ).map(b"\n".join)
)
@hostile(300)
def test_any_history(folder: Path, content: bytes) -> None:
    (folder / "epochs.jsonl").write_bytes(content)
    epochs, problem = RunStore(folder.parent).history(folder.name)
    assert [epoch.epoch for epoch in epochs] == sorted({epoch.epoch for epoch in epochs})
    if problem is not None:
        assert_sentence(problem)
    record = RECORD.model_copy(update={"results": None, "status": RunStatus.STOPPED})
    show(rows_of(Run("run", folder, record), epochs))


@given(content=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()) | mutated(asdict(PROGRESS)))
@hostile(200)
def test_any_position(folder: Path, content: bytes) -> None:
    (folder / "progress.json").write_bytes(content)
    progress = RunStore(folder.parent).progress(folder.name)
    assert progress is None or progress.batches >= 1 <= progress.epoch


@given(content=st.binary(max_size=100) | damaged(b"batch") | damaged(b"epoch"))
@hostile(100)
def test_any_wish_to_stop(folder: Path, content: bytes) -> None:
    (folder / "stop").write_bytes(content)
    assert wanted_stop(folder) is {b"batch": StopAt.BATCH, b"epoch": StopAt.EPOCH}.get(content)


@given(content=st.binary(max_size=2000))
@hostile(50)
def test_any_log(folder: Path, content: bytes) -> None:
    (folder / "log.txt").write_bytes(content)
    assert len(RunStore(folder.parent).log(folder.name, 3)) <= 3


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    """One of each kind."""
    bare = RunRecord(config=CONFIG, status=RunStatus.QUEUED)
    (folder / "run.json").write_text("{")
    ((key, error),) = RunStore(folder.parent).scan().unreadable.items()
    return [run_row(Run("a", folder, RECORD)), run_row(Run("b", folder, bare)), unreadable_row(key, error)]


TERMS = st.tuples(
    st.sampled_from(["", "-", '"']),
    st.sampled_from([*KEYS, "is", "x", ""]),
    st.sampled_from([":", ">=", "<", "=", "", ' "']),
    st.text(max_size=6) | st.sampled_from(["1e999", "nan", "35%", "-1e308K", "٣", "²", "archived"]),
).map("".join)


@given(text=st.text(max_size=30) | st.lists(TERMS, max_size=3).map(" ".join))
@hostile(400)
def test_any_filter(rows: list[Row], text: str) -> None:
    try:
        wanted = parse_filter(text)
    except FilterError as error:
        assert_sentence(error)
    else:
        assert {wanted.matches(row) for row in rows} <= {True, False}


@pytest.mark.parametrize(
    "changes",
    [
        {"results": {"seconds": 1e308}}, {"results": {"parameters": 10**400}}, {"results": {"test_accuracy": 1e300}},
        {"results": {"test_loss": float("nan")}}, {"results": {"epochs": 0}}, {"results": {"macro_f1": -1}},
        {"started": {"batches_per_epoch": -1}}, {"started": {"device": "x" * 10_000}}, {"queue_position": float("inf")},
        {"created_at": "0001-01-01T00:00:00Z"}, {"ended_at": "9999-12-31T23:59:59Z"}, {"schema_version": 10**30},
    ],
    ids=lambda changes: str(changes)[:40],
)  # fmt: skip
def test_values_beyond_all_sense_cost_their_run_a_sentence(
    store: RunStore, make_config: Callable[..., RunConfig], changes: dict[str, Any]
) -> None:
    good = store.create(make_config(), RunStatus.FINISHED)
    bad = store.folder / "bad"
    bad.mkdir()
    content = RECORD.model_dump(mode="json")
    for key, value in changes.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    (bad / "run.json").write_text(json.dumps(content))
    scan = store.scan()
    assert scan.runs == (good,)
    assert_sentence(scan.unreadable["bad"])
    assert "is damaged: " in scan.unreadable["bad"].reason


def test_the_largest_values_are_shown(folder: Path) -> None:
    largest = {"test_loss": 1e39, "parameters": 10**15, "seconds": 1e9, "images_per_second": 1e12, "epochs": 10**6}
    content = RECORD.model_dump(mode="json")
    content["results"] |= largest | {"peak_memory": 10**15, "accuracy_per_million": 1e12}
    content |= {"created_at": "2999-12-31T23:59:59Z", "started_at": "1970-01-02T00:00:00Z"}
    (folder / "run.json").write_text(json.dumps(content))
    show(rows_of(RunStore(folder.parent).get(folder.name)))
