"""Asks the probe process what a configuration is and costs, and remembers what it said."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from cifar_tui.bench.costs import Costs
from cifar_tui.bench.probe import Answer, Cost, Request, read_answer
from cifar_tui.config import RunConfig
from cifar_tui.tui.line_process import LineProcess

logger = logging.getLogger(__name__)


class Probe:
    """One process for the whole app, started with the first question. Only the newest question is answered."""

    def __init__(self, cache: Path, hear: Callable[[RunConfig, Answer], None]) -> None:
        self._hear = hear
        self._costs = Costs(cache)
        self._process = LineProcess("cifar_tui.bench.probe", self._read)
        self._asked: dict[int, RunConfig] = {}
        self._number = 0
        self._turn = asyncio.Lock()

    def known_cost(self, config: RunConfig) -> Cost | None:
        """Return what was measured before."""
        return self._costs.known(config)

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
            self._costs.keep(config, answer)
        self._hear(config, answer)
