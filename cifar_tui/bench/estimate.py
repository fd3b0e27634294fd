"""How long several runs take, before the first of them starts."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cifar_tui.bench.costs import Costs, cost_key
from cifar_tui.bench.probe import Cost, Request, read_answer
from cifar_tui.config import RunConfig, Source

_MOST_TRIED = 12
"""Kinds of runs that are tried out; more would take longer than the estimate is worth."""


@dataclass(frozen=True)
class Estimate:
    """What runs take one after the other on one device."""

    seconds: float
    """Of those that are known."""
    unknown: int
    """So many runs are not in it: they train on other data than CIFAR-100, or could not be tried out."""
    device: str
    """On which it was measured."""


def estimate(configs: Sequence[RunConfig], cache: Path, tell: Callable[[int], None]) -> Estimate:
    """Add up what runs take by what was measured before, and by a few batches of each kind that was not.

    Args:
        configs: of the runs.
        cache: the file of what was measured before.
        tell: given the number of kinds that have to be tried out, when there are any.
    """
    costs = Costs(cache)
    known = [config for config in configs if config.data.source is Source.CIFAR100]
    kinds = {cost_key(config): config for config in known if costs.known(config) is None}
    tried = list(kinds.values())[:_MOST_TRIED]
    if tried:
        tell(len(tried))
        for config in tried:
            cost = _measure(config)
            if cost is not None:
                costs.keep(config, cost)
    found = [(config, cost) for config in known if (cost := costs.known(config)) is not None]
    return Estimate(
        seconds=sum(config.training.epochs * cost.seconds_per_epoch for config, cost in found),
        unknown=len(configs) - len(found),
        device=", ".join(dict.fromkeys(cost.device for _, cost in found)),
    )


def _measure(config: RunConfig) -> Cost | None:
    request = Request(number=1, config=config, measure=True).model_dump_json()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cifar_tui.bench.probe"],
            input=request + "\n", capture_output=True, text=True, check=True,
        )  # fmt: skip
        answers = [read_answer(line.encode()) for line in done.stdout.splitlines()]
    except (OSError, ValidationError, subprocess.CalledProcessError):
        return None
    return next((answer for answer in answers if isinstance(answer, Cost) and answer.error is None), None)
