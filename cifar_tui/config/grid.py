"""The runs of a sweep: presets, crossed with the values of some settings and with seeds."""

import tomllib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from cifar_tui.config.cross import alternatives, cross
from cifar_tui.config.errors import ConfigError, FieldPath, sentence
from cifar_tui.config.fields import unknown_key
from cifar_tui.config.run import RunConfig

MOST_RUNS_OF_A_SWEEP = 5000
"""More is a slip of the hand."""

SEED: FieldPath = ("training", "seed")


def parse_axis(text: str) -> tuple[FieldPath, tuple[object, ...]]:
    """Read one axis of a grid: `training.lr=1e-3,3e-4`, `model.widths=[32,64],[64,128]`, `training.epochs=5..7`.

    Values are TOML; what is none are words and ranges.

    Raises:
        ConfigError: there is no `=`, no key or no value.
    """
    key, equals, values = (part.strip() for part in text.partition("="))
    path = tuple(key.split("."))
    if not equals or not values or not all(path):
        raise ConfigError(f"{text!r} is no axis of a grid; write KEY=VALUE,VALUE, such as training.lr=1e-3,3e-4")
    try:
        content = tomllib.loads(f"values = [{values}]")
        found = content["values"] if len(content) == 1 else []
    except (ValueError, RecursionError):  # no TOML: words, or a range
        found = list(alternatives(values, MOST_RUNS_OF_A_SWEEP))
    distinct = [value for place, value in enumerate(found) if value not in found[:place]]
    return path, tuple(distinct or alternatives(values, MOST_RUNS_OF_A_SWEEP))


def make_grid(configs: Sequence[RunConfig], axes: Sequence[str], seeds: str | None) -> tuple[RunConfig, ...]:
    """Return one configuration for each of `configs`, each way to take a value of each axis, and each seed.

    Args:
        configs: such as those of presets; one that is there twice counts once.
        axes: as for `parse_axis`; the last one changes fastest, but for the seed.
        seeds: such as `0..4` or `0, 7`; None keeps each configuration's own.

    Raises:
        ConfigError: an axis cannot be read, a setting is not there in one of `configs` or does not take a value, two
            axes are of one setting, or there are too many runs.
    """
    choices: dict[FieldPath, Sequence[object]] = {}
    of_seeds = [(SEED, alternatives(seeds, MOST_RUNS_OF_A_SWEEP))] if seeds else []
    for path, chosen in [*(parse_axis(axis) for axis in axes), *of_seeds]:
        if path in choices:
            raise ConfigError(f"{'.'.join(path)} has values twice; put all of them into one")
        choices[path] = chosen
    found: list[RunConfig] = []
    distinct = [config for place, config in enumerate(configs) if config not in configs[:place]]
    for config in distinct:
        values = config.model_dump(mode="json")
        for path in choices:
            _check_key(values, path)
        try:
            found += cross(values, choices, MOST_RUNS_OF_A_SWEEP)
        except ValidationError as error:
            raise ConfigError(f"{config.title}: {sentence(error)}") from None
    if len(found) > MOST_RUNS_OF_A_SWEEP:
        raise ConfigError(f"these values make {len(found)} runs; {MOST_RUNS_OF_A_SWEEP} at most can be made at once")
    return tuple(found)


def _check_key(values: dict[str, Any], path: FieldPath) -> None:
    part: object = values
    for name in path[:-1]:
        part = part.get(name) if isinstance(part, dict) else None
    if not isinstance(part, dict) or path[-1] not in part or isinstance(part[path[-1]], dict):
        raise unknown_key(path)
