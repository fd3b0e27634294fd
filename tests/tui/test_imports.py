import subprocess
import sys
from collections.abc import Iterator

from textual.message import Message

from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.data import DataPane
from cifar_tui.tui.screens.launch import LaunchPane
from cifar_tui.tui.screens.leaderboard import LeaderboardPane
from cifar_tui.tui.screens.live import LivePane
from cifar_tui.tui.screens.run_edits import RunEdits

HEAVY = {"torch", "torchvision", "sklearn", "scipy", "numpy", "matplotlib"}
LATER = {"typer", *(f"cifar_tui.tui.screens.{name}" for name in ("launch", "live", "leaderboard", "data", "inspect"))}

OWN = {DataPane.Read, DataPane.Augmented}
"""What a pane tells itself, from a thread or a process."""


def test_the_screens_do_not_import_torch():
    code = f"import sys, cifar_tui.tui.app; print({HEAVY} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_the_first_frame_waits_for_neither_the_options_nor_what_fills_the_tabs():
    code = f"import sys, cifar_tui.cli.app; print({LATER} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_the_app_hears_all_that_the_panes_say_by_its_name():
    # By their names, as importing the panes takes longer than the first frame may; a wrong name would go unnoticed.
    for message in _messages():
        assert hasattr(CifarApp, f"_{message.handler_name}"), message


def _messages() -> Iterator[type[Message]]:
    for pane in (LaunchPane, LivePane, LeaderboardPane, RunEdits, DataPane):
        nested = [part for part in vars(pane).values() if isinstance(part, type) and issubclass(part, Message)]
        yield from (message for message in nested if message not in OWN and not message.__subclasses__())
