"""The appendix: its commands and settings make the same configuration again."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import RunConfig, override
from cifar_tui.config.cross import alternatives
from cifar_tui.presets import read_preset
from cifar_tui.report.content import Content, Entry
from cifar_tui.report.reproduce import commands, seeds_text, settings_file

from .homes import preset, write_run

Gathered = Callable[..., Content]
SETTINGS = [
    "training.lr=3e-4", 'training.optimiser="sgd"', "model.hidden_sizes=[64, 32]", 'data.flip="alternating"',
    "training.decay_all=false", "training.device=cpu",
]  # fmt: skip


def _recipe(config: RunConfig) -> dict[str, object]:
    return config.model_dump(include={"model", "data", "training"})


def _only(gathered: Gathered) -> Entry:
    (entry,) = gathered().all_entries
    return entry


def test_a_preset_as_it_comes(home: Path, gathered: Gathered) -> None:
    for seed in range(3):
        write_run(home, "part1/mlp", seed=seed, minute=seed)
    assert commands(_only(gathered)) == ("cifar-tui train part1/mlp --seeds 0..2",)


def test_the_command_makes_the_same_configuration(home: Path, gathered: Gathered) -> None:
    write_run(home, "part1/mlp", 0.3, *SETTINGS, seed=4)
    entry = _only(gathered)
    (command,) = commands(entry)
    program, verb, key, *options = shlex.split(command)
    pairs = dict(zip(options[-4::2], options[-3::2], strict=True))
    assert (program, verb, pairs) == ("cifar-tui", "train", {"--device": "cpu", "--seeds": "4"})
    assert options[:-4:2] == ["--set"] * 5
    again = override(preset(home, key).config, [*options[1:-4:2], "training.seed=4", "training.device=cpu"])
    assert _recipe(again) == _recipe(entry.runs[0].config)


def test_the_settings_are_a_preset_file(home: Path, gathered: Gathered, tmp_path: Path) -> None:
    write_run(home, "part5/gru_row", 0.3, "training.ema_decay=0.99", "training.seed=0")
    entry = _only(gathered)
    file = tmp_path / "again.toml"
    file.write_text(settings_file(entry))
    assert _recipe(read_preset(file).config) == _recipe(entry.runs[0].config)


def test_a_run_that_was_trained_on_is_extended_again(home: Path, gathered: Gathered) -> None:
    write_run(home, "part1/mlp", 0.3, "training.epochs=80", parent="the-first")
    assert commands(_only(gathered)) == ("cifar-tui extend the-first --epochs 80",)


@pytest.mark.parametrize(
    ("seeds", "text"),
    [((0,), "0"), ((0, 1), "0, 1"), ((3, 4, 5), "3–5"), ((0, 2, 5), "0, 2, 5"), ((1, 1, 2), "1, 1, 2")],
)
def test_seeds_as_a_person_writes_them(seeds: tuple[int, ...], text: str) -> None:
    assert seeds_text(seeds) == text
    typed = alternatives(seeds_text(seeds, "..", ","))
    assert list(typed) == [str(seed) for seed in dict.fromkeys(seeds)]
