"""What is made of Slurm's answers, whatever they are; the `squeue` here says what a test wants."""

from pathlib import Path

import pytest

from cifar_tui.config import RunConfig
from cifar_tui.runs.record import RunStatus, SlurmJob
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.slurm.states import SlurmWatch, read_states
from cifar_tui.slurm.submit import check_slurm

from .squeue import Squeue

CONFIG = RunConfig.model_validate({"model": {"name": "mlp"}})


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Squeue:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return Squeue(folder)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def watch(store: RunStore, tmp_path: Path) -> SlurmWatch:
    return SlurmWatch(store, tmp_path / "slurm")


def _run(store: RunStore, job: str, status: RunStatus = RunStatus.QUEUED) -> Run:
    return store.create(CONFIG, status, slurm=SlurmJob(id=job))


def _look(watch: SlurmWatch, store: RunStore) -> dict[str, str]:
    return {run_id: state.text for run_id, state in watch.look(store.scan().runs).items()}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cifar_tui.slurm.states._SECONDS_UNTIL_SURE", 0.0)
    monkeypatch.setattr("cifar_tui.slurm.states._SECONDS_UNTIL_SURE_OF_SUCCESS", 0.0)


def test_tells_how_each_job_stands(squeue: Squeue, watch: SlurmWatch, store: RunStore) -> None:
    runs = [_run(store, job) for job in ("12_0", "12_1", "13", "14")]
    store.create(CONFIG, RunStatus.QUEUED)
    squeue.says(
        "12_0|RUNNING|gpu3|None", "12_1|PENDING||Resources", "13|CONFIGURING|gpu1|None", "14|REQUEUED||None",
        "99|RUNNING|gpu9|None",
    )  # fmt: skip
    said = ["running on gpu3", "pending (Resources)", "configuring", "requeued"]
    assert _look(watch, store) == {run.id: text for run, text in zip(runs, said, strict=True)}
    assert {run.status for run in store.scan().runs} == {RunStatus.QUEUED}


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        (
            (),
            RunStatus.FAILED,
            "Slurm no longer knows job 12: it was cancelled, or ended without a word; the run's log",
        ),
        (("12|CANCELLED|gpu1|None",), RunStatus.STOPPED, "Slurm job 12 was cancelled."),
        (
            ("12|NODE_FAIL|gpu1|None",),
            RunStatus.FAILED,
            "Slurm job 12 ended on gpu1 with NODE_FAIL; is the data folder",
        ),
        (("12|COMPLETED||None",), RunStatus.FAILED, "Slurm job 12 ended with COMPLETED; is the data folder"),
    ],
)
def test_an_end_without_a_word_is_written_into_the_run(
    squeue: Squeue, watch: SlurmWatch, store: RunStore, answer: tuple[str, ...], status: RunStatus, sentence: str
) -> None:
    run = _run(store, "12")
    squeue.says(*answer)
    _look(watch, store)
    found = store.get(run.id)
    assert found.status is status
    assert str(found.record.error).startswith(sentence)
    assert found.record.slurm


@pytest.mark.parametrize("answer", [("12|FAILED|gpu1|NonZeroExitCode",), ()], ids=["failed", "forgotten"])
def test_the_log_of_a_job_that_could_not_begin_is_kept(
    squeue: Squeue, watch: SlurmWatch, store: RunStore, tmp_path: Path, answer: tuple[str, ...]
) -> None:
    run = _run(store, "12")
    (tmp_path / "slurm").mkdir()
    (tmp_path / "slurm" / "12_0_log.err").write_text("ModuleNotFoundError: No module named 'cifar_tui'\n")
    squeue.says(*answer)
    _look(watch, store)
    assert store.log(run.id, 9)[-1].endswith("slurm: ModuleNotFoundError: No module named 'cifar_tui'")


def test_a_run_that_ended_itself_is_left_alone(squeue: Squeue, watch: SlurmWatch, store: RunStore) -> None:
    run = _run(store, "12", RunStatus.FINISHED)
    squeue.says()
    assert _look(watch, store) == {}
    assert store.get(run.id).status is RunStatus.FINISHED


def test_without_runs_of_its_own_slurm_is_not_asked(
    watch: SlurmWatch, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    store.create(CONFIG, RunStatus.QUEUED)
    assert _look(watch, store) == {}


def test_says_that_slurm_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for ask in (read_states, check_slurm):
        with pytest.raises(SlurmError, match=r"There is no Slurm here: .* not on the PATH"):
            ask()


def test_says_why_slurm_does_not_answer(squeue: Squeue) -> None:
    squeue.says(errors="slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n", code=1)
    with pytest.raises(SlurmError, match=r"Slurm does not answer: slurm_load_jobs error: Unable to contact .*\)\.$"):
        read_states()
