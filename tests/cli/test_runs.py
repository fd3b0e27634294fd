"""`cifar-tui runs`: the results table."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from rich.text import Text
from typer.testing import Result

from cifar_tui.config import RunConfig
from cifar_tui.events import Results, RunStarted
from cifar_tui.paths import Paths
from cifar_tui.runs.columns import COLUMNS
from cifar_tui.runs.edits import archive, tag
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore

Call = Callable[..., Result]
EVIL = "a|b [red]\x1b[31m\u202ex"


def _finished(store: RunStore, name: str, accuracy: float, parameters: int, seed: int = 0) -> str:
    config = RunConfig.model_validate(
        {
            "name": name,
            "model": {"name": "mlp"},
            "data": {"source": "synthetic"},
            "training": {"seed": seed},
        }
    )
    run = store.create(config, RunStatus.FINISHED)
    results = Results(
        test_accuracy=accuracy, test_loss=2.0, top5_accuracy=0.8, macro_f1=0.4, superclass_accuracy=None,
        val_accuracy=0.5, train_accuracy=0.5, parameters=parameters, accuracy_per_million=accuracy * 1e8 / parameters,
        epochs=50, seconds=65.0, images_per_second=1000.0, peak_memory=10**9,
    )  # fmt: skip
    started = RunStarted("synthetic", "cpu (2 threads)", parameters, 10_000, 2_000, 2_000, 79)
    store.change(run.id, lambda record: record.model_copy(update={"results": results, "started": started}))
    return run.id


@pytest.fixture
def ids(paths: Paths) -> dict[str, str]:
    """Three runs: two finished, one queued."""
    store = RunStore(paths.runs)
    queued = store.create(
        RunConfig.model_validate({"name": "later", "model": {"name": "simple_cnn"}}), RunStatus.QUEUED
    )
    return {
        "nine": _finished(store, EVIL, 0.09, 2_000_000),
        "ten": _finished(store, "ten", 0.10, 300_000, seed=1),
        "later": queued.id,
    }


def test_json_holds_fractions_best_first(call: Call, ids: dict[str, str]) -> None:
    rows = json.loads(call("runs", "--json", "--no-given").stdout)
    assert [row["key"] for row in rows] == [ids["ten"], ids["nine"], ids["later"]]
    best = rows[0]
    assert (best["test_accuracy"], best["rank"], best["parameters"], best["status"]) == (0.1, 1, 300_000, "finished")
    assert best["date"].startswith("20")
    assert rows[2]["test_accuracy"] is None
    assert rows[1]["name"] == EVIL.replace("\x1b", "�")


def test_the_reports_rows_are_there_unless_left_out(call: Call, ids: dict[str, str]) -> None:
    rows = json.loads(call("runs", "--json").stdout)
    assert sum(row["status"] == "report" for row in rows) == 13
    assert len(rows) == 16


def test_csv_is_as_shown(call: Call, ids: dict[str, str]) -> None:
    header, *rows = csv.reader(io.StringIO(call("runs", "--csv", "--no-given").stdout))
    assert header == [column.title for column in COLUMNS]
    best = dict(zip(header, rows[0], strict=True))
    assert (best["Test %"], best["Params"], best["%/M"], best["Time"]) == ("10.00", "300.0K", "33.3 ★", "1:05")
    assert rows[1][1] == "a|b [red]�[31m�x"


def test_markdown_is_a_table(call: Call, ids: dict[str, str]) -> None:
    lines = call("runs", "--markdown", "--no-given").stdout.splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("| ---: | --- | --- | ---: |")
    assert {line.replace("\\|", "").count("|") for line in lines} == {len(COLUMNS) + 1}
    assert "a\\|b [red]�[31m�x" in lines[3]


def test_sorts_by_value_and_reverses(call: Call, ids: dict[str, str]) -> None:
    def order(*arguments: str) -> list[str]:
        return [row["key"] for row in json.loads(call("runs", "--json", "--no-given", *arguments).stdout)]

    assert order("--sort", "params") == [ids["ten"], ids["nine"], ids["later"]]
    assert order("--sort", "params", "--reverse") == [ids["nine"], ids["ten"], ids["later"]]
    assert order("--sort", "TEST", "--reverse") == [ids["nine"], ids["ten"], ids["later"]]


def test_filters(call: Call, ids: dict[str, str]) -> None:
    rows = json.loads(call("runs", "--json", "--filter", "SimpleCNN queued").stdout)
    assert [row["key"] for row in rows] == [ids["later"]]


def test_filters_by_terms_and_hides_the_archived(call: Call, paths: Paths, ids: dict[str, str]) -> None:
    def found(text: str) -> list[str]:
        return [row["key"] for row in json.loads(call("runs", "--json", "--no-given", "--filter", text).stdout)]

    tag(RunStore(paths.runs), ids["nine"], "final")
    archive(RunStore(paths.runs), ids["ten"])
    assert found("test>=9% -status:queued") == [ids["nine"]]
    assert found("tag:final") == [ids["nine"]]
    assert found("") == [ids["nine"], ids["later"]]
    assert found("is:archived") == [ids["ten"]]


def test_a_wrong_filter_is_one_sentence(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("runs", "--filter", "tset>0.3")
    assert result.exit_code == 2
    assert sentence(result).startswith("cifar-tui: 'tset>0.3' asks for 'tset', which no row has; there are name, ")


def test_seeds_become_one_row(call: Call, paths: Paths, ids: dict[str, str]) -> None:
    rows = json.loads(call("runs", "--json", "--no-given", "--group").stdout)
    assert [row["members"] for row in rows] == [[ids["nine"], ids["ten"]], []]
    assert rows[0]["test_accuracy"] == pytest.approx(0.095)
    lines = call("runs", "--no-given", "--group").stdout.splitlines()
    assert "9.50 ± 0.71 (2)" in lines[1]


def test_the_difference_to_the_report(call: Call, paths: Paths) -> None:
    store = RunStore(paths.runs)
    run_id = _finished(store, "", 0.2563, 1_000_000)
    started = RunStarted("CIFAR-100", "cpu", 1_000_000, 45_000, 5_000, 10_000, 352)
    config = RunConfig.model_validate({"preset": "part1/mlp", "model": {"name": "mlp"}})
    store.change(run_id, lambda record: record.model_copy(update={"started": started, "config": config}))
    (row,) = json.loads(call("runs", "--json", "--no-given").stdout)
    assert row["report_difference"] == pytest.approx(0.05)


def test_an_unknown_column_lists_the_columns(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("runs", "--sort", "accuracy")
    assert result.exit_code == 2
    assert sentence(result).endswith(f"--sort takes {', '.join(column.key for column in COLUMNS)}.")


def test_two_formats_are_one_too_many(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("runs", "--json", "--csv")
    assert result.exit_code == 2
    assert sentence(result) == "cifar-tui: --json and --csv exclude each other."


def test_a_damaged_run_costs_a_warning_and_has_a_row(
    call: Call, paths: Paths, ids: dict[str, str], sentence: Callable[[Result], str]
) -> None:
    (paths.runs / ids["nine"] / "run.json").write_text("{")
    result = call("runs", "--json", "--no-given")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [(row["key"], row["status"]) for row in rows] == [
        (ids["ten"], "finished"),
        (ids["later"], "queued"),
        (ids["nine"], "unreadable"),
    ]
    assert sentence(result) == f"warning: {paths.runs / ids['nine']}/{rows[2]['note']}"


@pytest.mark.parametrize("form", ["--json", "--csv", "--markdown", "--group"])
def test_what_cannot_be_read_is_told_in_every_form(
    call: Call, paths: Paths, ids: dict[str, str], make_unreadable: Callable[[Path], dict[str, str]], form: str
) -> None:
    reasons = make_unreadable(paths.runs)
    for column in COLUMNS:
        result = call("runs", form, "--no-given", "--filter", "status:unreadable", "--sort", column.key)
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [f"warning: {paths.runs / key}/{reasons[key]}" for key in sorted(reasons)]
        assert len(json.loads(result.stdout) if form == "--json" else result.stdout.splitlines()) >= len(reasons)
        assert all(reason in result.stdout for reason in reasons.values())
    rest = call("runs", form, "--no-given", "--filter", "-status:unreadable")
    assert "SimpleCNN" in rest.stdout
    assert "run.json" not in rest.stdout


@pytest.mark.parametrize("command", [["resume"], ["watch"], ["extend", "--epochs", "5"]])
def test_commands_on_what_cannot_be_read_say_why(
    call: Call,
    paths: Paths,
    sentence: Callable[[Result], str],
    make_unreadable: Callable[[Path], dict[str, str]],
    command: list[str],
) -> None:
    for key, reason in make_unreadable(paths.runs).items():
        result = call(*command, key)
        assert result.exit_code == 1
        assert sentence(result) == f"cifar-tui: {paths.runs / key}/{reason}"


def test_a_history_that_is_damaged_costs_watching_a_warning(
    call: Call, paths: Paths, ids: dict[str, str], sentence: Callable[[Result], str]
) -> None:
    (paths.runs / ids["ten"] / "epochs.jsonl").write_bytes(b"\xff\n{}\n")
    result = call("watch", ids["ten"])
    assert result.exit_code == 0
    assert sentence(result) == "warning: epochs.jsonl is damaged: 2 of its lines are no epochs."
    assert "test accuracy        10.00 %" in result.stdout


@pytest.mark.parametrize(
    ("form", "first"), [("--csv", "Test %,Name"), ("--markdown", "| Test % | Name |"), ("", "Test %  Name")]
)
def test_chosen_columns_in_their_order_and_once(call: Call, ids: dict[str, str], form: str, first: str) -> None:
    result = call("runs", "--no-given", "--columns", "test, NAME,test", *filter(None, [form]))
    lines = result.stdout.splitlines()
    assert lines[0].strip() == first
    assert all("10.00" in line for line in lines if "ten" in line)


def test_a_column_that_there_is_not(call: Call, sentence: Callable[[Result], str]) -> None:
    result = call("runs", "--columns", "test,mood")
    assert result.exit_code == 2
    assert sentence(result).startswith("cifar-tui: There is no column 'mood'; --columns takes rank, name, ")


def test_nothing_to_show(call: Call) -> None:
    assert call("runs", "--no-given").stdout == "There is nothing to show: no run yet, or none that matches.\n"


def test_a_pipe_gets_every_column(call: Call, ids: dict[str, str]) -> None:
    lines = call("runs", "--no-given").stdout.splitlines()
    assert lines[0].split() == " ".join(column.title for column in COLUMNS).split()
    assert "\x1b" not in lines[2]
    assert "[red]" in lines[2]


@pytest.mark.parametrize(("width", "left_out"), [(200, None), (100, "Device"), (80, "Part"), (40, "Params")])
def test_fits_the_terminal(ids: dict[str, str], width: int, left_out: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment["TERM"] = "xterm"
    arguments = ["-m", "cifar_tui", "runs", "--filter=-is:measured"]
    terminal = pexpect.spawn(
        sys.executable, arguments, encoding="utf-8", timeout=60, dimensions=(40, width), env=environment
    )
    output = terminal.read()
    lines = [Text.from_ansi(line).plain.rstrip() for line in output.splitlines()]
    assert len(lines) == 17  # none is wrapped
    assert max(len(line) for line in lines) <= width
    assert all(title in lines[0] for title in ("#", "Name", "Test %"))
    assert left_out is None or left_out not in lines[0]
