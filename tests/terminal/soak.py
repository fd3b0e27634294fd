"""Lets things happen to the app for an hour: `python -m tests.terminal.soak [--minutes 60] [--seed 0]`.

Two apps work one queue of short runs while they are killed, hung up, ended by signals, resized and typed into at
random; in the last third one app is left in peace, to see what memory it takes. Prints counts as JSON, and exits with 1
when an epoch was lost, a file corrupted, a process left behind, or a traceback shown.
"""

import argparse
import json
import random
import signal
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import numpy as np
import psutil
from PIL import Image

from cifar_tui.events import EpochFinished
from cifar_tui.runs.checkpoints import Checkpoints
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore
from cifar_tui.training.checkpoint import CheckpointError

from . import texts
from .homes import app_command, open_store, queue_run
from .terminal import Terminal

_EPOCHS = 60
_WAITING = 4
"""Runs that are kept in the queue."""
_KEYS = ("1", "2", "3", "up", "down", "?", "escape", ">", "page_down", "tab", "g", "s")
_BAD = ("epochs lost", "epochs twice", "files corrupted", "processes left", "tracebacks")
_SHARE_WITHOUT_PEACE = 2 / 3
_SECONDS_TO_SETTLE = 60.0
"""An app takes this long to have loaded everything that it uses."""


