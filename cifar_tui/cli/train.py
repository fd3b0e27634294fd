"""`cifar-tui train`: a run without a screen, in the same folder as the app's."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_tui.cli.context import FAILED, INTERRUPTED, WRONG_USAGE, Context, leave

if TYPE_CHECKING:
    from cifar_tui.config import RunConfig
    from cifar_tui.paths import Paths


def train(
    context: typer.Context,
    preset: Annotated[str, typer.Argument(metavar="PRESET|FILE.toml", help="A preset's name, or a preset file.")],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a value, such as training.epochs=5.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the leaderboard calls the run.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, mps, cuda or cuda:N.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each event.")] = False,
) -> None:
    """Train one preset to its end. Exit code: 0 finished, 1 failed, 2 wrong usage, 130 interrupted."""
    from cifar_tui.cli.narrators import choose_narrator
    from cifar_tui.config import Source
    from cifar_tui.data import cifar100
    from cifar_tui.events import Outcome
    from cifar_tui.runs.execute import execute_new
    from cifar_tui.runs.store import RunStore, StoreError

    state: Context = context.obj
    config = _configure(state.paths, preset, assignments or [], name, device)
    if config.data.source is Source.CIFAR100 and not cifar100.is_available(state.paths):
        leave(cifar100.MISSING, FAILED)
    stop = threading.Event()
    _stop_on_signals(stop)
    with choose_narrator(config, as_json=as_json) as narrator:
        try:
            last_word = execute_new(state.paths, RunStore(state.paths.runs), config, stop.is_set, narrator.hear)
        except StoreError as error:
            leave(error, FAILED)
    match last_word.outcome:
        case Outcome.FAILED:
            leave(last_word.error, FAILED)
        case Outcome.STOPPED:
            raise typer.Exit(INTERRUPTED)
        case Outcome.FINISHED:
            return


def _configure(
    paths: "Paths", preset: str, assignments: list[str], name: str | None, device: str | None
) -> "RunConfig":
    from cifar_tui.config import ConfigError, override
    from cifar_tui.presets import load_presets, read_preset

    try:
        is_file = preset.endswith(".toml")
        config = (read_preset(Path(preset)) if is_file else load_presets(paths).find(preset)).config
        return override(config, assignments, {("name",): name, ("training", "device"): device})
    except ConfigError as error:
        leave(error, WRONG_USAGE)


def _stop_on_signals(stop: threading.Event) -> None:
    """The first Ctrl+C or SIGTERM stops at the next batch, the second Ctrl+C leaves at once."""

    def hear(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
