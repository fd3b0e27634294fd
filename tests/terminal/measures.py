"""The ways to measure the app from outside: each starts it on a home of its own and returns figures.

A delay runs from the write of a key to the read after which the screen had changed, as a person at the terminal has it.
Nothing is slept through, except for the windows over which bytes and processor time are counted.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import numpy as np

from cifar_tui.events import EpochFinished
from cifar_tui.paths import HOME_VARIABLE
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run

from ..graphics import KITTY_ANSWERS, SIXEL_ANSWERS
from . import texts
from .figures import Figure, delays
from .homes import BEST, app_command, open_store, preset, status_on_disk, write_finished_runs, write_images
from .terminal import Terminal

_STARTS = 5
_COMMAND = [sys.executable, "-m", "cifar_tui"]
_KEYS = 60
_FORM_WIDTH = 30
_DIGIT = "7"
"""Typed into a field that does not hold it."""
_EPOCHS_FOLLOWED = 10
_LIVE_WINDOW, _IDLE_WINDOW = 30.0, 10.0
_ROUNDS = 2
_CROWD = (100, 10, 5)
"""Processes, runs of each, epochs of a run."""
_BETWEEN_KEYS = 0.2
_PAGES = 16
_FOCUS_MOVED = 0.3
"""Seconds without output that show it; a cursor blinks every half second."""
_SETTLED = 6.0
"""Seconds without output after which no more comes: torch, which counts the parameters, takes some to be imported."""
_TRAINING = ["data.source=synthetic", "training.epochs=4"]
_TABLE_ACTIONS = ("open at the start", "open again", "sort", "filter")
_TABS = {"1": texts.LAUNCH, "2": texts.LIVE, "3": texts.LEADERBOARD}


def measure_start() -> list[Figure]:
    """From exec to the first frame on an empty home, and whether torch was loaded by then."""
    seconds: list[float] = []
    loaded = 0
    for _ in range(_STARTS):
        # The command as people type it, without options: those take longer.
        with _home() as home, Terminal(_COMMAND, env={HOME_VARIABLE: str(home)}) as terminal:
            shown = terminal.wait_for(texts.TAB_BAR)
            loaded += "libtorch" in Path(f"/proc/{terminal.pid}/maps").read_text()
            seconds.append(shown - terminal.started_at)
    return [
        Figure(f"first frame, median of {_STARTS}", median(seconds), "s", 0.5),
        Figure("starts with torch loaded at the first frame", loaded, limit=0),
    ]


def measure_keys() -> list[Figure]:
    """From a key to the changed screen while SimpleCNN trains: in the table, between tabs, and in the form."""
    with _home() as home:
        write_finished_runs(home, 30)
        with Terminal(app_command(home, "--demo")) as terminal:
            terminal.wait_for(texts.TRAINING)
            _press_until_shown(terminal, "3")
            terminal.wait_for_silence(_FOCUS_MOVED)
            moves = [_delay(terminal, key, _highlight) for key in _take("down", "up")]
            tabs = [_look_and_switch(terminal, key) for key in _take("1", "2", "3")]
            _press_until_shown(terminal, "1")
            terminal.press(texts.EDIT_KEY)
            terminal.wait_for_silence(_FOCUS_MOVED)
            typing = [_type(terminal, key) for key in _take(_DIGIT, "backspace")]
            _check_training(home)
    return [
        *delays("key to changed screen, table", moves, 20, 60),
        *delays("key to changed screen, tabs", tabs, 20, 60),
        *delays("key to changed screen, form", typing, 20, 60),
    ]


def measure_traffic() -> list[Figure]:
    """Bytes a second to the terminal on Live while SimpleCNN trains; bytes and processor time when nothing happens."""
    with _home() as home, Terminal(app_command(home, "--demo")) as terminal:
        terminal.wait_for(texts.TRAINING)
        before = len(terminal.output)
        sleep(_LIVE_WINDOW)
        live = len(terminal.output) - before
        _check_training(home)
    with _home() as home, Terminal(app_command(home)) as terminal:
        terminal.wait_for(texts.TAB_BAR)
        terminal.wait_for_silence(_SETTLED)
        before, worked = len(terminal.output), _processor_seconds(terminal.pid)
        sleep(_IDLE_WINDOW)
        idle, worked = len(terminal.output) - before, _processor_seconds(terminal.pid) - worked
    return [
        Figure("bytes to the terminal on Live, mean", live / _LIVE_WINDOW / 1e3, "KB/s", 8),
        Figure(f"bytes to the terminal in {_IDLE_WINDOW:g} s without work", idle, "B", 0),
        Figure("processor time without work", worked / _IDLE_WINDOW * 100, "% of a core", 1),
    ]


def measure_training() -> list[Figure]:
    """Images a second through the app against `cifar-tui train`, the same configuration in turns."""
    through_app: list[float] = []
    through_cli: list[float] = []
    for _ in range(_ROUNDS):
        with _home() as home:
            run = open_store(home).create(preset(home, "part1/simple_cnn", _TRAINING), RunStatus.QUEUED)
            with Terminal(app_command(home)) as terminal:
                terminal.wait_for(texts.TAB_BAR)
                _press_until_shown(terminal, "2")
                terminal.wait_for(lambda _: status_on_disk(run) == "finished", timeout=900)  # noqa: B023
            through_app.append(_speed(home, run))
        with _home() as home:
            settings = [part for setting in _TRAINING for part in ("--set", setting)]
            with Terminal(app_command(home, "train", "part1/simple_cnn", *settings)) as terminal:
                terminal.exit_status(timeout=900)
            (run,) = open_store(home).scan().runs
            through_cli.append(_speed(home, run))
    return [
        Figure("images a second through the app", fmean(through_app), "img/s"),
        Figure("images a second through the command line", fmean(through_cli), "img/s"),
        Figure("the app's share of the command line's speed", fmean(through_app) / fmean(through_cli), "", 0.97, True),
    ]


def measure_following() -> list[Figure]:
    """From an epoch that another process writes to the frame that shows it."""
    waits: list[float] = []
    with _home() as home:
        write_finished_runs(home, 50)
        store = open_store(home)
        run = store.create(preset(home, "part1/simple_cnn", ["data.source=synthetic"]), RunStatus.RUNNING)
        store.change(run.id, lambda record: record.model_copy(update={"started_at": record.created_at}))
        with store.training_lock(run.id), Terminal(app_command(home)) as terminal:
            terminal.wait_for(texts.TAB_BAR)
            _press_until_shown(terminal, "2")
            for number in range(1, _EPOCHS_FOLLOWED + 1):
                sleep(1 + number / _EPOCHS_FOLLOWED)  # the app looks at whole seconds of its own
                epoch = EpochFinished(number, 4.0, 0.1, 4.1, number / 100 + 0.001, 1e-3, 2.0, 1000.0)
                written = perf_counter()
                store.append_epoch(run.id, epoch)
                shown = terminal.wait_for(lambda terminal: f"{number}.1" in terminal.text)  # noqa: B023
                waits.append(shown - written)
    return [Figure(f"epoch of another process to its frame, slowest of {len(waits)}", max(waits), "s", 2)]


def measure_table() -> list[Figure]:
    """The leaderboard with a thousand and with ten thousand runs: open right after the start, sort, filter."""
    figures: list[Figure] = []
    for count, most in ((1_000, (0.5, 0.5, 0.15, 0.15)), (10_000, (3.0, 3.0, None, None))):
        with _home() as home:
            write_finished_runs(home, count)
            measured = _open_sort_filter(home)
            for what, seconds, limit in zip(_TABLE_ACTIONS, measured, most, strict=True):
                figures.append(Figure(f"leaderboard of {count:,}, {what}", seconds, "s", limit))
    # A home of its own: the app would show the rows as they were sorted and filtered last.
    with _home() as home:
        write_finished_runs(home, 10_000)
        waits = _keys_while_reading(home)
        name = f"leaderboard of 10,000, slowest of {len(waits)} keys while it is read"
        figures.append(Figure(name, max(waits), "s"))
    return figures


def measure_images() -> list[Figure]:
    """A page of thirty images that was not seen before, from the key to the last byte, in each way to draw them."""
    figures: list[Figure] = []
    random = np.random.default_rng(0)
    coarse = random.integers(0, 248, (_PAGES * 30, 8, 8, 3), np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    fine = coarse + random.integers(0, 8, coarse.shape, np.uint8)
    with _home() as home:
        write_images(home, np.concatenate([fine] * 100))
        for way, answers in (("half blocks", {}), ("kitty's protocol", KITTY_ANSWERS), ("sixels", SIXEL_ANSWERS)):
            with Terminal(app_command(home), columns=160, rows=50, answers=answers) as terminal:
                terminal.wait_for(texts.TAB_BAR)
                terminal.press("4")
                terminal.wait_for("1-30 of")
                terminal.press("tab")
                terminal.wait_for_silence(_SETTLED)
                waits = [_until_silence(terminal, "page_down") for _ in range(_PAGES - 1)]
            figures += [
                Figure(f"page of 30 images in {way}, median of {len(waits)}", median(waits) * 1e3, "ms"),
                Figure(f"page of 30 images in {way}, slowest", max(waits) * 1e3, "ms", 100),
            ]
    return figures


def measure_crowd() -> list[Figure]:
    """A hundred processes write a thousand runs while two apps look on and are used."""
    command = [sys.executable, "-m", "tests.terminal.writers"]
    with _home() as home, Terminal(app_command(home)) as board, Terminal(app_command(home)) as other:
        for terminal in (board, other):
            terminal.wait_for(texts.TAB_BAR)
            terminal.wait_for_silence(1)
        board.press("3")
        waits: list[float] = []
        began = perf_counter()
        with subprocess.Popen([*command, str(home), *map(str, _CROWD)], stdout=subprocess.PIPE, text=True) as crowd:
            tabs = cycle("213")
            while crowd.poll() is None:
                pressed = board.press("?")
                waits.append(board.wait_for(texts.HELP) - pressed)
                board.press("escape")
                board.wait_for(lambda terminal: texts.HELP not in terminal.text)
                waits.append(_press_until_shown(other, next(tabs)))
                sleep(_BETWEEN_KEYS)
            assert crowd.stdout is not None
            written = int(crowd.stdout.read())
        seconds = perf_counter() - began
        other.press("3")
        count = _CROWD[0] * _CROWD[1]
        seen = [terminal.wait_for(f"{count} runs") for terminal in (board, other)]
        runs = open_store(home).scan()
        whole = [run for run in runs.runs if run.status is RunStatus.FINISHED and _is_whole(home, run)]
    return [
        Figure("runs that a hundred processes wrote", written, limit=count, is_least=True),
        Figure("of them finished, with each epoch once", len(whole), limit=count, is_least=True),
        Figure("of them unreadable", len(runs.unreadable), limit=0),
        Figure("while they wrote, for", seconds, "s"),
        Figure(f"key to changed screen of two apps meanwhile, median of {len(waits)}", median(waits) * 1e3, "ms"),
        Figure("key to changed screen, slowest", max(waits) * 1e3, "ms", 1000),
        Figure("last run to both apps' tables", max(seen) - began - seconds, "s", 3),
    ]


def _is_whole(home: Path, run: Run) -> bool:
    return [epoch.epoch for epoch in open_store(home).epochs(run.id)] == list(range(1, _CROWD[2] + 1))


MEASURES: dict[str, Callable[[], list[Figure]]] = {
    "start": measure_start,
    "keys": measure_keys,
    "traffic": measure_traffic,
    "training": measure_training,
    "following": measure_following,
    "table": measure_table,
    "images": measure_images,
    "crowd": measure_crowd,
}


def _open_sort_filter(home: Path) -> tuple[float, float, float, float]:
    with Terminal(app_command(home)) as terminal:
        terminal.wait_for(texts.TAB_BAR)
        pressed = terminal.press("3")
        opened = terminal.wait_for(BEST) - pressed
        terminal.wait_for_silence(1)
        _press_until_shown(terminal, "1")
        terminal.wait_for_silence(1)
        pressed = terminal.press("3")
        again = terminal.wait_for(BEST) - pressed
        terminal.wait_for_silence(1)
        # No two columns have the same order, so that a line in the middle is another one in the next.
        sorted_ = _delay(terminal, texts.SORT_KEY, lambda terminal: terminal.screen[len(terminal.screen) // 2])
        terminal.press(texts.FILTER_KEY)
        terminal.wait_for_silence(_FOCUS_MOVED)
        last = f"{len(open_store(home).ids()) - 1:05}"
        typed = terminal.type(last)
        filtered = terminal.wait_for(lambda terminal: re.findall(r"run (\d{5})", terminal.text) == [last])
        return opened, again, sorted_, filtered - typed


def _keys_while_reading(home: Path) -> list[float]:
    # Textual waits 100 ms after an escape for the rest of a sequence; that is none of the app's doing.
    with Terminal(app_command(home), env={"ESCDELAY": "1"}) as terminal:
        terminal.wait_for(texts.TAB_BAR)
        terminal.press("3")
        waits: list[float] = []
        while BEST not in terminal.text:
            pressed = terminal.press("?")
            waits.append(terminal.wait_for(texts.HELP) - pressed)
            pressed = terminal.press("escape")
            waits.append(terminal.wait_for(lambda terminal: texts.HELP not in terminal.text) - pressed)
        return waits


def _delay(terminal: Terminal, key: str, look: Callable[[Terminal], object]) -> float:
    """Return the seconds from a key to the first frame in which `look` sees something else."""
    before = look(terminal)
    pressed = terminal.press(key)
    return terminal.wait_for(lambda terminal: look(terminal) != before) - pressed


def _until_silence(terminal: Terminal, key: str) -> float:
    """Return the seconds from a key to the last that is written for it."""
    terminal.wait_for_silence(_FOCUS_MOVED)
    count = len(terminal.chunks)
    pressed = terminal.press(key)
    terminal.wait_for(lambda terminal: len(terminal.chunks) > count)
    terminal.wait_for_silence(_FOCUS_MOVED)
    return terminal.chunks[-1].time - pressed


def _press_until_shown(terminal: Terminal, tab: str) -> float:
    pressed = terminal.press(tab)
    return terminal.wait_for(_TABS[tab]) - pressed


def _look_and_switch(terminal: Terminal, tab: str) -> float:
    """Switch as a person does, who has looked at the tab before."""
    terminal.wait_for_silence(_FOCUS_MOVED)
    return _press_until_shown(terminal, tab)


def _highlight(terminal: Terminal) -> object:
    return terminal.backgrounds(len(terminal.screen[0]) // 2)


def _type(terminal: Terminal, key: str) -> float:
    """Return the seconds until the digit stands in the field, or is gone; its marks may follow in another frame."""
    pressed = terminal.press(key)
    return terminal.wait_for(lambda terminal: (_DIGIT in _field(terminal)) == (key == _DIGIT)) - pressed


def _field(terminal: Terminal) -> str:
    """The field that `EDIT_KEY` moves into, without what stands beside the form."""
    line = next(line for line in terminal.screen if texts.EDITED in line)
    return line[line.index(texts.EDITED) :][:_FORM_WIDTH]


def _take(*keys: str) -> Iterator[str]:
    return islice(cycle(keys), _KEYS)


def _check_training(home: Path) -> None:
    if not any(status_on_disk(run) == "running" for run in open_store(home).scan().runs):
        raise RuntimeError("the run ended before the measurement did")


def _speed(home: Path, run: Run) -> float:
    """The mean over all epochs but the first, in which everything warms up."""
    return fmean(epoch.images_per_second for epoch in open_store(home).epochs(run.id)[1:])


def _processor_seconds(pid: int) -> float:
    # Behind the name in brackets, which may hold blanks: user and system time are the 14th and 15th field of all.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="cifar-tui-") as folder:
        yield Path(folder)