class Soak:
    """The apps, their folder, and what was counted."""

    def __init__(self, home: Path, images: Path, seed: int) -> None:
        self.home, self.images = home, images
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter({"tracebacks": 0})
        self.store: RunStore = open_store(home)
        self.queue = RunQueue(self.store)
        self._seen: dict[str, int] = {}
        """The epochs that each run's history has held."""

    def with_disturbance(self, seconds: float) -> None:
        """Two apps, to which everything happens."""
        deadline = monotonic() + seconds
        with ExitStack() as stack:
            apps = [self._start(stack), self._start(stack)]
            while monotonic() < deadline:
                self._fill_the_queue()
                place = self.random.randrange(len(apps))
                happen = self.random.choice(
                    (self._type, self._type, self._resize, self._kill, self._hang_up, self._end)
                )
                if happen(apps[place]):
                    apps[place] = self._start(stack)
                self._look()
                sleep(self.random.uniform(0.2, 3))
            for app in apps:
                app.send_signal(signal.SIGTERM)
                app.exit_status()

    def in_peace(self, seconds: float) -> None:
        """One app, which trains one run after the other while somebody looks around."""
        deadline = monotonic() + seconds
        with ExitStack() as stack:
            app = self._start(stack)
            process = psutil.Process(app.pid)
            memory: list[float] = []
            settled = monotonic() + _SECONDS_TO_SETTLE
            while monotonic() < deadline:
                self._fill_the_queue()
                self._type(app)
                self._look()
                sleep(1)
                if monotonic() > settled:
                    memory.append(process.memory_info().rss / 1e6)
            third = len(memory) // 3
            self.counts["megabytes in peace, first third"] = round(float(np.median(memory[:third])))
            self.counts["megabytes in peace, last third"] = round(float(np.median(memory[-third:])))
            app.send_signal(signal.SIGTERM)
            app.exit_status()

    def conclude(self) -> dict[str, int]:
        """Train everything to its end, and return the counts."""
        with ExitStack() as stack:
            app = self._start(stack)
            app.wait_for(lambda _: not self._unfinished(), timeout=1800)
            app.send_signal(signal.SIGTERM)
            app.exit_status()
        self._look()
        scan = self.store.scan()
        self.counts["files corrupted"] += len(scan.problems)
        for run in scan.runs:
            self.counts["runs finished"] += run.status is RunStatus.FINISHED
            epochs = [epoch.epoch for epoch in self.store.epochs(run.id)]
            self.counts["epochs lost"] += len(set(range(1, _EPOCHS + 1)) - set(epochs))
            self.counts["epochs twice"] += len(epochs) - len(set(epochs))
            try:
                Checkpoints(run.folder).read()
            except CheckpointError:
                self.counts["files corrupted"] += 1
        home = str(self.home)
        left = [p for p in psutil.process_iter(["cmdline"]) if home in " ".join(p.info["cmdline"] or ())]
        zombies = [p for p in psutil.Process().children(recursive=True) if p.status() == psutil.STATUS_ZOMBIE]
        self.counts["processes left"] = len(left) + len(zombies)
        return dict(self.counts)

    def _start(self, stack: ExitStack) -> Terminal:
        columns, rows = self.random.choice(((80, 24), (120, 40), (160, 50)))
        app = stack.enter_context(Terminal(app_command(self.home), columns=columns, rows=rows))
        app.wait_for(texts.TAB_BAR)
        if any(run.status.can_go_on for run in self.store.scan().runs):
            self.counts["resumed"] += self._resume_the_stopped()
            app.press(texts.RESUME_KEY)
        self.counts["apps started"] += 1
        return app

    def _resume_the_stopped(self) -> int:
        """Queue what a person would resume one by one; the interrupted ones are left to the app's own key."""
        runs = self.store.scan().runs
        for run in runs:
            if run.status is RunStatus.STOPPED:
                self.queue.resume(run.id)
        return sum(run.status.can_go_on for run in runs)

    def _fill_the_queue(self) -> None:
        for _ in range(_WAITING - len(self.queue.waiting())):
            queue_run(self.home, self.images, epochs=_EPOCHS, name=f"run {self.counts['runs started']}")
            self.counts["runs started"] += 1

    def _type(self, app: Terminal) -> bool:
        app.press(self.random.choice(_KEYS))
        self.counts["keys"] += 1
        return False

    def _resize(self, app: Terminal) -> bool:
        app.resize(self.random.randrange(40, 200), self.random.randrange(10, 60))
        self.counts["resizes"] += 1
        return False

    def _kill(self, app: Terminal) -> bool:
        app.send_signal(signal.SIGKILL)
        app.exit_status()
        self.counts["kills"] += 1
        return True

    def _end(self, app: Terminal) -> bool:
        app.send_signal(self.random.choice((signal.SIGTERM, signal.SIGINT)))
        app.exit_status()
        self.counts["signals"] += 1
        self._expect_no_traceback(app)
        return True

    def _hang_up(self, app: Terminal) -> bool:
        app.hang_up()
        self.counts["hang-ups"] += 1
        self._expect_no_traceback(app)
        # Without a terminal it trains on to the end of the queue, beside those that come after it. Nothing new is
        # queued until then, or it would never end.
        app.exit_status(timeout=600)
        return True

    def _expect_no_traceback(self, app: Terminal) -> None:
        if b"Traceback" in app.output:
            self.counts["tracebacks"] += 1
            print(app.output[app.output.rindex(b"Traceback") :].decode(errors="replace"), file=sys.stderr)

    def _look(self) -> None:
        """Read all histories: a run that goes on may repeat the epoch whose checkpoint was not written yet, no more."""
        for run_id in self.store.ids():
            epochs: tuple[EpochFinished, ...] = self.store.epochs(run_id)
            if len(epochs) < self._seen.get(run_id, 0) - 1:
                self.counts["epochs lost"] += self._seen[run_id] - 1 - len(epochs)
            self._seen[run_id] = len(epochs)

    def _unfinished(self) -> bool:
        runs = self.store.scan().runs
        self._resume_the_stopped()
        for run in runs:
            if run.status in (RunStatus.INTERRUPTED, RunStatus.FAILED):
                self.queue.resume(run.id)
        return any(run.status is not RunStatus.FINISHED for run in runs)


def main() -> int:
    """Let the hour pass, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.terminal.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    with TemporaryDirectory(prefix="cifar-tui-soak-") as folder:
        images = Path(folder) / "images"
        _make_images(images)
        soak = Soak(Path(folder) / "home", images, arguments.seed)
        soak.with_disturbance(seconds * _SHARE_WITHOUT_PEACE)
        soak.in_peace(seconds * (1 - _SHARE_WITHOUT_PEACE))
        counts = soak.conclude()
    print(json.dumps(counts, indent=2))
    return int(any(counts.get(bad) for bad in _BAD))


def _make_images(folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 10, 32, 32, 3), dtype=np.uint8)
    for label, images in enumerate(pixels):
        for number, image in enumerate(images):
            file = folder / ("train" if number < 8 else "test") / f"class{label}" / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)


if __name__ == "__main__":
    sys.exit(main())
