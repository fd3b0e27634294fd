"""`cifar-tui train`: one run from start to end, without the app."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from cifar_tui.cli.console import FAILED, INTERRUPTED, USAGE, fail, warn
from cifar_tui.cli.progress import make_reporter
from cifar_tui.config import ConfigError, RunConfig, Source, override, rename
from cifar_tui.data import cifar100
from cifar_tui.events import Outcome
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets, read_preset
from cifar_tui.runs.execute import execute_now
from cifar_tui.runs.store import RunStore, StoreError

_EXIT_CODES = {Outcome.FINISHED: 0, Outcome.FAILED: FAILED, Outcome.STOPPED: INTERRUPTED}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def train_preset(paths: Paths, preset: str, settings: Sequence[str], name: str | None, *, as_json: bool) -> int:
    """Train a preset with `settings` changed and return the process's exit code.

    Args:
        paths: where presets are found and the run is kept.
        preset: a preset's key, or a file's path that ends in `.toml`.
        settings: `KEY=VALUE` each.
        name: what the run is called; None leaves it to the preset.
        as_json: print events as lines of JSON.
    """
    config = _configure(paths, preset, settings, name)
    if config.data.source is Source.CIFAR100 and not cifar100.is_available(paths):
        fail(cifar100.MISSING)
    try:
        with stop_on_signals() as stop, make_reporter(config.training.epochs, as_json=as_json) as reporter:
            run, ended = execute_now(paths, RunStore(paths.runs), config, stop.is_set, reporter.hear)
            reporter.conclude(run, ended)
    except StoreError as error:
        fail(str(error))
    if ended.error is not None:
        fail(ended.error)
    return _EXIT_CODES[ended.outcome]


def _configure(paths: Paths, preset: str, settings: Sequence[str], name: str | None) -> RunConfig:
    try:
        if preset.endswith(".toml"):
            config = read_preset(Path(preset)).config
        else:
            library = load_presets(paths)
            for problem in library.problems:
                warn(problem)
            config = library.find(preset).config
        config = override(config, settings)
        return config if name is None else rename(config, name)
    except ConfigError as error:
        fail(str(error), USAGE)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Set the event on Ctrl+C, a request to end, or a hang-up; on the second one, leave at once.

    Python runs signal handlers between two steps of the main thread, and a single step of a large model takes up to
    minutes. A thread that reads the numbers of the signals as they arrive need not wait for it.
    """
    stop = threading.Event()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        if os.read(reader, 1):
            stop.set()
        if os.read(reader, 1):
            Console().show_cursor()
            os._exit(INTERRUPTED)

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    # What is ignored stays so: `nohup` means it.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, _leave_it_to_the_watcher) for number in heard}
    descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _leave_it_to_the_watcher(_number: int, _frame: FrameType | None) -> None:
    pass
