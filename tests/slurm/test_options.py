"""Options of sbatch as people write them, with the configuration file's defaults under them."""

from pathlib import Path

import pytest

from cifar_tui.paths import Paths, find_paths
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.options import parse_options, read_options


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path)


def test_without_any_there_is_a_time_limit_alone(paths: Paths) -> None:
    options = read_options(paths)
    assert (dict(options.sbatch), options.at_once, options.text) == ({"time": "01:00:00"}, 10, "time=01:00:00")


def test_wishes_go_over_the_file(paths: Paths) -> None:
    paths.settings.write_text('[slurm]\npartition = "gpu"\ntime = "02:00:00"\ncpus-per-task = 8\nat_once = 4\n')
    options = read_options(paths, ["time=30", "--gres=gpu:1", "cpus_per_task=2"])
    assert dict(options.sbatch) == {"partition": "gpu", "time": "30", "gres": "gpu:1", "cpus-per-task": "2"}
    assert options.at_once == 4
    assert read_options(paths, at_once=7).at_once == 7


@pytest.mark.parametrize("wish", ["", "partition=", "=gpu", "two words=1", "a\nb=1"])
def test_a_wish_is_key_and_value(paths: Paths, wish: str) -> None:
    with pytest.raises(SlurmError, match="is no option of sbatch; write KEY=VALUE"):
        read_options(paths, [wish])


def test_an_option_without_a_value_is_a_key_alone(paths: Paths) -> None:
    paths.settings.write_text("[slurm]\nexclusive = true\n")
    options = read_options(paths, ["hold", "time=30"])
    assert dict(options.sbatch) == {"time": "30", "exclusive": "", "hold": ""}
    assert options.text == "time=30 exclusive hold"


@pytest.mark.parametrize("name", ["array", "output", "signal", "job-name", "job_name", "wrap"])
def test_what_cifar_tui_sets_itself_is_refused(paths: Paths, name: str) -> None:
    with pytest.raises(SlurmError, match="is set by cifar-tui"):
        read_options(paths, [f"{name}=1"])


def test_a_value_cannot_become_a_line_of_the_script(paths: Paths) -> None:
    with pytest.raises(SlurmError, match="write it in one line"):
        read_options(paths, ["comment=a\nrm -rf ~"])


def test_what_a_person_takes_out_of_the_text_stays_out(paths: Paths) -> None:
    paths.settings.write_text('[slurm]\npartition = "gpu"\ncomment = "my run"\nexclusive = true\nat_once = 4\n')
    defaults = read_options(paths)
    assert parse_options(paths, defaults.text) == defaults
    options = parse_options(paths, '--comment="my other run" time=30')
    assert (dict(options.sbatch), options.at_once) == ({"comment": "my other run", "time": "30"}, 4)


def test_says_that_a_quotation_is_open(paths: Paths) -> None:
    with pytest.raises(SlurmError, match="leaves a quotation open; write a value with spaces as"):
        parse_options(paths, "comment='my run")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("[slurm", "is no TOML"),
        ("slurm = 3", "must be a table"),
        ("[slurm]\nat_once = 0", "at_once must be a whole number of runs"),
        ("[slurm]\nexclusive = false", "slurm.exclusive must be text, a whole number, or true"),
        ("[slurm]\narray = 3", "array is set by cifar-tui"),
    ],
)
def test_says_what_is_wrong_with_the_file(paths: Paths, content: str, part: str) -> None:
    paths.settings.write_text(content)
    with pytest.raises(SlurmError, match=part):
        read_options(paths)
