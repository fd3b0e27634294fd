"""A terminal that a test can look at: a program on a real pty, its screen kept by pyte."""

import os
import re
import select
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

import pexpect
import pyte

_KEYS = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "delete": "\x1b[3~",
    "page_up": "\x1b[5~",
    "page_down": "\x1b[6~",
} | {f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"}

_MODE_QUERY = re.compile(rb"\x1b\[\?(\d+)\$p")
_STRING = re.compile(rb"\x1b[_P].*?\x1b\\", re.DOTALL)
_UNFINISHED_STRING = re.compile(rb"\x1b(?:[_P](?:(?!\x1b\\).)*)?\Z", re.DOTALL)
"""What is for terminals with graphics; the others, and pyte is one, are to pass over it."""
_SYNCHRONISED = 2026
"""The mode in which a program marks the beginning and the end of a frame; terminals of today have it."""

# What is on its way arrives within this time. A frame is parsed when all of it is there: while pyte works, nobody
# reads, and a program whose frame is longer than the pty's buffer would have to wait.
_PAUSE = 0.002
_MOST_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Chunk:
    """What one read from the pty gave."""

    time: float
    """By `perf_counter`."""
    data: bytes


class Terminal:
    """Runs a command on a pty until the `with` block is left; the command is killed if it has not ended by then.

    Args:
        command: the program and its arguments.
        columns: of the screen.
        rows: of the screen.
        env: variables to set beside (or instead of) this process's own; `TERM` is xterm-256color without.
        cwd: the folder that the program starts in.
        answers: to questions that the program writes, what is typed in return.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        # Neither another terminal's size nor its colours: over SSH, COLORTERM does not come along.
        inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "COLORTERM")}
        self._environment = {**inherited, "TERM": "xterm-256color", **(env or {})}
        self._command = list(command)
        self._cwd = cwd
        self._answers = answers or {}
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._has_ended = False
        self._status: int | None = None
        self.chunks: list[Chunk] = []
        """Everything that the program wrote."""

    def __enter__(self) -> Self:
        self.started_at = perf_counter()
        self._child = pexpect.spawn(
            self._command[0],
            self._command[1:],
            dimensions=(self._screen.lines, self._screen.columns),
            env=self._environment,
            cwd=self._cwd,
            preexec_fn=_hear_signals,
        )
        self._child.delaybeforesend = None
        self._hung_up, self._hang_up = os.pipe()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._reader.join(timeout=10)
        self._child.close(force=True)
        os.close(self._hung_up)
        os.close(self._hang_up)

    @property
    def pid(self) -> int:
        """The process that runs on the pty."""
        return int(self._child.pid)

    @property
    def screen(self) -> list[str]:
        """The lines that the terminal shows now, top first."""
        with self._news:
            rows, columns = self._screen.lines, self._screen.columns
            dirty = self._screen.dirty if len(self._lines) == rows else range(rows)
            self._lines = [*self._lines[:rows], *[""] * (rows - len(self._lines))]
            for y in dirty:
                if y < rows:
                    line = self._screen.buffer[y]
                    self._lines[y] = "".join(line[x].data for x in range(columns))
            self._screen.dirty.clear()
            return list(self._lines)

    @property
    def text(self) -> str:
        """The whole screen as one text."""
        return "\n".join(self.screen)

    @property
    def is_restored(self) -> bool:
        """Whether the program's last word is the terminal's own screen and a visible cursor."""
        output = self.output
        screen = output.rfind(b"\x1b[?1049l") > output.rfind(b"\x1b[?1049h")
        return screen and output.rfind(b"\x1b[?25h") > output.rfind(b"\x1b[?25l")

    @property
    def output(self) -> bytes:
        """Everything that the program wrote, in one piece."""
        with self._news:
            return b"".join(chunk.data for chunk in self.chunks)

    @property
    def cells(self) -> list[list[tuple[str, str]]]:
        """What the terminal shows now, cell by cell: the text, with what combines with it, and its colour."""
        with self._news:
            rows = [self._screen.buffer[y] for y in range(self._screen.lines)]
            return [[(row[x].data, row[x].fg) for x in range(self._screen.columns)] for row in rows]

    def backgrounds(self, column: int) -> tuple[str, ...]:
        """Return the background colours down one column of the screen: they show where a highlighted row is."""
        with self._news:
            return tuple(self._screen.buffer[y][column].bg for y in range(self._screen.lines))

    def press(self, *keys: str) -> float:
        """Press keys, each a character or a name (`enter`, `down`, `ctrl+t`); return the moment before."""
        return self.type("".join(_KEYS.get(key, key) for key in keys))

    def type(self, text: str | bytes) -> float:
        """Send `text` as it is, in one packet; return the moment before."""
        moment = perf_counter()
        self._child.send(text)
        return moment

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, and let the program know."""
        with self._news:
            self._screen.resize(rows, columns)
            self._child.setwinsize(rows, columns)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self._child.kill(number)

    def hang_up(self) -> None:
        """Take the terminal away from the program, as a connection that drops does; it may go on without."""
        os.write(self._hang_up, b"x")

    def wait_for(self, wanted: "str | Callable[[Terminal], bool]", timeout: float = 60) -> float:
        """Wait until the screen holds a text, or a condition is true; return the moment of the last read before.

        Asks after each frame, and never of a frame that is still being drawn.

        Raises:
            AssertionError: it did not come about in time, or the program ended before.
        """

        def is_met() -> bool:
            if not self._has_ended and _SYNCHRONISED << 5 in self._screen.mode:
                return False
            return wanted in self.text if isinstance(wanted, str) else wanted(self)

        with self._news:
            self._news.wait_for(lambda: is_met() or self._has_ended, timeout)
            if not is_met():
                why = "the program ended" if self._has_ended else f"{timeout} s passed"
                raise AssertionError(f"{why} before {wanted!r} came about:\n{self.text}")
            return self.chunks[-1].time

    def wait_for_output(self, timeout: float = 60) -> None:
        """Wait until the program writes something more, be it a part of a frame."""
        with self._news:
            count = len(self.chunks)
            self._news.wait_for(lambda: len(self.chunks) > count or self._has_ended, timeout)

    def wait_for_silence(self, seconds: float, timeout: float = 60) -> None:
        """Wait until the program has written nothing for so long; a blinking cursor writes twice a second.

        Raises:
            AssertionError: it has not been silent so long within `timeout` seconds.
        """
        deadline = perf_counter() + timeout
        with self._news:
            count = -1
            while count != len(self.chunks):
                if perf_counter() > deadline:
                    raise AssertionError(f"the program was never silent for {seconds} s within {timeout} s")
                count = len(self.chunks)
                self._news.wait_for(lambda: len(self.chunks) > count, seconds)  # noqa: B023  called before the next

    def exit_status(self, timeout: float = 60) -> int:
        """Wait for the program to end; return its exit code, or minus the number of the signal that ended it.

        Raises:
            AssertionError: it did not end in time.
        """
        with self._news:
            if not self._news.wait_for(lambda: self._status is not None, timeout) or self._status is None:
                raise AssertionError(f"the program still ran after {timeout} s:\n{self.text}")
            return self._status

    def _read(self) -> None:
        """Follow what the program writes until it ends; runs in a thread of its own."""
        unfinished = b""
        while chunks := self._read_burst():
            data = b"".join(chunk.data for chunk in chunks)
            text = _STRING.sub(b"", unfinished + data)
            match = _UNFINISHED_STRING.search(text)
            unfinished = match[0] if match else b""
            with self._news:
                self.chunks += chunks
                self._stream.feed(text.removesuffix(unfinished))
                self._news.notify_all()
            for question, answer in self._answers.items():
                if question in data:
                    self._child.send(answer)
            for query in _MODE_QUERY.finditer(data):
                # 2: the mode exists and is off; 0: there is no such mode.
                state = 2 if int(query[1]) == _SYNCHRONISED else 0
                self._child.send(b"\x1b[?%b;%d$y" % (query[1], state))
        with self._news:
            self._has_ended = True
            self._news.notify_all()
        self._child.ptyproc.fileobj.close()  # the terminal itself; what runs on it hears a hang-up
        self._child.wait()
        with self._news:
            status, number = self._child.exitstatus, self._child.signalstatus
            self._status = status if status is not None else -(number or 0)
            self._news.notify_all()

    def _read_burst(self) -> list[Chunk]:
        """Read until nothing more comes for the moment; nothing at all at the end or once hung up."""
        chunks: list[Chunk] = []
        size = 0
        terminal = self._child.child_fd
        while size < _MOST_AT_ONCE:
            readable, _, _ = select.select([terminal, self._hung_up], [], [], _PAUSE if chunks else None)
            if terminal not in readable or self._hung_up in readable:
                break
            try:
                data = os.read(terminal, 1 << 16)
            except OSError:  # how Linux says that nobody has the other end open any more
                break
            if not data:
                break
            chunks.append(Chunk(perf_counter(), data))
            size += len(data)
        return chunks


def _hear_signals() -> None:
    # A test suite that was started in the background ignores Ctrl+C, and its children would inherit that.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
