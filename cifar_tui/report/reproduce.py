"""How to get a number of the report again: the command, the settings, and what the runs ran on."""

import json
import shlex
from collections.abc import Sequence

import tomli_w

from cifar_tui.presets import Preset
from cifar_tui.report.content import Entry

SEEDS_TO_TRAIN = "0..2"
"""What a gap's command asks for: the fewest seeds whose spread says something."""


def command_to_fill(preset: Preset) -> str:
    """Return the command that fills the row of `preset`."""
    return shlex.join(["cifar-tui", "train", preset.key, "--seeds", SEEDS_TO_TRAIN])


def commands(entry: Entry) -> tuple[str, ...]:
    """Return the commands that train the runs of a row again, in a home that has their presets."""
    parents = [(run.record.parent, run.config.training.epochs) for run in entry.runs if run.record.parent]
    if parents:
        return tuple(shlex.join(["cifar-tui", "extend", parent, "--epochs", str(epochs)]) for parent, epochs in parents)
    config = entry.runs[0].config
    settings = _settings(entry)
    source = [settings_name(entry)] if entry.preset is None or settings is None else [entry.preset.key, *settings]
    device = [] if config.training.device == "auto" else ["--device", config.training.device]
    return (shlex.join(["cifar-tui", "train", *source, *device, "--seeds", seeds_text(entry.seeds, "..", ",")]),)


def needs_settings_file(entry: Entry) -> bool:
    """Whether the command reads the settings from a file, as a preset and options cannot say them."""
    is_trained_on = any(run.record.parent for run in entry.runs)
    return not is_trained_on and (entry.preset is None or _settings(entry) is None)


def settings_name(entry: Entry) -> str:
    """Return what the command calls that file."""
    return f"{entry.key}.toml"


def settings_file(entry: Entry) -> str:
    """Return the settings as a preset file, TOML; seed and device are the command's to say."""
    config = entry.runs[0].config
    values = config.model_dump(mode="json", include={"model", "data", "training"}, exclude_none=True)
    for key in ("seed", "device"):
        del values["training"][key]
    return tomli_w.dumps({"title": entry.title[:80], **values})


def seeds_text(seeds: Sequence[int], between: str = "–", joint: str = ", ") -> str:
    """Return rising seeds as a person writes them: 0–4; 0, 7."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}{between}{seeds[-1]}"
    return joint.join(str(seed) for seed in seeds)


def _settings(entry: Entry) -> list[str] | None:
    """The changes to the preset as options; None where options cannot make them."""
    values = entry.runs[0].config.model_dump(mode="json")
    options: list[str] = []
    for change in entry.changes:
        section, key = change.path
        value = values[section].get(key)
        if value is None or change.path == ("model", "name"):
            return None
        # TOML and JSON write these values alike.
        options += ["--set", f"{section}.{key}={json.dumps(value, ensure_ascii=False)}"]
    return options
