"""Several values in one field, and the runs that they make together."""

import copy
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from cifar_tui.config.errors import ConfigError, FieldPath, explain
from cifar_tui.config.run import LONGEST_NAME, RunConfig

MOST_RUNS = 200
"""What one form makes at most; more is a slip of the hand."""

_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")


def alternatives(text: str, most: int = MOST_RUNS) -> tuple[str, ...]:
    """Return the values that a number's text names: `1e-3, 3e-4` are two, `0..4` and `4..0` are five, `0.1` is one.

    Args:
        text: values and ranges, with commas between them.
        most: as for `cross`, which then refuses a longer range.
    """
    found: list[str] = []
    for part in text.split(","):
        part = part.strip()
        if match := _RANGE.fullmatch(part):
            first, last = int(match[1]), int(match[2])
            step = 1 if first <= last else -1
            # One more than allowed, so that the many are refused and not cut off.
            found += [str(number) for number in range(first, last + step, step)[: most + 1]]
        elif part:
            found.append(part)
    return tuple(dict.fromkeys(found)) or ("",)


def faults(values: Mapping[str, Any], choices: Mapping[FieldPath, Sequence[object]]) -> dict[FieldPath, str]:
    """Return one short message for each field at fault, whichever of its values in `choices` it is.

    Args:
        values: as for `cross`.
        choices: as for `cross`.
    """
    first = {path: chosen[:1] for path, chosen in choices.items()}
    others = [first | {path: (value,)} for path, chosen in choices.items() for value in chosen[1:]]
    found: dict[FieldPath, str] = {}
    for single in (first, *others):
        try:
            cross(values, single)
        except ValidationError as error:
            found = explain(error) | found
    return found


def cross(
    values: Mapping[str, Any], choices: Mapping[FieldPath, Sequence[object]], most: int = MOST_RUNS
) -> tuple[RunConfig, ...]:
    """Return one configuration for each way to take a value of each field in `choices`.

    Where there are several, each is named after the values that set it apart: `part1/mlp lr=0.001 seed=0`.

    Args:
        values: a `RunConfig` as plain values, without or with those of `choices`.
        choices: the values of some fields; the last field changes fastest.
        most: configurations that may be made.

    Raises:
        ConfigError: there are too many.
        ValidationError: a value does not fit its field.
    """
    count = math.prod(len(alternatives) for alternatives in choices.values())
    if count > most:
        raise ConfigError(f"these values make too many runs; {most} at most can be made at once")
    varied = [path for path, chosen in choices.items() if len(chosen) > 1]
    configs: list[RunConfig] = []
    for chosen in itertools.product(*choices.values()):
        single = copy.deepcopy(dict(values))
        for (*parents, key), value in zip(choices, chosen, strict=True):
            part = single
            for parent in parents:
                part = part[parent]
            part[key] = value
        config = RunConfig.model_validate(single)
        if varied:
            own = zip(choices, chosen, strict=True)
            marks = " ".join(f"{path[-1]}={value}" for path, value in own if path in varied)
            title = config.title[: max(LONGEST_NAME - 1 - len(marks), 0)]
            config = config.model_copy(update={"name": f"{title} {marks}".strip()[:LONGEST_NAME].rstrip()})
        configs.append(config)
    return tuple(configs)
