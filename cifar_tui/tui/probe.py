"""Asks the probe process what a configuration is and costs, and remembers what it said."""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from cifar_tui.bench.probe import Answer, Cost, Request, read_answer
from cifar_tui.config import RunConfig
from cifar_tui.files import make_folder, read_plain, replace_text
from cifar_tui.tui.line_process import LineProcess

logger = logging.getLogger(__name__)

_WITHOUT_EFFECT = ("epochs", "lr", "schedule", "warmup_epochs", "weight_decay", "momentum", "seed", "patience")
"""Of the recipe: what changes neither a step's time nor its memory."""
_MOST_KEPT = 500
_LARGEST = 2**20


class Probe:
    """One process for the whole app, started with the first question. Only the newest question is answered."""

    def __init__(self, cache: Path, hear: Callable[[RunConfig, Answer], None]) -> None:
        self._cache = cache
        self._hear = hear
        self._costs = _read_costs(cache)
        self._process = LineProcess("cifar_tui.bench.probe", self._read)
        self._asked: dict[int, RunConfig] = {}
        self._number = 0
        self._turn = asyncio.Lock()

    def known_cost(self, config: RunConfig) -> Cost | None:
        """Return what was measured before."""
        return self._costs.get(_key(config))

    async def ask(self, config: RunConfig, *, measure: bool) -> None:
        """Have `hear` told the layers of `config`'s model, and what it costs, when asked to `measure`."""
        async with self._turn:
            self._number += 1
            self._asked = {self._number: config}
            request = Request(number=self._number, config=config, measure=measure)
            try:
                await self._process.write(request.model_dump_json().encode())
            except OSError as error:
                logger.warning("the probe cannot be asked: %s", error)

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    def _read(self, line: bytes) -> None:
        try:
            answer = read_answer(line)
        except ValidationError:
            logger.warning("the probe said %r", line[:200])
            return
        config = self._asked.get(answer.number)
        if config is None:
            return
        if isinstance(answer, Cost) and answer.error is None:
            self._costs[_key(config)] = answer
            _write_costs(self._cache, self._costs)
        self._hear(config, answer)


def _key(config: RunConfig) -> str:
    values = config.model_dump(mode="json", include={"model", "data", "training"})
    for name in _WITHOUT_EFFECT:
        del values["training"][name]
    for name in ("source", "path", "val_fraction", "split_seed"):
        del values["data"][name]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _read_costs(cache: Path) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    try:
        found = json.loads(read_plain(cache, _LARGEST))
        for key, value in found.items():
            cost = read_answer(json.dumps(value).encode())
            if isinstance(cost, Cost):
                costs[key] = cost
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    return costs


def _write_costs(cache: Path, costs: dict[str, Cost]) -> None:
    newest = list(costs.items())[-_MOST_KEPT:]
    with contextlib.suppress(OSError):
        make_folder(cache.parent)
        replace_text(cache, json.dumps({key: asdict(cost) for key, cost in newest}), durable=False)
