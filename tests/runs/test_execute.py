"""One run from its folder to its results, in the calling thread."""

import errno
import json
import os
import shutil
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cifar_tui.config import RunConfig, Source, with_values
from cifar_tui.events import EpochFinished, Event, Outcome, RunEnded, RunStarted, WritingFailed, WritingRecovered
from cifar_tui.models.softmax_regression import SoftmaxRegression
from cifar_tui.paths import Paths
from cifar_tui.runs.checkpoints import Checkpoints
from cifar_tui.runs.execute import RunTakenError, execute, execute_now
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.stopping import StopAt, ask_to_stop, let_go_on, wanted_stop
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.training import loop, memory
from cifar_tui.training.checkpoint import read_checkpoint

from .conftest import make_epoch

MakeConfig = Callable[..., RunConfig]


def _never() -> bool:
    return False


def _ignore(run_id: str, event: Event) -> None:
    pass


def test_writes_everything_down(paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig) -> None:
    waiting = queue.add(make_config("whole", epochs=2))
    heard: list[tuple[str, Event]] = []
    ended = execute(paths, store, waiting.id, _never, lambda run_id, event: heard.append((run_id, event)))

    assert ended.outcome is Outcome.FINISHED
    assert heard[-1] == (waiting.id, ended)
    run = store.get(waiting.id)
    assert run.record.results == ended.results
    assert run.status is RunStatus.FINISHED
    assert run.record.created_at < run.record.started_at < run.record.ended_at  # type: ignore[operator]
    assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2]
    assert read_checkpoint(run.folder / "checkpoint.pt")["position"]["epoch"] == 3
    assert "epoch 2: train loss" in (run.folder / "log.txt").read_text()
    assert not [file.name for file in run.folder.iterdir() if file.name.endswith(".tmp")]


