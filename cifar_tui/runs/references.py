"""What runs are held against: the results of the report, and those that this project measured."""

from collections.abc import Iterable
from dataclasses import replace

from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.events import accuracy_per_million
from cifar_tui.models.registry import MODELS
from cifar_tui.presets import Preset
from cifar_tui.runs.groups import grouped
from cifar_tui.runs.store import RunStore
from cifar_tui.runs.table import MEASURED_STATUS, REPORT_STATUS, References, Row, rows_of


def references_of(presets: Iterable[Preset]) -> References:
    """Return the test accuracies of the report that runs of `presets` are held against."""
    presets = tuple(presets)
    own = {preset.key: preset.reference.test_accuracy for preset in presets if preset.reference}
    accuracies: dict[tuple[str, str], float] = {}
    for preset in presets:
        accuracy = own.get(preset.key, own.get(preset.against or ""))
        if accuracy is not None:
            accuracies[preset.key, preset.config.model.name] = accuracy
    return References(accuracies)


def report_rows(presets: Iterable[Preset]) -> list[Row]:
    """Make a row of every reference that a preset carries."""
    rows: list[Row] = []
    for preset in presets:
        if preset.reference is None:
            continue
        reference = preset.reference
        rows.append(
            Row(
                key=f"report:{preset.key}",
                name=preset.title,
                model=MODELS[preset.config.model.name].title,
                part=preset.config.part,
                dataset=CIFAR100,
                status=REPORT_STATUS,
                test_accuracy=reference.test_accuracy,
                val_accuracy=reference.val_accuracy,
                macro_f1=reference.macro_f1,
                parameters=reference.parameters,
                accuracy_per_million=accuracy_per_million(reference.test_accuracy, reference.parameters),
            )
        )
    return rows


def measured_rows(store: RunStore, presets: Iterable[Preset]) -> list[Row]:
    """Make a row of what each preset came to when this project trained it: one run, or the mean over its seeds.

    Args:
        store: the run folders that come with the project.
        presets: those that the runs began from.
    """
    presets = tuple(presets)
    titles = {preset.key: preset.title for preset in presets}
    runs = store.scan().runs
    preset_of = {run.id: run.config.preset or "" for run in runs}
    found: list[Row] = []
    for row in grouped(rows_of(store, runs, references_of(presets))):
        preset = preset_of[(row.members or (row.key,))[0]]
        found.append(replace(row, key=f"measured:{row.key}", name=titles.get(preset, row.name), status=MEASURED_STATUS))
    return found
