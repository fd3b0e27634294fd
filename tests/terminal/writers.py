"""A crowd that writes run folders at the same time: `python -m tests.terminal.writers HOME WRITERS RUNS EPOCHS`.

Each writer is a process that writes its runs one after the other, as training does: record, lock, sign of life,
progress, epochs, results. It prints how many runs it wrote.
"""

import multiprocessing
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from cifar_tui.config import RunConfig
from cifar_tui.events import BatchProgress, EpochFinished
from cifar_tui.runs.heartbeat import beating
from cifar_tui.runs.record import RunRecord, RunStatus

from .homes import open_store, preset, some_results, some_start

_SECONDS_AN_EPOCH = 0.4


def _write(home: Path, config: RunConfig, writer: int, runs: int) -> None:
    store, pause = open_store(home), random.Random(writer)
    for number in range(runs):
        name = f"writer {writer:03} run {number:02}"
        run = store.create(config.model_copy(update={"name": name}), RunStatus.RUNNING)
        with store.training_lock(run.id).acquire(), beating(run.folder):
            began = datetime.now(UTC)

            def start(record: RunRecord, began: datetime = began) -> RunRecord:
                return record.model_copy(update={"started_at": began, "started": some_start()})

            store.change(run.id, start)
            for epoch in range(1, config.training.epochs + 1):
                store.write_progress(run.id, BatchProgress(epoch, 40, 79, 3.0, 1e-3, 1.0, 1000.0))
                time.sleep(pause.uniform(0.5, 1.5) * _SECONDS_AN_EPOCH)
                store.append_epoch(run.id, EpochFinished(epoch, 4 / epoch, 0.1, 4.1 / epoch, 0.1, 1e-3, 2.0, 1000.0))

            def end(record: RunRecord) -> RunRecord:
                return record.model_copy(update={"status": RunStatus.FINISHED, "results": some_results()})

            store.change(run.id, end)


def main() -> None:
    """Let the crowd write, and wait for all of it."""
    home, (writers, runs, epochs) = Path(sys.argv[1]), map(int, sys.argv[2:5])
    config = preset(home, "part1/simple_cnn", ["data.source=synthetic", f"training.epochs={epochs}"])
    context = multiprocessing.get_context("fork")
    crowd = [context.Process(target=_write, args=(home, config, writer, runs)) for writer in range(writers)]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join()
    print(sum(process.exitcode == 0 for process in crowd) * runs)


if __name__ == "__main__":
    main()
