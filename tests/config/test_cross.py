import pytest
from pydantic import ValidationError

from cifar_tui.config import ConfigError, RunConfig
from cifar_tui.config.cross import MOST_RUNS, alternatives, cross, faults

BASE = RunConfig.model_validate({"model": {"name": "mlp"}, "preset": "part1/mlp"}).model_dump(mode="json")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.1", ("0.1",)),
        ("1e-3, 3e-4", ("1e-3", "3e-4")),
        ("0..4", ("0", "1", "2", "3", "4")),
        ("7, 0..2,1,", ("7", "0", "1", "2")),
        ("", ("",)),
        ("4..0", ("4", "3", "2", "1", "0")),
        ("a..b", ("a..b",)),
    ],
)
def test_the_values_of_a_text(text: str, found: tuple[str, ...]):
    assert alternatives(text) == found


def test_every_combination_is_a_run_named_after_it():
    configs = cross(BASE, {("training", "lr"): ("1e-3", "3e-4"), ("training", "seed"): ("0", "1")})
    assert [(config.training.lr, config.training.seed) for config in configs] == [
        (1e-3, 0), (1e-3, 1), (3e-4, 0), (3e-4, 1),
    ]  # fmt: skip
    assert configs[0].name == "part1/mlp lr=1e-3 seed=0"
    assert len({config.name for config in configs}) == 4


def test_a_name_of_very_long_values_is_cut():
    configs = cross(BASE, {("training", "lr"): ("0.001" + "0" * 220, "0.002"), ("training", "seed"): (0, 1)})
    assert all(RunConfig.model_validate(config.model_dump()) == config for config in configs)


def test_a_single_combination_keeps_its_name():
    (config,) = cross(BASE, {("training", "lr"): ("0.5",)})
    assert (config.training.lr, config.name) == (0.5, "")


def test_too_many_are_refused_before_they_are_made():
    with pytest.raises(ConfigError, match=f"make too many runs; {MOST_RUNS} at most"):
        cross(BASE, {("training", "seed"): alternatives("0..99999999"), ("training", "epochs"): tuple("12345")})


def test_a_value_that_does_not_fit_is_told():
    with pytest.raises(ValidationError):
        cross(BASE, {("training", "lr"): ("1e-3", "-1")})


def test_every_field_at_fault_is_named_whichever_of_its_values_it_is():
    values = BASE | {"training": BASE["training"] | {"weight_decay": "abc"}}
    found = faults(values, {("training", "lr"): ("1e-3", "x"), ("training", "seed"): ("0", "1", "-1")})
    assert {path[-1] for path in found} == {"weight_decay", "lr", "seed"}
    assert found["training", "lr"] == "must be a number"


def test_nothing_is_at_fault_where_all_fits():
    assert faults(BASE, {("training", "lr"): ("1e-3", "3e-4")}) == {}
