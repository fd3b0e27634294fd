"""`cifar-tui report`: what it takes, what it says, and what it leaves."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from cifar_tui.paths import find_paths
from cifar_tui.runs.edits import archive
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore

from .homes import preset, write_run

Report = Callable[..., Result]


def _sentence(result: Result) -> str:
    (line,) = result.stderr.splitlines()
    return line.removeprefix("cifar-tui: ")


def test_says_what_it_wrote_and_what_is_missing(home: Path, report: Report, tmp_path: Path) -> None:
    write_run(home, "part3/custom_vit", epochs=0)
    result = report("--out", str(tmp_path / "out"), "--part", "3", "--format", "md")
    assert result.exit_code == 0
    assert result.stdout == (f"{tmp_path / 'out' / 'report.md'}: 1 run, 1 figure\nnot trained yet: part3/simple_vit\n")


def test_equal_runs_make_equal_files_and_replace_those_that_are_there(
    home: Path, report: Report, tmp_path: Path
) -> None:
    write_run(home, "part3/custom_vit", epochs=3)
    written = []
    for _ in range(2):
        assert report("--out", str(tmp_path), "--part", "3").exit_code == 0
        files = [*tmp_path.glob("report.*"), *(tmp_path / "figures").iterdir()]
        written.append({file.name: file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert set(written[0]) == {"report.html", *(f"figure-{n}.{kind}" for n in (3, 4) for kind in ("svg", "png"))}


def test_finds_runs_by_parts_of_ids_and_by_names(home: Path, report: Report, tmp_path: Path) -> None:
    write_run(home, "part3/custom_vit", epochs=0)
    write_run(home, "part1/mlp", minute=1, epochs=0, name="my best")
    for wanted in ("custom_vit", "my best"):
        result = report(wanted, "--out", str(tmp_path / wanted), "--format", "md")
        assert result.stdout.endswith("report.md: 1 run, 1 figure\n")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("nothing", "No run is called 'nothing'; `cifar-tui runs --json` lists the ids (key)."),
        ("mlp", "; give more of the id."),
        ("vit", "is queued; only finished runs have results to report."),
    ],
)
def test_a_run_that_cannot_be_meant_is_wrong_usage(
    home: Path, report: Report, tmp_path: Path, wanted: str, said: str
) -> None:
    write_run(home, "part1/mlp", seed=0)
    write_run(home, "part1/mlp", seed=1)
    RunStore(find_paths(home).runs).create(preset(home, "part3/custom_vit").config, RunStatus.QUEUED)
    result = report(wanted, "--out", str(tmp_path))
    assert result.exit_code == 2
    assert _sentence(result).endswith(said)


def test_two_choices_exclude_each_other(report: Report, tmp_path: Path) -> None:
    result = report("mlp", "--part", "1", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert _sentence(result) == "RUN and --part exclude each other."


@pytest.mark.parametrize("arguments", [[], ["--out", "x", "--part", "6"], ["--out", "x", "--lang", "de"]])
def test_wrong_options_are_wrong_usage(report: Report, arguments: list[str]) -> None:
    assert report(*arguments).exit_code == 2


def test_no_finished_run_is_one_sentence(home: Path, report: Report, tmp_path: Path) -> None:
    result = report("--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert _sentence(result).startswith(f"There is no finished run in {home / 'runs'} to report on; ")
    assert not (tmp_path / "out").exists()


def test_no_finished_run_of_a_part_is_one_sentence(home: Path, report: Report, tmp_path: Path) -> None:
    write_run(home, "part1/mlp")
    result = report("--out", str(tmp_path), "--part", "4")
    assert result.exit_code == 1
    assert _sentence(result).startswith("No run of part 4 is finished; ")


def test_archived_runs_are_left_out_unless_they_are_named(home: Path, report: Report, tmp_path: Path) -> None:
    run_id = write_run(home, "part3/custom_vit", epochs=0)
    archive(RunStore(find_paths(home).runs), run_id)
    assert report("--out", str(tmp_path)).exit_code == 1
    assert report(run_id, "--out", str(tmp_path), "--format", "md").exit_code == 0


def test_a_folder_that_cannot_be_written_to_is_one_sentence(home: Path, report: Report, tmp_path: Path) -> None:
    write_run(home, "part3/custom_vit", epochs=0)
    (tmp_path / "out").write_text("a file")
    result = report("--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert _sentence(result) == f"The report cannot be written to {tmp_path / 'out'}: Not a directory."


def test_what_cannot_be_read_costs_a_warning(home: Path, report: Report, tmp_path: Path) -> None:
    write_run(home, "part3/custom_vit", epochs=0)
    (find_paths(home).runs / "broken").mkdir()
    result = report("--out", str(tmp_path), "--format", "md")
    assert result.exit_code == 0
    assert result.stderr == f"warning: {find_paths(home).runs / 'broken'}/run.json is missing.\n"


def test_it_starts_without_what_it_does_not_need(home: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from cifar_tui.cli import main\n"
        "try: main()\n"
        "except SystemExit as leave: assert leave.code == 1\n"
        "print(','.join(name for name in ('torch', 'textual', 'matplotlib', 'jinja2') if name in sys.modules))\n"
    )
    arguments = ["report", "--home", str(home), "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.stdout == "\n"  # the names of what should not be there
    assert "no finished run" in done.stderr
