"""A process that trains on one device: `python -m cifar_tui.runs.worker ORDER`, started and ended by `Runners`.

In a process of its own, since torch has one state of its random numbers for all threads, since Python lets one thread
at a time prepare work for a GPU, and since a GPU's error ends all that its process does with GPUs.

It reads a word a line, `wake` or `idle` (leave when nothing is left to train); at their end it stops the present run
with a checkpoint. It writes a line of JSON whenever it takes up a run or has something to tell.
"""

import json
import signal
import sys
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cifar_tui.events import Event, RunEnded, RunStarted
from cifar_tui.paths import Paths
from cifar_tui.runs.runner import Runner
from cifar_tui.runs.store import RunStore

WAKE, IDLE = "wake", "idle"


class Order(BaseModel):
    """What a worker is to do."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    data: Path
    datasets: Path
    presets: Path
    devices: tuple[str, ...]
    place: int
    sweep: str | None = None


class Said(BaseModel):
    """A line that a worker writes."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    current: str | None = None
    """The run that it trains now, if any."""
    tell: str | None = None
    """A sentence for a person."""


def main() -> None:
    """Work until told to leave."""
    order = Order.model_validate_json(sys.argv[1])
    paths = Paths(data=order.data, datasets=order.datasets, presets=order.presets)
    stdout = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not look like ours

    def say(**what: str | None) -> None:
        try:
            stdout.write(json.dumps(what) + "\n")
            stdout.flush()
        except OSError:
            pass  # nobody listens any more; the end of what there is to read tells so, too

    def hear(run_id: str, event: Event) -> None:
        if isinstance(event, RunStarted):
            say(current=run_id)
        elif isinstance(event, RunEnded):
            say(current=None)

    runner = Runner(
        paths, RunStore(paths.runs), hear,
        devices=order.devices, place=order.place, sweep=order.sweep, tell=lambda sentence: say(tell=sentence),
    )  # fmt: skip

    def obey() -> None:
        for line in sys.stdin:
            if line.strip() == IDLE:
                runner.leave_when_idle()
            else:
                runner.wake()
        runner.shut_down()

    signal.signal(signal.SIGTERM, lambda _number, _frame: runner.shut_down())
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # for whoever started this process to hear
    runner.start()
    threading.Thread(target=obey, daemon=True).start()
    while not runner.join(1.0):  # a signal's handler runs between two of these
        pass


if __name__ == "__main__":
    main()
