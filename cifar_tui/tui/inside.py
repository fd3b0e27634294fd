"""Asks a process of its own what a run's network looks at."""

import asyncio
from typing import TYPE_CHECKING

from cifar_tui.paths import Paths
from cifar_tui.tui.line_process import LineProcess

if TYPE_CHECKING:  # numpy, which it needs, takes a good part of the time to the app's first frame
    from cifar_tui.analysis.inside import Answer

_LONGEST_ANSWER = 2**24
"""In bytes; 512 tiles of 32x32 take an eighth of it."""
_ENDED = "The process that looks inside ended; memory may not suffice."


class InsideProcess:
    """One process for one screen, started with the first question; it answers one after the other."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._process = LineProcess(
            "cifar_tui.analysis.inside", self._hear, ended=lambda: self._hear(b""), longest_line=_LONGEST_ANSWER
        )
        self._number = 0
        self._asked: dict[int, asyncio.Future[Answer]] = {}

    async def ask(self, run_id: str, place: int) -> "Answer":
        """Return what the network of a run looks at in one test image, or a sentence why that is not known."""
        from cifar_tui.analysis.inside import Answer, Request

        self._number += 1
        number = self._number
        asked: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = asked
        try:
            request = Request(number=number, paths=self._paths, run_id=run_id, place=place)
            await self._process.write(request.model_dump_json().encode())
            return await asked
        except OSError:
            return Answer(number, error=_ENDED)
        finally:
            del self._asked[number]

    async def close(self) -> None:
        """End the process, whatever it computes."""
        await self._process.close()

    def _hear(self, line: bytes) -> None:
        """Hand an answer to who asked; where it is none, the process is gone, or not to be trusted."""
        from cifar_tui.analysis.inside import Answer, read_answer

        try:
            answers = [read_answer(line)]
        except ValueError:
            answers = [Answer(number, error=_ENDED) for number in self._asked]
        for answer in answers:
            asked = self._asked.get(answer.number)
            if asked is not None and not asked.done():
                asked.set_result(answer)
