"""Runs that differ in their seed alone as one row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.events import Results
from cifar_tui.runs.columns import COLUMNS, find_column, ordered
from cifar_tui.runs.filter import parse_filter
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import Row, ranked, run_row

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _row(key: str, **values: Any) -> Row:
    fixed: dict[str, Any] = {
        "name": f"wide {key}", "model": "MLP", "part": 1, "dataset": "CIFAR-100", "status": "finished", "group": "g",
        "planned_epochs": 30, "epochs": 30, "seconds": 10.0, "device": "cpu", "date": DAY,
    }  # fmt: skip
    return Row(key=key, **fixed | values)


SEEDS = [
    _row("0", seed=0, test_accuracy=0.60, val_accuracy=0.5, macro_f1=0.4, tags=("final",)),
    _row("1", seed=1, test_accuracy=0.62, val_accuracy=0.5, macro_f1=0.5, device="cuda:0", starred=True),
    _row("2", seed=2, test_accuracy=0.61, val_accuracy=0.5, macro_f1=0.6, date=DAY + timedelta(days=1), tags=("x",)),
]


def _text(row: Row, key: str) -> str:
    column = find_column(key)
    assert column
    return column.text(row)


def test_seeds_become_their_mean_and_deviation() -> None:
    (row,) = grouped(SEEDS)
    assert row.test_accuracy == pytest.approx(0.61)
    assert row.test_deviation == pytest.approx(0.01)
    assert _text(row, "test") == "61.00 ± 1.00 (3)"
    assert _text(row, "val") == "50.00 ± 0.00 (3)"
    assert _text(row, "f1") == "50.00 ± 10.00 (3)"
    assert (row.name, row.members, row.seconds, row.epochs) == ("wide", ("0", "1", "2"), 30.0, 30)
    assert (row.seed, row.device, row.date, row.tags, row.starred) == (
        None, None, DAY + timedelta(days=1), ("final", "x"), True,
    )  # fmt: skip


def test_what_has_no_equal_stays_as_it_is() -> None:
    alone = [
        _row("single", group="other", test_accuracy=0.7),
        _row("other data", dataset="synthetic", test_accuracy=0.9),
        _row("unfinished", status="stopped"),
        _row("archived", archived=True, test_accuracy=0.1),
        _row("report:a", status="report", group=None),
        _row("report:b", status="report", group=None),
    ]
    rows = grouped([alone[0], SEEDS[0], *alone[1:], SEEDS[1]])
    assert [row for row in rows if not row.members] == alone
    assert [row.members for row in rows if row.members] == [("0", "1")]
    assert rows[1].members  # where its first run stood


def test_a_group_is_grouped_only_once() -> None:
    rows = grouped(SEEDS)
    assert grouped(rows) == rows


def test_ranks_filter_and_every_column_serve_groups_too() -> None:
    rows = ranked(grouped([*SEEDS, _row("better", group="other", test_accuracy=0.7)]))
    assert [row.rank for row in rows] == [2, 1]
    wanted = parse_filter("tag:final test>0.6 is:starred")
    assert [row.members for row in rows if wanted.matches(row)] == [("0", "1", "2")]
    for column in COLUMNS:
        assert len(ordered(rows, column)) == 2


def test_names_with_nothing_in_common_leave_the_first() -> None:
    names = ("first try", "again")
    (row,) = grouped([_row(name, name=name, seed=seed, test_accuracy=0.1) for seed, name in enumerate(names)])
    assert row.name == "first try"


def test_a_group_is_called_after_most_of_its_runs() -> None:
    names = ("mine now", "wide, seed 1", "wide, seed 2")
    (row,) = grouped([_row(name, name=name, seed=seed, test_accuracy=0.1) for seed, name in enumerate(names)])
    assert row.name == "wide, seed"


def test_a_seed_counts_once_and_what_was_repeated_stays_a_row_of_its_own() -> None:
    again = _row("again", seed=0, test_accuracy=0.66, date=DAY + timedelta(hours=1))
    rows = grouped([again, *SEEDS])
    assert [row.members or row.key for row in rows] == [("again", "1", "2"), "0"]
    assert rows[0].test_accuracy == pytest.approx(0.63)
    assert rows[1] == SEEDS[0]
    assert grouped([SEEDS[0], again]) == [SEEDS[0], again]


def test_the_settings_decide_and_not_name_seed_or_device(
    store: RunStore, make_config: Callable[..., RunConfig], make_results: Callable[..., Results]
) -> None:
    def group(*arguments: Any, **settings: Any) -> str | None:
        return run_row(store.create(make_config(*arguments, **settings), RunStatus.QUEUED)).group

    def group_of_trained_on(seed: int, after: int = 1) -> str | None:
        parent = store.create(make_config(seed=seed, epochs=after), RunStatus.FINISHED)
        results = make_results(epochs=after)
        parent = store.change(parent.id, lambda record: record.model_copy(update={"results": results}))
        for name in ("epochs.jsonl", "checkpoint.pt"):
            (parent.folder / name).touch()
        return run_row(store.create(make_config(seed=seed, epochs=9), RunStatus.QUEUED, parent=parent)).group

    assert group("a", seed=1, device="cpu") == group("b", seed=2, device="cuda")
    assert len({group(), group(lr=0.5), group(model="mlp"), group(epochs=9), group_of_trained_on(seed=0)}) == 5
    assert group_of_trained_on(seed=0) == group_of_trained_on(seed=1)
    assert group_of_trained_on(seed=0, after=1) != group_of_trained_on(seed=1, after=8)