def test_the_record_can_be_read_without_this_program(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    run_id = queue.add(make_config("mine")).id
    execute(paths, store, run_id, _never, _ignore)
    record = json.loads((store.folder / run_id / "run.json").read_text())
    assert record["schema_version"] == 1
    assert record["status"] == "finished"
    assert record["config"]["name"] == "mine"
    assert record["started"]["dataset"] == "tiny"
    assert record["started"]["train_images"] == 42
    assert record["environment"]["torch"]
    assert {"test_accuracy", "val_accuracy", "macro_f1", "parameters", "test_loss", "seconds"} <= record[
        "results"
    ].keys()
    assert record["results"]["parameters"] == 3072 * 6 + 6
    assert 0 <= record["results"]["test_accuracy"] <= 1


def test_predictions_are_those_of_the_results(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    run_id = queue.add(make_config()).id
    ended = execute(paths, store, run_id, _never, _ignore)
    assert ended.results
    with np.load(store.folder / run_id / "predictions.npz") as arrays:
        labels, probabilities, predicted = (arrays[name] for name in ("labels", "probabilities", "predicted"))
    assert labels.tolist() == [label for label in range(6) for _ in range(2)]
    assert probabilities.shape == (12, 6)
    assert (predicted == labels).mean() == pytest.approx(ended.results.test_accuracy)


def test_the_folder_is_written_before_anybody_is_told(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_REPORTS", 0.0)
    run_id = queue.add(make_config()).id

    def compare(_: str, event: Event) -> None:
        record = store.get(run_id).record
        match event:
            case RunStarted():
                assert record.started == event
                assert record.status is RunStatus.RUNNING
            case RunEnded():
                assert record.results == event.results
            case _ if type(event).__name__ == "BatchProgress":
                assert store.progress(run_id) == event
            case _ if type(event).__name__ == "EpochFinished":
                assert store.epochs(run_id)[-1] == event

    assert execute(paths, store, run_id, _never, compare).error is None


def test_a_stop_keeps_a_checkpoint(paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig) -> None:
    run_id = queue.add(make_config()).id
    assert execute(paths, store, run_id, lambda: True, _ignore).outcome is Outcome.STOPPED
    assert store.get(run_id).status is RunStatus.STOPPED
    assert read_checkpoint(store.folder / run_id / "checkpoint.pt")["position"]["batch"] == 0


def test_a_failure_is_one_sentence(paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig) -> None:
    run_id = queue.add(make_config(device="cuda:99")).id
    ended = execute(paths, store, run_id, _never, _ignore)
    assert ended == RunEnded(
        Outcome.FAILED, error="There is no cuda:99 on this machine; device = auto takes what there is."
    )
    run = store.get(run_id)
    assert (run.status, run.record.error) == (RunStatus.FAILED, ended.error)
    assert "DeviceError" in (run.folder / "log.txt").read_text()  # the traceback is for the log


def test_missing_images(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config()
    config = config.model_copy(update={"data": config.data.model_copy(update={"path": tmp_path / "none"})})
    ended = execute(paths, store, queue.add(config).id, _never, _ignore)
    assert (
        ended.error == f"{tmp_path}/none holds no train/ folder; it needs train/<class>/ and test/<class>/ with images."
    )


def test_out_of_memory_is_explained(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device on which three images fit; the one that is asked next finds room."""

    class Hungry(SoftmaxRegression):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if len(images) > 3:
                raise RuntimeError(
                    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
                    "you tried to allocate 3221225472 bytes. Error code 12 (Cannot allocate memory)"
                )
            return super().forward(images)

    for module in (loop, memory):
        monkeypatch.setattr(module, "build", Hungry)
    ended = execute(paths, store, queue.add(make_config()).id, _never, _ignore)
    assert ended.error == "Out of memory at batch size 8: 3.0 GiB more were asked for; batch size 2 fits."
    monkeypatch.undo()
    assert execute(paths, store, queue.add(make_config()).id, _never, _ignore).outcome is Outcome.FINISHED


def test_a_leftover_that_cannot_be_removed_costs_no_results(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = Path.unlink

    def refuse(file: Path, missing_ok: bool = False) -> None:
        if file.name == "checkpoint.previous.pt":
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), str(file))
        remove(file, missing_ok)

    run = queue.add(make_config(epochs=2))
    heard: list[Event] = []
    monkeypatch.setattr(Path, "unlink", refuse)
    execute(paths, store, run.id, _never, lambda _, event: heard.append(event))
    assert [event.outcome for event in heard if isinstance(event, RunEnded)] == [Outcome.FINISHED]
    assert store.get(run.id).status is RunStatus.FINISHED
    assert store.get(run.id).record.results is not None


def test_what_nobody_foresaw_points_to_the_log(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("division by zero\nand more")

    monkeypatch.setattr(loop, "build", break_down)
    ended = execute(paths, store, queue.add(make_config()).id, _never, _ignore)
    assert ended.error == "ZeroDivisionError: division by zero (the run's log.txt has the details)"


def test_a_run_that_another_process_trains(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_tui.runs.execute._SECONDS_TO_WAIT_FOR_THE_LOCK", 0.01)
    run_id = queue.add(make_config()).id
    with store.training_lock(run_id), pytest.raises(RunTakenError):
        execute(paths, store, run_id, _never, _ignore)
    assert store.get(run_id).status is RunStatus.QUEUED


def test_a_run_that_was_removed_is_not_made_anew(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    run_id = queue.add(make_config()).id
    queue.remove(run_id)
    with pytest.raises(StoreError):
        execute(paths, store, run_id, _never, _ignore)
    assert not (store.folder / run_id).exists()


def test_execute_now_never_stands_in_the_queue(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    seen: list[int] = []
    run, ended = execute_now(paths, store, make_config(), _never, lambda *_: seen.append(len(queue.waiting())))
    assert ended.outcome is Outcome.FINISHED
    assert run == store.get(run.id)
    assert run.record.results == ended.results
    assert set(seen) == {0}


def test_a_broken_torch_is_a_failed_run_too(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cifar_tui.training.loop", None)  # importing it raises ImportError
    run_id = queue.add(make_config()).id
    ended = execute(paths, store, run_id, _never, _ignore)
    assert ended.error
    assert "cifar_tui.training.loop" in ended.error
    assert store.get(run_id).status is RunStatus.FAILED


def test_a_log_that_cannot_be_written_costs_nothing(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    run = queue.add(make_config())
    (run.folder / "log.txt").mkdir()
    assert execute(paths, store, run.id, _never, _ignore).outcome is Outcome.FINISHED


def test_a_file_whose_name_is_no_unicode_fails_the_run_in_a_sentence(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, tmp_path: Path
) -> None:
    """As archives made on other systems leave them."""
    for split in ("train", "test"):
        folder = tmp_path / "images" / split / "cat"
        folder.mkdir(parents=True)
        Path(os.fsdecode(os.fsencode(folder) + b"/H\xecnh.png")).write_bytes(b"no image")
    config = make_config()
    folder_config = config.data.model_copy(update={"source": Source.FOLDER, "path": str(tmp_path / "images")})
    run = queue.add(config.model_copy(update={"data": folder_config}))
    ended = execute(paths, store, run.id, _never, _ignore)
    assert ended.outcome is Outcome.FAILED
    assert ended.error is not None
    assert "cat/H�nh.png cannot be read as an image" in ended.error
    assert store.get(run.id).record.error == ended.error
    assert ended.error in (run.folder / "log.txt").read_text()


def test_what_a_run_held_on_the_device_is_given_back(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: list[weakref.ref[torch.nn.Module]] = []
    alive: list[bool] = []
    build = loop.build

    def remembered(*arguments: Any) -> torch.nn.Module:
        model = build(*arguments)
        models.append(weakref.ref(model))
        return model

    monkeypatch.setattr(loop, "build", remembered)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive.extend(model() is not None for model in models))
    execute(paths, store, queue.add(make_config()).id, _never, _ignore)
    assert alive == [False]


def test_a_run_that_is_taken_out_of_the_queue_while_it_begins_is_left_alone(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queue.add(make_config())

    def take_out() -> None:
        store.change(run.id, lambda record: record.model_copy(update={"status": RunStatus.STOPPED}))

    monkeypatch.setattr("cifar_tui.runs.execute.describe_environment", take_out)
    with pytest.raises(RunTakenError, match="is no longer queued"):
        execute(paths, store, run.id, _never, _ignore, only_if=RunStatus.QUEUED)
    assert store.get(run.id).status is RunStatus.STOPPED
    assert not store.epochs(run.id)


class TestFullDisk:
    """Training goes on where it can, and nothing that it said is lost."""

    def test_what_the_disk_refused_is_written_once_there_is_room(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Full in the second and the third of five epochs."""
        disk = _Disk(monkeypatch)
        heard: list[Event] = []

        def hear(_run_id: str, event: Event) -> None:
            heard.append(event)
            if isinstance(event, EpochFinished):
                disk.is_full = event.epoch in (1, 2)

        run = queue.add(make_config(epochs=5))
        assert execute(paths, store, run.id, _never, hear).outcome is Outcome.FINISHED
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2, 3, 4, 5]
        assert store.get(run.id).status is RunStatus.FINISHED
        assert (run.folder / "predictions.npz").exists()
        told = [event for event in heard if isinstance(event, WritingFailed | WritingRecovered)]
        assert [type(event) for event in told] == [WritingFailed, WritingRecovered]
        assert isinstance(told[0], WritingFailed)
        assert "No space left on device" in told[0].reason

    def test_no_checkpoint_is_ahead_of_the_history(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Full for `epochs.jsonl` alone, from the second epoch until the process dies in the fourth."""
        disk = _Disk(monkeypatch, checkpoints=False)

        def hear(_run_id: str, event: Event) -> None:
            if isinstance(event, EpochFinished):
                disk.is_full = event.epoch < 4
                if event.epoch == 4:
                    raise KeyboardInterrupt

        run_id = queue.add(make_config(epochs=5)).id
        with pytest.raises(KeyboardInterrupt):
            execute(paths, store, run_id, _never, hear)
        queue.resume(run_id)
        assert execute(paths, store, run_id, _never, _ignore).outcome is Outcome.FINISHED
        assert [epoch.epoch for epoch in store.epochs(run_id)] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize(("number", "are_written"), [(errno.ENOSPC, True), (errno.ENOENT, False)])
    def test_the_results_wait_for_room_and_for_nothing_else(
        self,
        paths: Paths,
        store: RunStore,
        queue: RunQueue,
        make_config: MakeConfig,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        are_written: bool,
    ) -> None:
        monkeypatch.setattr("cifar_tui.runs.backlog._SECONDS_BETWEEN_TRIES", 0.01)
        monkeypatch.setattr("cifar_tui.runs.execute._SECONDS_TO_INSIST", 0.0)
        tries: list[str] = []
        change = RunStore.change

        def refuse(self: RunStore, run_id: str, edit: Callable[[RunRecord], RunRecord]) -> Run:
            if edit(store.get(run_id).record).results is not None and len(tries) < 3:
                tries.append(run_id)
                raise StoreError(f"run.json cannot be written: {os.strerror(number)}.") from OSError(number, "")
            return change(self, run_id, edit)

        monkeypatch.setattr(RunStore, "change", refuse)
        run_id = queue.add(make_config()).id
        ended = execute(paths, store, run_id, _never, _ignore)
        assert ended.results
        assert (store.get(run_id).record.results == ended.results) is are_written
        assert (len(tries) == 3) is are_written


class _Disk:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, checkpoints: bool = True) -> None:
        self.is_full = False
        self._let_fill_up(monkeypatch, RunStore, "append_epoch")
        if checkpoints:
            self._let_fill_up(monkeypatch, Checkpoints, "write")

    def _let_fill_up(self, monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> None:
        write = getattr(kind, name)

        def write_or_refuse(*arguments: object) -> None:
            if self.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(*arguments)

        monkeypatch.setattr(kind, name, write_or_refuse)


class TestStopping:
    """Whoever asks, in whichever process."""

    def test_a_wish_ends_the_run_with_a_checkpoint(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        def hear(run_id: str, event: Event) -> None:
            if isinstance(event, RunStarted):
                ask_to_stop(store.folder / run_id, StopAt.BATCH)

        run = queue.add(make_config(epochs=10**5))
        assert execute(paths, store, run.id, _never, hear).outcome is Outcome.STOPPED
        assert (run.folder / "checkpoint.pt").exists()
        assert wanted_stop(run.folder) is None

    def test_at_the_end_of_the_epoch(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        def hear(run_id: str, event: Event) -> None:
            if isinstance(event, EpochFinished) and event.epoch == 2:
                ask_to_stop(store.folder / run_id, StopAt.EPOCH)

        run = queue.add(make_config(epochs=10**5))
        assert execute(paths, store, run.id, _never, hear).outcome is Outcome.STOPPED
        assert len(store.epochs(run.id)) == 3

    def test_a_wish_that_was_taken_back_or_is_from_before_ends_nothing(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        def hear(run_id: str, event: Event) -> None:
            if isinstance(event, EpochFinished) and event.epoch == 1:
                ask_to_stop(store.folder / run_id, StopAt.EPOCH)
                let_go_on(store.folder / run_id)

        run = queue.add(make_config(epochs=3))
        ask_to_stop(run.folder, StopAt.BATCH)
        assert execute(paths, store, run.id, _never, hear).outcome is Outcome.FINISHED


class TestResume:
    """A run with a checkpoint goes on from it."""

    def test_a_stopped_run_goes_on_to_its_end(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        config = make_config("stopped", epochs=3)
        asked = iter(range(1000))
        run, ended = execute_now(paths, store, config, lambda: next(asked) == 8, lambda *_: None)
        assert ended.outcome is Outcome.STOPPED
        whole, _ = execute_now(paths, store, config, lambda: False, lambda *_: None)

        queue.resume(run.id)
        assert [waiting.id for waiting in queue.waiting()] == [run.id]
        assert execute(paths, store, run.id, lambda: False, lambda *_: None).outcome is Outcome.FINISHED
        told = [[(e.epoch, e.train_loss, e.val_loss) for e in store.epochs(r.id)] for r in (run, whole)]
        assert told[0] == told[1]
        assert len(told[0]) == 3

    def test_other_images_than_before_are_one_sentence_and_other_names_are_nothing(
        self, paths: Paths, store: RunStore, make_config: MakeConfig, images: Path, tmp_path: Path
    ) -> None:
        tree = shutil.copytree(images, tmp_path / "tree")
        asked = iter(range(1000))
        config = with_values(make_config(epochs=3), {("data", "path"): str(tree)})
        run, _ = execute_now(paths, store, config, lambda: next(asked) == 8, lambda *_: None)
        one, other = sorted((tree / "train" / "class0").iterdir())[:2]
        whole = other.read_bytes()
        other.write_bytes(one.read_bytes())
        ended = execute(paths, store, run.id, lambda: False, lambda *_: None)
        assert ended.error is not None
        assert ended.error.startswith("The images of tree have changed since the run began")
        other.with_name("another-name.png").write_bytes(whole)
        other.unlink()
        assert execute(paths, store, run.id, lambda: False, lambda *_: None).outcome is Outcome.FINISHED

    def test_an_epoch_that_the_checkpoint_does_not_know_is_gone_through_again(
        self, paths: Paths, store: RunStore, make_config: MakeConfig
    ) -> None:
        asked = iter(range(1000))
        run, _ = execute_now(paths, store, make_config(epochs=3), lambda: next(asked) == 8, lambda *_: None)
        store.append_epoch(run.id, make_epoch(2))  # written, and then the process died before its checkpoint
        execute(paths, store, run.id, lambda: False, lambda *_: None)
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2, 3]
        assert store.epochs(run.id)[1] != make_epoch(2)

    def test_a_damaged_checkpoint_is_one_sentence_and_loses_nothing(
        self, paths: Paths, store: RunStore, make_config: MakeConfig
    ) -> None:
        asked = iter(range(1000))
        run, _ = execute_now(paths, store, make_config(epochs=3), lambda: next(asked) == 8, lambda *_: None)
        (run.folder / "checkpoint.pt").write_bytes(b"damaged")
        (run.folder / "checkpoint.previous.pt").write_bytes(b"damaged too")
        ended = execute(paths, store, run.id, lambda: False, lambda *_: None)
        assert ended.error is not None
        assert "checkpoint.pt is damaged" in ended.error
        assert [epoch.epoch for epoch in store.epochs(run.id)] == [1]

    @pytest.mark.parametrize("lost", ["damaged", "missing"])
    def test_without_the_last_checkpoint_the_one_before_serves(
        self, paths: Paths, store: RunStore, make_config: MakeConfig, lost: str
    ) -> None:
        config = make_config(epochs=4)
        whole, _ = execute_now(paths, store, config, lambda: False, lambda *_: None)
        asked = iter(range(1000))
        run, _ = execute_now(paths, store, config, lambda: next(asked) == 13, lambda *_: None)
        last = run.folder / "checkpoint.pt"
        if lost == "damaged":
            last.write_bytes(last.read_bytes()[:5000])
        else:
            last.unlink()
        assert execute(paths, store, run.id, lambda: False, lambda *_: None).outcome is Outcome.FINISHED
        told = [[(e.epoch, e.train_loss, e.val_loss) for e in store.epochs(r.id)] for r in (run, whole)]
        assert told[0] == told[1]

    def test_a_finished_run_keeps_one_checkpoint(self, paths: Paths, store: RunStore, make_config: MakeConfig) -> None:
        run, _ = execute_now(paths, store, make_config(epochs=3), lambda: False, lambda *_: None)
        assert [file.name for file in run.folder.glob("*.pt")] == ["checkpoint.pt"]

    def test_what_ended_well_is_not_queued_again(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        run, _ = execute_now(paths, store, make_config(), lambda: False, lambda *_: None)
        with pytest.raises(StoreError, match="is finished"):
            queue.resume(run.id)

    def test_taking_it_out_of_the_queue_again_keeps_the_run(
        self, paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
    ) -> None:
        run, _ = execute_now(paths, store, make_config(), lambda: True, lambda *_: None)
        queue.resume(run.id)
        queue.remove(run.id)
        assert store.get(run.id).status is RunStatus.STOPPED
