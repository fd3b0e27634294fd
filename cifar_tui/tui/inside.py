"""Asks a process of its own what a run's network looks at."""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

from cifar_tui.paths import Paths

if TYPE_CHECKING:  # numpy, which it needs, takes a good part of the time to the app's first frame
    from cifar_tui.analysis.inside import Answer

_LONGEST_ANSWER = 2**24
"""In bytes; 512 tiles of 32x32 take an eighth of it."""
_ENDED = "The process that looks inside ended; memory may not suffice."


class InsideProcess:
    """One process for one screen, started with the first question; it answers one after the other."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, run_id: str, place: int) -> "Answer":
        """Return what the network of a run looks at in one test image, or a sentence why that is not known."""
        from cifar_tui.analysis.inside import Answer, Request, read_answer

        async with self._turn:
            try:
                process = await self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                request = Request(number=0, paths=self._paths, run_id=run_id, place=place)
                process.stdin.write(request.model_dump_json().encode() + b"\n")
                await process.stdin.drain()
                return read_answer(await process.stdout.readline())
            except (OSError, ValueError):  # it is gone, and a line is missing or cut
                return Answer(0, error=_ENDED)

    async def close(self) -> None:
        """End the process, whatever it computes."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            await self._process.wait()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # or a torch.py in the folder that the app was started in would be run
                "-m",
                "cifar_tui.analysis.inside",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_ANSWER,
                start_new_session=True,
            )
        return self._process
