"""A process beside the app that is written a line to and answers with lines: where torch is imported, and not here."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable

logger = logging.getLogger(__name__)


class LineProcess:
    """One process of a Python module, started with the first line; where it has ended, the next line starts another."""

    def __init__(
        self,
        module: str,
        hear: Callable[[bytes], None],
        *,
        ended: Callable[[], None] = lambda: None,
        longest_line: int = 2**16,
    ) -> None:
        """Name the process; nothing is started yet.

        Args:
            module: as `python -m` takes it.
            hear: is given each line that the process writes.
            ended: is told when it writes nothing more, unless `close` ended it.
            longest_line: bytes of a line that the process may write.
        """
        self._module = module
        self._hear = hear
        self._ended = ended
        self._longest_line = longest_line
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def write(self, line: bytes) -> None:
        """Send `line`, which holds no line break.

        Raises:
            OSError: the process cannot be started, or has gone.
        """
        try:
            stdin = await self._input()
            stdin.write(line + b"\n")
            await stdin.drain()
        except OSError:
            self._process = None
            raise

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
                self._module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # Ctrl+C and a hang-up are the app's to hear, and its end is the process's, whatever it does.
                start_new_session=True,
                limit=self._longest_line,
            )
            self._reader = asyncio.create_task(self._read(self._process))
        assert self._process.stdin is not None
        return self._process.stdin

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._hear(line)
        if self._process is process:
            self._process = None  # now, as its exit status comes later, and what is written till then would be lost
            self._ended()
