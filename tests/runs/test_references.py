"""What runs are held against: the report's rows, and those that this project measured."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cifar_tui.config import RunConfig, with_values
from cifar_tui.events import Results, RunStarted
from cifar_tui.presets import Measured, Preset, read_preset
from cifar_tui.runs.columns import find_column
from cifar_tui.runs.filter import parse_filter
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.references import measured_rows, references_of, report_rows
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import References, Row

MakeConfig = Callable[..., RunConfig]
MakeResults = Callable[..., Results]

STARTED = RunStarted("CIFAR-100", "cuda:0 (Some GPU)", 1_731_940, 45_000, 5_000, 10_000, 352)
TUNED = """
title = "MLP tuned"
against = "part1/mlp"
[model]
name = "mlp"
[measured]
test_accuracy = 0.36
test_deviation = 0.002
seeds = 2
epochs = 50
seconds = 100.0
device = "Some GPU"
date = 2026-03-02
"""


@pytest.fixture
def presets(tmp_path: Path) -> list[Preset]:
    found = []
    for key, text in (
        ("part1/mlp", 'title = "MLP"\npart = 1\n[model]\nname = "mlp"\n[reference]\n'
         "test_accuracy = 0.2063\nval_accuracy = 0.2068\nmacro_f1 = 0.1831\nparameters = 1731940\n"),
        ("beyond/mlp", TUNED),
    ):  # fmt: skip
        file = tmp_path / f"{key.replace('/', '-')}.toml"
        file.write_text(text)
        found.append(read_preset(file, key))
    return found


def test_a_preset_tells_what_was_measured_with_it(presets: list[Preset]) -> None:
    report, tuned = presets
    assert (report.measured, report.expected_accuracy) == (None, 0.2063)
    assert (tuned.reference, tuned.expected_accuracy) == (None, 0.36)
    assert tuned.measured == Measured(
        test_accuracy=0.36, test_deviation=0.002, seeds=2, epochs=50, seconds=100.0, device="Some GPU",
        date=date(2026, 3, 2),
    )  # fmt: skip


def test_a_tuned_preset_is_held_against_the_row_of_the_report_that_it_names(presets: list[Preset]) -> None:
    assert references_of(presets) == References({("part1/mlp", "mlp"): 0.2063, ("beyond/mlp", "mlp"): 0.2063})
    assert [row.key for row in report_rows(presets)] == ["report:part1/mlp"]


def test_one_that_names_none_is_held_against_nothing(presets: list[Preset]) -> None:
    assert references_of(presets[1:]) == References({})


class TestMeasuredRows:
    def test_are_one_a_preset_with_the_mean_over_its_seeds(
        self, store: RunStore, presets: list[Preset], make_results: MakeResults
    ) -> None:
        for seed, accuracy in ((0, 0.36), (1, 0.37)):
            self._write(store, presets[1], seed, make_results(test_accuracy=accuracy))
        self._write(store, presets[0], 0, make_results(test_accuracy=0.3))
        tuned, plain = measured_rows(store, presets)
        assert (tuned.name, plain.name) == ("MLP tuned", "MLP")
        assert tuned.test_accuracy == pytest.approx(0.365)
        assert tuned.report_difference == pytest.approx(0.365 - 0.2063)
        assert self._text("test", tuned) == "36.50 ± 0.71 (2)"
        assert self._text("test", plain) == "30.00"

    def test_are_no_runs_here(self, store: RunStore, presets: list[Preset], make_results: MakeResults) -> None:
        self._write(store, presets[1], 0, make_results())
        (row,) = measured_rows(store, presets)
        assert (row.status, row.is_measured, row.is_given, row.is_report) == ("measured", True, True, False)
        assert parse_filter("is:measured").matches(row)
        assert not parse_filter("is:report").matches(row)

    def test_are_none_where_nothing_was_measured(self, store: RunStore, presets: list[Preset]) -> None:
        assert measured_rows(store, presets) == []

    def _write(self, store: RunStore, preset: Preset, seed: int, results: Results) -> None:
        config = with_values(preset.config, {("training", "seed"): seed})
        run = store.create(config, RunStatus.FINISHED)
        changes: dict[str, Any] = {"started": STARTED, "results": results}
        store.change(run.id, lambda record: record.model_copy(update=changes))

    def _text(self, key: str, row: Row) -> str:
        column = find_column(key)
        assert column
        return column.text(row)
