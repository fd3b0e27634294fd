"""`cifar-tui train` and `cifar-tui resume`: one run to its end, without the app."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import ValidationError

from cifar_tui.cli.configs import check_images, configure
from cifar_tui.cli.console import INTERRUPTED, USAGE, fail, say, warn
from cifar_tui.cli.placing import hand_over
from cifar_tui.cli.progress import make_reporter
from cifar_tui.cli.signals import stop_on_signals
from cifar_tui.cli.stores import open_store
from cifar_tui.config import ConfigError, RunConfig, sentence, with_values
from cifar_tui.config.cross import alternatives, cross
from cifar_tui.events import RunEnded
from cifar_tui.paths import Paths
from cifar_tui.runs.columns import percent
from cifar_tui.runs.execute import Listener, RunTakenError, execute, execute_now
from cifar_tui.runs.extend import extend_now
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.locks import NO_LOCKS, has_locks
from cifar_tui.runs.queue import RunQueue, awaits_hand_over, check_can_go_on
from cifar_tui.runs.record import RunRecord, RunStatus
from cifar_tui.runs.store import NoSuchRunError, Run, RunStore, StoreError
from cifar_tui.runs.table import rows_of
from cifar_tui.slurm.options import SlurmOptions
from cifar_tui.slurm.submit import slurm_job


def train_preset(
    paths: Paths,
    preset: str,
    settings: Sequence[str],
    name: str | None,
    seeds: str | None,
    *,
    slurm: SlurmOptions | None,
    go_on: bool,
    as_json: bool,
) -> int:
    """Train a preset with `settings` changed, once a seed, and return the process's exit code.

    Args:
        paths: where presets are found and the run is kept.
        preset: a preset's key, or a file's path that ends in `.toml`.
        settings: `KEY=VALUE` each.
        name: what the run is called; None leaves it to the preset.
        seeds: such as `0..4` or `0, 7`; None trains once, with the seed of the settings.
        slurm: for runs that Slurm is to train instead of this process.
        go_on: resume the newest unfinished run of this very configuration, if there is one; of several
            seeds, leave out those that are finished.
        as_json: print events as lines of JSON; for Slurm, jobs and runs as one object.
    """
    config = _configure(paths, preset, settings, name)
    configs = _with_seeds(config, seeds)
    check_images(paths, configs)
    store = open_store(paths)
    if slurm is not None:
        _hand_over(paths, store, configs, slurm, go_on=go_on, as_json=as_json)
        return 0
    runs: list[Run] = []
    for config in configs:
        earlier = _earlier(store, config, with_finished=len(configs) > 1) if go_on else None
        runs.append(_train(paths, store, config, earlier, as_json=as_json))
        if runs[-1].status is not RunStatus.FINISHED:
            return _exit_code(runs[-1])
    if len(runs) > 1 and not as_json:
        _print_means(store, runs)
    return 0


def _train(paths: Paths, store: RunStore, config: RunConfig, earlier: Run | None, *, as_json: bool) -> Run:
    if earlier is not None and earlier.status is RunStatus.FINISHED:
        if not as_json:
            say(f"{earlier.id} is finished already.")
        return earlier
    if earlier is not None:
        return _go_on(paths, store, earlier, as_json=as_json)

    def start(should_stop: Callable[[], bool], hear: Listener) -> tuple[Run, RunEnded]:
        return execute_now(paths, store, config, should_stop, hear)

    return _follow(paths, config, start, as_json=as_json)


def _earlier(store: RunStore, config: RunConfig, *, with_finished: bool) -> Run | None:
    """Return the newest run of this very configuration that can be resumed, if there is one.

    Leaves with a sentence where one trains or waits, which the rest would be trained beside.

    Args:
        store: where the runs are.
        config: of the run.
        with_finished: return one that is finished before any other.
    """
    found = [run for run in store.scan().runs if run.config == config]
    for run in found:
        if not run.status.is_over and not awaits_hand_over(run.record):
            fail(f"{run.id} is {run.status} with these settings; `cifar-tui watch {run.id}` follows it.")
    finished = [run for run in found if run.status is RunStatus.FINISHED]
    if finished and with_finished:
        return finished[-1]
    unfinished = [run for run in found if run.status is not RunStatus.FINISHED]
    return unfinished[-1] if unfinished else None


def _hand_over(
    paths: Paths, store: RunStore, configs: Sequence[RunConfig], slurm: SlurmOptions, *, go_on: bool, as_json: bool
) -> None:
    queue, job = RunQueue(store), slurm_job(slurm)
    runs: list[Run] = []
    try:
        # All of them before the first is queued: one that trains already ends this with a sentence.
        found = [_earlier(store, config, with_finished=len(configs) > 1) if go_on else None for config in configs]
        for config, earlier in zip(configs, found, strict=True):
            if earlier is None:
                runs += queue.add_all([config], slurm=job)
            elif earlier.status is not RunStatus.FINISHED:
                runs.append(queue.resume(earlier.id, slurm=job))
    except StoreError as error:
        fail(str(error))
    hand_over(paths, store, runs, slurm, as_json=as_json)
    for run in runs if not as_json else ():
        print(f"  {run.id}")


def resume_run(paths: Paths, wanted: str, *, as_json: bool) -> int:
    """Go on with a run that ended before its end, and return the process's exit code.

    Args:
        paths: where the run is kept.
        wanted: the run's id, any part of it that no other run has, or its name.
        as_json: print events as lines of JSON.
    """
    store = open_store(paths)
    run = find_run(store, wanted)
    try:
        check_can_go_on(run)
    except StoreError as error:
        fail(str(error), USAGE)
    return _exit_code(_go_on(paths, store, run, as_json=as_json))


def extend_run(paths: Paths, wanted: str, epochs: int, *, as_json: bool) -> int:
    """Train a finished run on as a new run, and return the process's exit code.

    Args:
        paths: where the runs are kept.
        wanted: the run's id, any part of it that no other run has, or its name.
        epochs: how many the new run has in all.
        as_json: print events as lines of JSON.
    """
    store = open_store(paths)
    try:
        run = extend_now(store, find_run(store, wanted), epochs)
    except StoreError as error:
        fail(str(error), USAGE)
    return _exit_code(_go_on(paths, store, run, as_json=as_json))


def find_run(store: RunStore, wanted: str) -> Run:
    """Return the run that is meant (see `RunStore.find`); leaves with a sentence where none is."""
    try:
        return store.find(wanted)
    except NoSuchRunError as error:
        fail(str(error), USAGE)
    except StoreError as error:
        fail(str(error))


def _exit_code(run: Run) -> int:
    return 0 if run.status is RunStatus.FINISHED else INTERRUPTED


def _go_on(paths: Paths, store: RunStore, run: Run, *, as_json: bool) -> Run:
    def go_on(should_stop: Callable[[], bool], hear: Listener) -> tuple[Run, RunEnded]:
        if run.record.slurm is not None:  # what becomes of its old job says nothing of it any more
            store.change(run.id, _without_slurm)
        ended = execute(paths, store, run.id, should_stop, hear)
        return store.get(run.id), ended

    return _follow(paths, run.config, go_on, as_json=as_json)


def _without_slurm(record: RunRecord) -> RunRecord:
    # Not queued any more, where it waited for Slurm: this machine's queue would take it.
    status = RunStatus.STOPPED if record.status is RunStatus.QUEUED else record.status
    return record.model_copy(update={"slurm": None, "status": status})


def _follow(
    paths: Paths,
    config: RunConfig,
    start: Callable[[Callable[[], bool], Listener], tuple[Run, RunEnded]],
    *,
    as_json: bool,
) -> Run:
    """Report a run from its start to its end; leaves with a sentence when it fails."""
    if not has_locks(paths.data):
        warn(NO_LOCKS)
    try:
        with stop_on_signals() as stop, make_reporter(config.training.epochs, as_json=as_json) as reporter:
            run, ended = start(stop.is_set, reporter.hear)
            reporter.conclude(run, ended)
    except (StoreError, RunTakenError) as error:
        fail(str(error))
    if ended.error is not None:
        fail(ended.error)
    return run


def _configure(paths: Paths, preset: str, settings: Sequence[str], name: str | None) -> RunConfig:
    config = configure(paths, preset, settings)
    try:
        return config if name is None else with_values(config, {("name",): name})
    except ConfigError as error:
        fail(str(error), USAGE)


def _with_seeds(config: RunConfig, seeds: str | None) -> tuple[RunConfig, ...]:
    if seeds is None:
        return (config,)
    try:
        return cross(config.model_dump(), {("training", "seed"): alternatives(seeds)})
    except ConfigError as error:
        fail(str(error), USAGE)
    except ValidationError as error:
        fail(sentence(error), USAGE)


def _print_means(store: RunStore, runs: Sequence[Run]) -> None:
    """Tell how far the seeds lie apart: by one of them alone no recipe is better than another."""
    rows = [replace(row, archived=False) for row in rows_of(store, runs)]  # seeds are one group, put away or not
    for row in grouped(rows):
        for title, mean, deviation in (
            ("test accuracy", row.test_accuracy, row.test_deviation),
            ("validation accuracy", row.val_accuracy, row.val_deviation),
            ("macro-F1", row.macro_f1, row.f1_deviation),
        ):
            say(f"{title}: {percent(mean)} ± {percent(deviation)} % over {len(row.members)} seeds")
