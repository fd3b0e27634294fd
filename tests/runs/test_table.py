"""The results table: values, order, ranks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.events import EpochFinished, Results, RunStarted
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets
from cifar_tui.runs.columns import COLUMNS, Column, count, duration, find_column, ordered, percent, points
from cifar_tui.runs.edits import archive, note, rename, star, tag
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.references import references_of, report_rows
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.runs.table import References, Row, ranked, rows_of, run_row

MakeConfig = Callable[..., RunConfig]


def _row(key: str, **values: Any) -> Row:
    fixed: dict[str, Any] = {"name": key, "model": "MLP", "part": 1, "dataset": "CIFAR-100", "status": "finished"}
    return Row(key=key, **fixed | values)


def _column(key: str) -> Column:
    column = find_column(key)
    assert column
    return column


def _keys(rows: list[Row]) -> list[str]:
    return [row.key for row in rows]


class TestOrder:
    @pytest.mark.parametrize("reverse", [False, True])
    def test_is_by_value_and_the_unknown_comes_last(self, reverse: bool) -> None:
        rows = [
            _row("no"),
            _row("9 %", test_accuracy=0.09),
            _row("10 %", test_accuracy=0.10),
            _row("0", test_accuracy=0.0),
        ]
        known = ["10 %", "9 %", "0"]
        assert _keys(ordered(rows, _column("test"), reverse=reverse)) == [*(known[::-1] if reverse else known), "no"]

    def test_of_counts_is_not_that_of_their_labels(self) -> None:
        rows = [_row("1.73M", parameters=1_731_940), _row("346.6K", parameters=346_628)]
        assert _keys(ordered(rows, _column("params"))) == ["346.6K", "1.73M"]

    def test_of_words_ignores_case(self) -> None:
        assert _keys(ordered([_row("b"), _row("C"), _row("A")], _column("name"))) == ["A", "b", "C"]

    @pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
    def test_every_column_sorts_any_rows(self, column: Column) -> None:
        full = _row(
            "full", epochs=3, planned_epochs=3, test_accuracy=0.5, val_accuracy=0.5, macro_f1=0.4, parameters=10,
            accuracy_per_million=5.0, seconds=9.0, device="cpu", date=datetime.now(UTC), rank=1,
        )  # fmt: skip
        rows = ordered([_row("bare", part=None), full], column)
        assert {row.key for row in rows} == {"bare", "full"}
        assert all(isinstance(column.text(row), str) for row in rows)


class TestRanks:
    def test_are_counted_within_a_data_set(self) -> None:
        rows = ranked(
            [
                _row("good", test_accuracy=0.6, accuracy_per_million=10.0),
                _row("unfinished"),
                _row("small", test_accuracy=0.3, accuracy_per_million=90.0),
                _row("other", test_accuracy=0.9, accuracy_per_million=99.0, dataset="synthetic"),
            ]
        )
        assert {row.key: row.rank for row in rows} == {"good": 1, "unfinished": None, "small": 2, "other": 1}
        assert {row.key for row in rows if row.is_most_efficient} == {"small", "other"}

    def test_are_not_given_to_archived_rows(self) -> None:
        rows = ranked([_row("hidden", test_accuracy=0.9, archived=True), _row("seen", test_accuracy=0.1)])
        assert {row.key: row.rank for row in rows} == {"hidden": None, "seen": 1}

    def test_of_the_report_are_the_reports_own(self, paths: Paths) -> None:
        rows = ordered(ranked(report_rows(load_presets(paths).presets)), _column("rank"))
        assert len(rows) == 13
        assert [row.name for row in rows[:3]] == ["CNN+Transformer hybrid", "GRU-row", "SimpleCNN"]
        assert [row.name for row in rows if row.is_most_efficient] == ["SimpleCNN"]
        assert rows[2].accuracy_per_million == pytest.approx(103.5, abs=0.05)


class TestRunRow:
    def test_of_a_queued_run(self, store: RunStore, make_config: MakeConfig) -> None:
        row = run_row(store.create(make_config("mine", epochs=9), RunStatus.QUEUED))
        assert (row.name, row.model, row.dataset, row.status) == ("mine", "SoftmaxRegression", "tiny", "queued")
        assert (row.epochs, row.planned_epochs, row.test_accuracy) == (None, 9, None)
        assert _column("epochs").text(row) == "0/9"

    def test_of_a_stopped_run_shows_its_last_epoch(
        self, store: RunStore, make_config: MakeConfig, make_epoch: Callable[[int], EpochFinished]
    ) -> None:
        run = store.create(make_config(epochs=9), RunStatus.STOPPED)
        for epoch in (1, 2):
            store.append_epoch(run.id, make_epoch(epoch))
        (row,) = rows_of(store, [run])
        assert (row.epochs, row.val_accuracy, row.test_accuracy, row.seconds) == (2, 0.18, None, 4.0)
        assert _column("epochs").text(row) == "2/9"

    def test_of_a_finished_run_shows_its_results(
        self, store: RunStore, make_config: MakeConfig, make_results: Callable[..., Results]
    ) -> None:
        run = store.create(make_config(epochs=30), RunStatus.FINISHED)
        started = RunStarted("CIFAR-100", "cuda:0 (NVIDIA H100)", 1_000_000, 45_000, 5_000, 10_000, 352)
        changes = {"results": make_results(test_accuracy=0.5), "started": started}
        row = run_row(store.change(run.id, lambda record: record.model_copy(update=changes)))
        assert (row.test_accuracy, row.parameters, row.dataset, row.device) == (0.5, 1_000_000, "CIFAR-100", "cuda:0")
        assert _column("test").text(row) == "50.00"
        assert _column("epochs").text(row) == "30"

    def test_holds_what_a_person_added(self, store: RunStore, make_config: MakeConfig) -> None:
        run = store.create(make_config("as made", seed=7, lr=0.01), RunStatus.QUEUED)
        rename(store, run.id, "renamed")
        tag(store, run.id, "two", "one")
        note(store, run.id, "first line\nsecond")
        star(store, run.id)
        archive(store, run.id)
        row = run_row(store.get(run.id))
        assert (row.name, row.tags, row.starred, row.archived) == ("renamed", ("one", "two"), True, True)
        assert (row.seed, row.learning_rate, row.batch_size, row.optimiser) == (7, 0.01, 8, "adamw")
        texts = {key: _column(key).text(row) for key in ("seed", "tags", "note")}
        assert texts == {"seed": "7", "tags": "one two", "note": "first line second"}


class TestDifferenceToTheReport:
    @pytest.fixture
    def run(self, store: RunStore, make_config: MakeConfig, make_results: Callable[..., Results]) -> Run:
        run = store.create(make_config(model="mlp").model_copy(update={"preset": "part1/mlp"}), RunStatus.FINISHED)
        changes = {"results": make_results(test_accuracy=0.2563)}
        return store.change(run.id, lambda record: record.model_copy(update=changes))

    def _on(self, store: RunStore, run: Run, dataset: str) -> Run:
        started = RunStarted(dataset, "cpu", 10, 10, 10, 10, 1)
        return store.change(run.id, lambda record: record.model_copy(update={"started": started}))

    def test_is_that_of_its_preset(self, store: RunStore, run: Run, paths: Paths) -> None:
        references = references_of(load_presets(paths).presets)
        row = run_row(self._on(store, run, "CIFAR-100"), references=references)
        assert row.report_difference == pytest.approx(0.05)
        assert _column("report").text(row) == "+5.0"

    @pytest.mark.parametrize(
        ("dataset", "key"),
        [
            ("synthetic", ("part1/mlp", "mlp")),
            ("CIFAR-100", ("part1/mlp", "softmax_regression")),
            ("CIFAR-100", ("part1/other", "mlp")),
        ],
        ids=["other images", "another architecture", "another preset"],
    )
    def test_is_unknown_where_there_is_nothing_to_compare(
        self, store: RunStore, run: Run, dataset: str, key: tuple[str, str]
    ) -> None:
        assert run_row(self._on(store, run, dataset), references=References({key: 0.2})).report_difference is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (points(None), ""), (points(0.2411), "+24.1"), (points(-0.003), "-0.3"),
        (percent(None), ""), (percent(0.0), "0.00"), (percent(0.37254), "37.25"), (percent(1.0), "100.00"),
        (count(None), ""), (count(999), "999"), (count(346_628), "346.6K"), (count(1_731_940), "1.73M"),
        (duration(None), ""), (duration(8.44), "8.4 s"), (duration(125), "2:05"), (duration(3725), "1:02:05"),
        (duration(605), "10:05"), (duration(90_000), "1 day, 1:00:00"),
        (duration(1e308), "ages"), (duration(float("nan")), "ages"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(text: str, expected: str) -> None:
    assert text == expected
