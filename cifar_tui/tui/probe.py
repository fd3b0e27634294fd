"""Asks the probe process what a configuration is and costs, and remembers what it said."""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from cifar_tui.bench.probe import Answer, Cost, Request, read_answer
from cifar_tui.config import RunConfig
from cifar_tui.files import make_folder, read_plain, replace_text

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
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
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
                stdin = await self._input()
                stdin.write(request.model_dump_json().encode() + b"\n")
                await stdin.drain()
            except OSError as error:
                logger.warning("the probe cannot be asked: %s", error)
                self._process = None

    async def close(self) -> None:
        """End the process."""
        if self._reader:
            self._reader.cancel()
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            await self._process.wait()

    async def _input(self) -> asyncio.StreamWriter:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # or a torch.py in the folder that the app was started in would be run
                "-m",
                "cifar_tui.bench.probe",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # Ctrl+C and a hang-up are the app's to hear, and its end is the probe's, whatever it measures.
                start_new_session=True,
            )
            assert self._process.stdout is not None
            self._reader = asyncio.create_task(self._read(self._process.stdout))
        assert self._process.stdin is not None
        return self._process.stdin

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            try:
                answer = read_answer(line)
            except ValidationError:
                logger.warning("the probe said %r", line[:200])
                continue
            config = self._asked.get(answer.number)
            if config is None:
                continue
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
