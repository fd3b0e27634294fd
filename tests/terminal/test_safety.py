"""The app listens to nobody, and runs nothing that it finds."""

import pickle
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from . import texts
from .conftest import Start
from .homes import ENDLESS, app_command, queue_run
from .terminal import Terminal


def addresses(pid: int) -> list[object]:
    """Return the addresses of all sockets of a process and its children under which somebody could reach them.

    A pair of sockets with which a process wakes itself has none.
    """
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return [known.laddr for member in family for known in member.net_connections("all") if known.laddr]


@pytest.fixture(params=["inet", "unix"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A socket of this process that does listen."""
    kind = socket.AF_INET if request.param == "inet" else socket.AF_UNIX
    with socket.socket(kind) as listener:
        listener.bind(("127.0.0.1", 0) if request.param == "inet" else str(tmp_path / "socket"))
        listener.listen()
        yield


@pytest.mark.usefixtures("listening")
def test_a_socket_that_listens_is_found() -> None:
    assert addresses(psutil.Process().pid)


def test_the_app_runs_nothing_that_it_finds_and_listens_to_nobody(
    home: Path, tmp_path: Path, images: Path, malice
) -> None:
    """With a run that trains, the probe at work, and hostile files where it was started and in its home."""
    folder = tmp_path / "downloads"
    (folder / "cifar_tui").mkdir(parents=True)
    for name in ("torch", "numpy", "random", "json", "sitecustomize", "cifar_tui/__init__"):
        (folder / f"{name}.py").write_text(f"open({str(malice.marker)!r}, 'w').close()\n")
    evil = home / "runs" / "evil"
    for place in (evil, home / "presets", home / "datasets" / "folders"):
        place.mkdir(parents=True)
    for file in (
        *(evil / name for name in ("run.json", "epochs.jsonl", "progress.json", "checkpoint.pt", "predictions.npz")),
        *(home / name for name in ("state.json", "estimates.json", "presets/evil.toml", "datasets/folders/evil.npz")),
    ):
        file.write_bytes(pickle.dumps(malice))
    queue_run(home, images, epochs=ENDLESS)
    python, *arguments = app_command(home)
    with Terminal([python, "-P", *arguments], cwd=str(folder)) as terminal:
        terminal.wait_for(texts.LAUNCH)
        terminal.wait_for(texts.COUNTED)
        terminal.press("3")
        terminal.wait_for(texts.LEADERBOARD)
        terminal.press("2")
        terminal.wait_for(texts.TRAINING)
        assert psutil.Process(terminal.pid).children()
        assert addresses(terminal.pid) == []
        terminal.press("q")
        terminal.wait_for(texts.QUESTION)
        terminal.press("y")
        assert terminal.exit_status() == 0
        assert b"Traceback" not in terminal.output
    assert not malice.was_run


@pytest.mark.parametrize("kind", ["file", "loops within"])
def test_a_home_that_cannot_be_used_is_no_end(start: Start, home: Path, kind: str) -> None:
    if kind == "file":
        home.write_text("a file where the folder should be")
    else:
        home.mkdir()
        for name in ("runs", "datasets", "presets", "state.json", "runner.lock", "estimates.json"):
            (home / name).symlink_to(home / name)
    terminal = start()
    terminal.wait_for(texts.LAUNCH)
    terminal.wait_for("No runs")  # the title of the notice that says why
    terminal.press("3")
    terminal.wait_for(texts.LEADERBOARD)
    terminal.press("q")
    assert terminal.exit_status() == 0
