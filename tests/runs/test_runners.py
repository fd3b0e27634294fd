"""Several devices at once, and the processes that train on them."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pynvml
import pytest

from cifar_tui.config import RunConfig, with_values
from cifar_tui.events import Event
from cifar_tui.paths import Paths
from cifar_tui.runs.devices import DevicesError, find_devices, parse_devices, suits
from cifar_tui.runs.execute import RunTakenError, execute
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.runners import Runners
from cifar_tui.runs.stopping import StopAt, ask_to_stop
from cifar_tui.runs.store import RunStore
from cifar_tui.training.device import DeviceError

MakeConfig = Callable[..., RunConfig]
Until = Callable[..., None]
FOREVER = 100_000


def _ignore(run_id: str, event: Event) -> None:
    pass


@contextmanager
def _training(paths: Paths, store: RunStore, devices: str, tell: Callable[[str], None] = print) -> Iterator[Runners]:
    runners = Runners(paths, store, _ignore, devices=parse_devices(devices), tell=tell)
    runners.start()
    try:
        yield runners
    finally:
        runners.shut_down()
        assert runners.join(60)


def _statuses(store: RunStore) -> dict[str, RunStatus]:
    return {run.config.name: run.status for run in store.scan().runs}


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("auto", ("auto",)),
        ("CPU", ("cpu",)),
        ("cuda:0, cuda:12", ("cuda:0", "cuda:12")),
        ("cpu,cpu", ("cpu", "cpu")),
        ("cuda:1,cuda:0,cuda:1", ("cuda:1", "cuda:0", "cuda:1")),
    ],
)
def test_reads_a_list_of_devices(text: str, devices: tuple[str, ...]) -> None:
    assert parse_devices(text) == devices


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "'' is no device"),
        ("gpu", "'gpu' is no device"),
        ("auto,cpu", "'auto'"),
        ("mps,mps", "mps stands"),
    ],
)
def test_says_what_is_wrong_with_a_list(text: str, part: str) -> None:
    with pytest.raises(DevicesError, match=part):
        parse_devices(text)


@pytest.mark.parametrize(
    ("visible", "devices"),
    [("0,1,3", ("cuda:0", "cuda:1", "cuda:2")), ("2", ("auto",)), ("", ("auto",)), ("1,0,-1,2", ("cuda:0", "cuda:1"))],
)
def test_auto_is_every_gpu_that_may_be_used(
    visible: str, devices: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pynvml.nvmlInit", lambda: None)
    monkeypatch.setattr("pynvml.nvmlDeviceGetCount", lambda: 4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert find_devices(("auto",)) == devices
    assert find_devices(("cpu",)) == ("cpu",)


def test_gpus_that_are_allowed_but_not_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr("pynvml.nvmlInit", refuse)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert find_devices(("auto",)) == ("auto",)


@pytest.mark.parametrize(
    ("wanted", "takers"),
    [
        ("auto", ["cuda:0", "cuda:1"]),
        ("cuda", ["cuda:0", "cuda:1"]),
        ("cuda:1", ["cuda:1"]),
        ("cpu", ["cuda:0"]),  # nobody's, so the first one sees to it
    ],
)
def test_a_run_goes_to_a_device_that_it_asks_for(wanted: str, takers: list[str]) -> None:
    devices = ("cuda:0", "cuda:1")
    found = [
        device
        for place, device in enumerate(devices)
        if suits(wanted, device, tuple(other for other in devices if other != device), is_first=place == 0)
    ]
    assert found == takers


def test_trains_as_many_runs_at_once_as_there_are_devices(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    endless = [queue.add(make_config(name, epochs=FOREVER)) for name in "ab"]
    queue.add(make_config("later"))
    with _training(paths, store, "cpu,cpu") as runners:
        until(lambda: set(runners.current) == {run.id for run in endless})
        assert _statuses(store) == {"a": RunStatus.RUNNING, "b": RunStatus.RUNNING, "later": RunStatus.QUEUED}
        pids = {run.record.environment.pid for run in store.scan().runs if run.record.environment}
        assert len(pids) == 2
        ask_to_stop(endless[0].folder, StopAt.BATCH)
        until(lambda: _statuses(store)["later"] is RunStatus.FINISHED)
        assert _statuses(store)["b"] is RunStatus.RUNNING
    assert _statuses(store)["b"] is RunStatus.STOPPED
    assert (endless[1].folder / "checkpoint.pt").is_file()


def test_the_only_device_fails_one_run_and_not_the_whole_queue(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise DeviceError("it does not compute: CUDA error: an illegal memory access was encountered")

    told: list[str] = []
    has_told = threading.Event()
    for name in "ab":
        queue.add(with_values(make_config(name), {("data", "path"): "/nowhere"}))
    monkeypatch.setattr("cifar_tui.training.device.check_device", refuse)
    with _training(paths, store, "auto", lambda sentence: (told.append(sentence), has_told.set())):
        assert has_told.wait(60)
    assert _statuses(store) == {"a": RunStatus.FAILED, "b": RunStatus.QUEUED}
    assert told == [
        "The device takes no more runs: it does not compute: CUDA error: an illegal memory access was encountered"
    ]


def test_gpus_that_torch_cannot_use_leave_the_runs_to_the_processor(
    paths: Paths,
    store: RunStore,
    queue: RunQueue,
    make_config: MakeConfig,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    queue.add(make_config("only", device="auto"))
    monkeypatch.setattr("cifar_tui.runs.runners.find_devices", lambda _: ("cuda:98", "cuda:99"))
    with _training(paths, store, "auto", told.append):
        until(lambda: _statuses(store)["only"] is RunStatus.FINISHED)
        queue.add(make_config("later", device="auto"))
        until(lambda: _statuses(store)["later"] is RunStatus.FINISHED)
    assert "The driver shows 2 GPUs, but this torch can use none: runs train on the processor." in told


def test_a_device_that_is_gone_leaves_the_runs_to_the_others(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    told: list[str] = []
    has_told = threading.Event()

    def tell(sentence: str) -> None:
        told.append(sentence)
        has_told.set()

    endless = queue.add(make_config("endless", epochs=FOREVER))
    queue.add(make_config("next", device="auto"))
    with _training(paths, store, "cpu,cuda:99", tell):
        until(lambda: store.get(endless.id).status is RunStatus.RUNNING)
        assert has_told.wait(60)
        ask_to_stop(endless.folder, StopAt.BATCH)
        until(lambda: _statuses(store)["next"] is RunStatus.FINISHED)
    assert told == [
        "cuda:99 takes no more runs: There is no cuda:99 on this machine; device = auto takes what there is."
    ]


def test_workers_end_with_a_checkpoint_when_their_parent_is_killed(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from cifar_tui.paths import find_paths; from cifar_tui.runs.runners import Runners\n"
        "from cifar_tui.runs.store import RunStore\n"
        "paths = find_paths(Path(sys.argv[1]))\n"
        "runners = Runners(paths, RunStore(paths.runs), lambda run_id, event: None, devices=('cpu', 'cpu'))\n"
        "runners.start(); runners.join()\n"
    )
    runs = [queue.add(make_config(name, epochs=FOREVER)) for name in "ab"]
    with subprocess.Popen([sys.executable, "-c", script, str(paths.data)]) as parent:
        try:
            until(lambda: all(store.epochs(run.id) for run in runs), 120)  # two imports of torch
        finally:
            parent.send_signal(signal.SIGKILL)
    # The parent's own run was cut off; the worker's was stopped, as its orders ended.
    until(lambda: set(_statuses(store).values()) == {RunStatus.INTERRUPTED, RunStatus.STOPPED})


def test_only_runs_of_the_sweep_are_taken(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig, until: Until
) -> None:
    queue.add(make_config("other"))
    queue.add_all([make_config("ours")], sweep="mine")
    runners = Runners(paths, store, _ignore, sweep="mine")
    runners.start()
    runners.leave_when_idle()
    assert runners.join(60)
    assert _statuses(store) == {"other": RunStatus.QUEUED, "ours": RunStatus.FINISHED}


def test_a_run_that_another_process_trained_in_the_meantime_is_not_trained_again(
    paths: Paths, store: RunStore, queue: RunQueue, make_config: MakeConfig
) -> None:
    run = queue.add(make_config("once"))
    execute(paths, store, run.id, lambda: False, _ignore, only_if=RunStatus.QUEUED)
    with pytest.raises(RunTakenError, match="is no longer queued"):
        execute(paths, store, run.id, lambda: False, _ignore, only_if=RunStatus.QUEUED)
