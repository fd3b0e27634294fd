"""A process beside the app, written to and read by lines."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cifar_tui.tui.line_process import LineProcess

MODULE = """
import sys
for line in sys.stdin:
    if line == "end\\n":
        sys.exit()
    print(line.strip()[::-1], flush=True)
"""


class Heard:
    """What a process said, and that it ended."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.process = LineProcess("turns_lines", self.queue.put_nowait, ended=lambda: self.queue.put_nowait(None))

    async def next(self) -> bytes | None:
        return await asyncio.wait_for(self.queue.get(), timeout=60)


@pytest.fixture
async def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe_process: None) -> AsyncIterator[Heard]:
    (tmp_path / "turns_lines.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    heard = Heard()
    yield heard
    await heard.process.close()


async def test_lines_are_answered_in_their_order(heard: Heard):
    for line in (b"abc", b"de"):
        await heard.process.write(line)
    assert [await heard.next(), await heard.next()] == [b"cba\n", b"ed\n"]


async def test_one_that_ended_is_told_of_and_started_again(heard: Heard):
    await heard.process.write(b"end")
    assert await heard.next() is None
    await heard.process.write(b"ab")
    assert await heard.next() == b"ba\n"


async def test_one_that_is_closed_says_nothing_more(heard: Heard):
    await heard.process.write(b"ab")
    assert await heard.next() == b"ba\n"
    await heard.process.close()
    assert heard.queue.empty()
