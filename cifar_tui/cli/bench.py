"""`cifar-tui bench`: how fast this machine trains the models."""

import json
import math
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import geometric_mean, median

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cifar_tui.bench.measure import Measurement, measure
from cifar_tui.cli.console import USAGE, fail, make_console
from cifar_tui.config import ConfigError, RunConfig, override
from cifar_tui.models.registry import MODELS
from cifar_tui.paths import Paths
from cifar_tui.presets import PresetLibrary, load_presets
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore, StoreError
from cifar_tui.training.device import DeviceError, describe_device, describe_processor, find_device
from cifar_tui.training.loop import TrainingError
from cifar_tui.training.memory import is_out_of_memory
from cifar_tui.training.optimisation import OptimiserError
from cifar_tui.training.precision import PrecisionError

_TWELVE = (
    "part1/softmax_regression",
    "part1/mlp",
    "part1/simple_cnn",
    "part1/simple_vit",
    "part3/custom_vit",
    "part4/cnn_transformer",
    "part4/spatial_token_vit",
    "part4/channel_token_vit",
    "part5/lstm_row",
    "part5/lstm_patch4",
    "part5/gru_row",
    "part5/gru_patch4",
)
_BAR_CELLS = 16


def run_bench(
    paths: Paths, wanted: Sequence[str], settings: Sequence[str], *, rounds: int, seconds: float, as_json: bool
) -> None:
    """Measure models and print a table, or JSON.

    Args:
        paths: where presets are found.
        wanted: presets' keys, the last parts of keys, or models' names; none are the report's twelve models.
        settings: `KEY=VALUE` each, for all of them.
        rounds: how often each way is measured; the median counts.
        seconds: how long each time.
        as_json: print every number instead.
    """
    library = load_presets(paths)
    try:
        configs = {name: override(_config(library, name), settings) for name in wanted or _TWELVE}
    except ConfigError as error:
        fail(str(error), USAGE)
    found: list[Measurement] = []
    try:
        device = find_device(next(iter(configs.values())).training.device)
        # Not a spinner: its thread would take turns with Python in the loops that are measured.
        line = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
        with tempfile.TemporaryDirectory() as folder, line:
            for name, config in configs.items():
                store = RunStore(Path(folder) / "runs")
                report = partial(store.write_progress, store.create(config, RunStatus.RUNNING).id)
                found.append(
                    measure(name, config, rounds=rounds, seconds=seconds, report=report, say=partial(_say, line))
                )
    except (DeviceError, OptimiserError, PrecisionError, StoreError, TrainingError) as error:
        fail(str(error))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        fail(f"Memory does not suffice for {name}; `--set training.batch_size=N` takes smaller batches.")
    machine = f"{describe_device(device)}, {describe_processor()}, {platform.system()}"
    versions = f"Python {platform.python_version()}, torch {version('torch')}, torchvision {version('torchvision')}"
    if as_json:
        json.dump(_as_json(found, machine, versions), sys.stdout, indent=2)
        print()
        return
    _print(make_console(), found, f"{date.today()}, {machine}; {versions}")


def _say(line: Live, text: str) -> None:
    line.update(Text(text, style="dim"), refresh=True)


def _config(library: PresetLibrary, name: str) -> RunConfig:
    for preset in library.presets:
        if name in (preset.key, preset.key.rpartition("/")[2]):
            return preset.config
    if name in MODELS:
        return RunConfig(model=MODELS[name].config())
    try:
        return library.find(name).config
    except ConfigError as error:
        raise ConfigError(f"{error} `cifar-tui models` lists the models, which are taken too.") from None


def _as_json(found: Sequence[Measurement], machine: str, versions: str) -> dict[str, object]:
    ratios = ("ours_to_reference", "ours_to_bare", "evaluation_to_forward")
    return {
        "date": str(date.today()),
        "machine": machine,
        "versions": versions,
        "models": [asdict(one) | {ratio: getattr(one, ratio) for ratio in ratios} for one in found],
    }


def _print(console: Console, found: Sequence[Measurement], caption: str) -> None:
    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left")
    table.add_column("model")
    for heading in ("reference", "ours", "bare", "÷ref", "÷bare", "eval"):
        table.add_column(heading, justify="right")
    table.add_column("│ reference, █ ours, of bare")
    for one in found:
        table.add_row(
            one.model.rpartition("/")[2],
            *(_speed(median(speeds)) for speeds in (one.reference, one.ours, one.bare)),
            f"{one.ours_to_reference:.2f}",
            f"{one.ours_to_bare:.2f}",
            _speed(median(one.evaluation)),
            _bar(one),
        )
    console.print("Images a second, training; eval: evaluation. Medians of the rounds.")
    console.print(table)
    if len(found) > 1:
        console.print(
            f"geometric means: ours ÷ reference {geometric_mean([one.ours_to_reference for one in found]):.2f}, "
            f"ours ÷ bare {geometric_mean([one.ours_to_bare for one in found]):.2f}"
        )


def _bar(one: Measurement) -> Text:
    """Ours as a share of the bare step, with a mark where the reference is."""
    filled = min(round(one.ours_to_bare * _BAR_CELLS), _BAR_CELLS)
    mark = min(math.floor(one.ours_to_bare / one.ours_to_reference * _BAR_CELLS), _BAR_CELLS - 1)
    cells = ["█"] * filled + ["·"] * (_BAR_CELLS - filled)
    cells[mark] = "│"
    return Text("".join(cells))


def _speed(images_per_second: float) -> str:
    if images_per_second < 100:
        return f"{images_per_second:.1f}"
    return f"{images_per_second:,.0f}"
