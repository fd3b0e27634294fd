"""The combinations of a sweep."""

import pytest

from cifar_tui.config import ConfigError, RunConfig
from cifar_tui.config.grid import MOST_RUNS_OF_A_SWEEP, make_grid, parse_axis

MLP = RunConfig.model_validate({"preset": "part1/mlp", "model": {"name": "mlp"}})
SOFTMAX = RunConfig.model_validate({"preset": "part1/softmax", "model": {"name": "softmax_regression"}})


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("training.lr=1e-3, 3e-4", ("training", "lr"), (1e-3, 3e-4)),
        ("training.optimiser=adamw,sgd", ("training", "optimiser"), ("adamw", "sgd")),
        ('data.flip="off"', ("data", "flip"), ("off",)),
        ("model.hidden_sizes=[512, 256],[64]", ("model", "hidden_sizes"), ([512, 256], [64])),
        ("training.seed = 0..2,7", ("training", "seed"), ("0", "1", "2", "7")),
        ("training.lr=0.1,0.1", ("training", "lr"), (0.1,)),
    ],
)
def test_reads_an_axis(text: str, path: tuple[str, ...], values: tuple[object, ...]) -> None:
    assert parse_axis(text) == (path, values)


@pytest.mark.parametrize("text", ["", "training.lr", "training.lr=", "=1", "training..lr=1"])
def test_says_what_an_axis_looks_like(text: str) -> None:
    with pytest.raises(ConfigError, match="is no axis of a grid; write KEY=VALUE,VALUE"):
        parse_axis(text)


def test_crosses_presets_axes_and_seeds_with_the_seed_changing_fastest() -> None:
    configs = make_grid([MLP, SOFTMAX], ["training.lr=1e-3,3e-4", "training.batch_size=64"], "0..1")
    found = [
        (config.preset, config.training.lr, config.training.batch_size, config.training.seed) for config in configs
    ]
    assert found == [
        (preset, lr, 64, seed) for preset in ("part1/mlp", "part1/softmax") for lr in (1e-3, 3e-4) for seed in (0, 1)
    ]
    assert configs[1].title == "part1/mlp lr=0.001 seed=1"


def test_a_preset_that_is_named_twice_counts_once() -> None:
    assert make_grid([MLP, SOFTMAX, MLP], [], "0..1") == make_grid([MLP, SOFTMAX], [], "0..1")


def test_a_long_range_is_whole() -> None:
    assert [config.training.seed for config in make_grid([MLP], [], "0..299")] == list(range(300))
    assert len(make_grid([MLP], ["training.epochs=1..1000"], "0..2")) == 3000


@pytest.mark.parametrize(
    ("configs", "axes", "seeds", "part"),
    [
        ([MLP], ["lr=1,2"], None, "lr: is not a known key; training.lr is one"),
        ([MLP], ["training.lr=-1,2"], None, "part1/mlp: training.lr: must be greater than 0"),
        ([MLP, SOFTMAX], ["model.dropout=0.1,0.2"], None, "model.dropout: is not a known key"),
        ([MLP], ["training=1,2"], None, "training: is not a known key"),
        ([MLP], ["training.seed=1,2"], "0..4", "training.seed has values twice"),
        ([MLP], ["training.epochs=1..100", "training.batch_size=2..100"], None, str(MOST_RUNS_OF_A_SWEEP)),
        ([MLP], [], f"0..{MOST_RUNS_OF_A_SWEEP}", f"{MOST_RUNS_OF_A_SWEEP} at most"),
        ([MLP], [], "x", "training.seed: must be a whole number"),
    ],
)
def test_says_what_is_wrong_with_a_grid(
    configs: list[RunConfig], axes: list[str], seeds: str | None, part: str
) -> None:
    with pytest.raises(ConfigError, match=part):
        make_grid(configs, axes, seeds)
