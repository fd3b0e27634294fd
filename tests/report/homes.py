"""Homes with invented finished runs of presets, as a report reads them."""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cifar_tui.config import RunConfig, override
from cifar_tui.events import EpochFinished, Results, RunStarted
from cifar_tui.paths import find_paths
from cifar_tui.presets import Preset, load_presets
from cifar_tui.runs.record import Environment, RunRecord, RunStatus

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_PARAMETERS = 2_000_000


def preset(home: Path, key: str) -> Preset:
    """Return a preset."""
    return load_presets(find_paths(home)).find(key)


def course_presets(home: Path) -> list[Preset]:
    """Return the presets of the course report's thirteen rows."""
    return [preset for preset in load_presets(find_paths(home)).presets if preset.reference]


def write_course(home: Path) -> None:
    """Write one finished run for each row of the course report, 1.5 points above it."""
    for place, row in enumerate(course_presets(home)):
        assert row.reference is not None
        write_run(home, row.key, row.reference.test_accuracy + 0.015, minute=place)


def write_run(
    home: Path,
    key: str,
    accuracy: float = 0.3,
    *settings: str,
    seed: int = 0,
    minute: int = 0,
    dataset: str = "CIFAR-100",
    epochs: int | None = None,
    **changes: Any,
) -> str:
    """Write a finished run of a preset with `KEY=VALUE` settings; return its id.

    Args:
        home: where to.
        key: the preset's.
        accuracy: on the test images.
        settings: what to change in the preset.
        seed: of the run.
        minute: when it began; later ones are newer.
        dataset: what it says that it was trained on.
        epochs: how many its history holds; as many as planned by default.
        changes: of its record.
    """
    source = preset(home, key)
    config = override(source.config, [*settings, f"training.seed={seed}"])
    parameters = source.reference.parameters if source.reference else _PARAMETERS
    began = BEGAN + timedelta(minutes=minute)
    record = RunRecord(
        config=config,
        status=RunStatus.FINISHED,
        created_at=began,
        started_at=began,
        ended_at=began + timedelta(minutes=10),
        environment=Environment(
            version="0.1.0", commit="0123456789ab", python="3.11.7", torch="2.14.1", platform="Linux", host="h", pid=1
        ),
        started=RunStarted(dataset, "cpu (2 threads)", parameters, 45_000, 5_000, 10_000, 352),
        results=_results(config, accuracy, parameters),
    )
    record = RunRecord.model_validate(record.model_dump() | changes)
    run_id = f"2026-{minute:04}-{key.replace('/', '-')}-seed-{seed}"
    folder = find_paths(home).runs / run_id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(record.model_dump_json())
    history = _history(config.training.epochs, accuracy)[:epochs]
    (folder / "epochs.jsonl").write_text("".join(json.dumps(asdict(epoch)) + "\n" for epoch in history))
    return run_id


def _results(config: RunConfig, accuracy: float, parameters: int) -> Results:
    return Results(
        test_accuracy=accuracy, test_loss=2.5, top5_accuracy=min(1.0, 2 * accuracy), macro_f1=accuracy - 0.011,
        superclass_accuracy=min(1.0, 1.5 * accuracy), val_accuracy=accuracy + 0.004, train_accuracy=accuracy + 0.052,
        parameters=parameters, accuracy_per_million=accuracy * 1e8 / parameters, epochs=config.training.epochs,
        seconds=600.0, images_per_second=2400.0, peak_memory=900_000_000,
    )  # fmt: skip


def _history(epochs: int, accuracy: float) -> list[EpochFinished]:
    """Curves that rise to the results, the validation with a wave in it."""
    found = []
    for epoch in range(1, epochs + 1):
        share = 1 - math.exp(-4 * epoch / epochs)
        wave = 0.004 * math.sin(epoch)
        values = {
            "train_loss": 4.6 - 4 * accuracy * share,
            "train_accuracy": (accuracy + 0.052) * share,
            "val_loss": 4.6 - 3.5 * accuracy * share + wave,
            "val_accuracy": max(0.0, (accuracy + 0.004) * share - wave),
        }
        found.append(EpochFinished(epoch, **values, lr=1e-3, seconds=12.0, images_per_second=2400.0))
    return found
