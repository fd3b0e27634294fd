"""The app in a process of its own, on a real pty."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .homes import app_command
from .terminal import Terminal

Start = Callable[..., Terminal]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start the app: `start("--demo", columns=80)`; by the end of the test it must not have printed a traceback."""
    with ExitStack() as stack:
        terminals: list[Terminal] = []

        def start(*arguments: str, **options: int) -> Terminal:
            terminals.append(stack.enter_context(Terminal(app_command(home, *arguments), **options)))
            return terminals[-1]

        yield start
        for terminal in terminals:
            assert b"Traceback" not in terminal.output
