"""What this project measured: the run folders that come with it, and what presets and README say of them."""

from pathlib import Path
from statistics import fmean, stdev

import pytest

from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.paths import find_paths
from cifar_tui.presets import Preset, load_presets, measured_runs
from cifar_tui.runs.columns import find_column, ordered
from cifar_tui.runs.export import as_markdown
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.references import measured_rows, report_rows
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.runs.table import ranked

README = Path(__file__).parents[2] / "README.md"
COLUMNS = "name,status,test,val,f1,report,params,epochs,time,device"


@pytest.fixture
def presets(tmp_path: Path) -> tuple[Preset, ...]:
    return load_presets(find_paths(tmp_path)).presets


@pytest.fixture
def runs() -> tuple[Run, ...]:
    scan = RunStore(measured_runs()).scan()
    assert scan.problems == ()
    return scan.runs


def test_every_run_is_whole_and_tells_nothing_of_who_trained_it(runs: tuple[Run, ...]) -> None:
    store = RunStore(measured_runs())
    assert runs
    for run in runs:
        assert (run.status, run.record.started and run.record.started.dataset) == (RunStatus.FINISHED, CIFAR100)
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [*range(1, run.config.training.epochs + 1)]
        assert run.record.environment is not None
        assert (run.record.environment.host, run.record.environment.pid) == ("", 0)
        assert {file.name for file in run.folder.iterdir()} == {"run.json", "epochs.jsonl"}


def test_every_preset_says_what_its_runs_came_to(presets: tuple[Preset, ...], runs: tuple[Run, ...]) -> None:
    for preset in presets:
        own = [run for run in runs if run.config.preset == preset.key]
        results = [run.record.results for run in own if run.record.results]
        assert (preset.measured is not None) == bool(results), preset.key
        if preset.measured is None:
            continue
        accuracies = [result.test_accuracy for result in results]
        measured = preset.measured
        assert measured.test_accuracy == pytest.approx(fmean(accuracies), abs=5e-5)
        assert measured.test_deviation == (pytest.approx(stdev(accuracies), abs=5e-5) if len(own) > 1 else None)
        assert (measured.seeds, measured.epochs) == (len(own), preset.config.training.epochs)
        assert measured.seconds == pytest.approx(fmean(result.seconds for result in results), abs=0.5)
        assert {run.record.started.device for run in own if run.record.started} == {measured.device}
        assert measured.date in {run.record.ended_at.date() for run in own if run.record.ended_at}
        recipe = preset.config.model_dump(exclude={"name": True, "training": {"seed"}})
        for run in own:
            assert run.config.model_dump(exclude={"name": True, "training": {"seed"}}) == recipe


def test_the_readme_lists_what_the_command_prints(presets: tuple[Preset, ...]) -> None:
    """Made by `cifar-tui runs --columns … --markdown` where there are no runs of one's own."""
    readme = README.read_text()
    command = f"cifar-tui runs --columns {COLUMNS} --markdown"
    assert command in readme
    listed = readme.partition("<!-- results -->\n")[2].partition("<!-- end of results -->")[0]
    columns = [column for key in COLUMNS.split(",") if (column := find_column(key))]
    by_test = find_column("test")
    assert by_test is not None
    rows = ranked([*report_rows(presets), *measured_rows(RunStore(measured_runs()), presets)])
    assert listed == as_markdown(ordered(rows, by_test), columns)
