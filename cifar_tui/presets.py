"""Presets: TOML files that hold a run's settings, and what the report or this project measured with them."""

import datetime
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from pydantic import Field, ValidationError

from cifar_tui.config import ConfigError, DataConfig, ModelConfig, RunConfig, TrainingConfig, sentence
from cifar_tui.config.base import ConfigPart
from cifar_tui.files import make_folder, read_plain, replace_text
from cifar_tui.paths import Paths

USER_PREFIX = "my"
"""Users' own presets are called `my/<file>`, so that they can never hide a shipped one."""

_LARGEST = 2**20
_LEAST_OF_A_HINT = 3
"""Letters: what is shorter is a part of many names."""
_SIMILARITY_OF_A_HINT = 0.75

PARTS: Mapping[int, str] = {
    1: "Four basic models",
    2: "Compare part 1's four",
    3: "Encoder from scratch",
    4: "Three ways to make tokens",
    5: "Images as sequences",
}
"""What each part of the assignment asks for; part 2 trains nothing of its own."""


class Reference(ConfigPart):
    """What the report measured (REPORT: Results); accuracies are fractions."""

    test_accuracy: float = Field(ge=0.0, le=1.0)
    val_accuracy: float = Field(ge=0.0, le=1.0)
    macro_f1: float = Field(ge=0.0, le=1.0)
    parameters: int = Field(ge=1)


class Measured(ConfigPart):
    """What this project measured on CIFAR-100, over some seeds; accuracies are fractions."""

    test_accuracy: float = Field(ge=0.0, le=1.0)
    """The mean."""
    test_deviation: float | None = Field(None, ge=0.0, le=1.0)
    """The sample standard deviation; None for a single seed."""
    seeds: int = Field(ge=1)
    """How many."""
    epochs: int = Field(ge=1)
    seconds: float = Field(gt=0.0)
    """Of training and validation, the mean of the runs."""
    device: str = Field(min_length=1, max_length=200)
    date: datetime.date


class _PresetFile(ConfigPart):
    title: str = Field(min_length=1, max_length=80)
    part: int | None = Field(None, ge=1, le=5)
    against: str | None = None
    model: ModelConfig
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()
    reference: Reference | None = None
    measured: Measured | None = None


@dataclass(frozen=True)
class Preset:
    """One preset: `key` is its path below the presets folder without `.toml`, such as `part1/mlp`."""

    key: str
    title: str
    config: RunConfig
    reference: Reference | None = None
    measured: Measured | None = None
    against: str | None = None
    """The key of the preset whose reference it is to be held against, where it has none of its own."""

    @property
    def expected_accuracy(self) -> float | None:
        """The test accuracy to expect: as the project measured it, else as the report did; None where nobody did."""
        known = self.measured or self.reference
        return known.test_accuracy if known else None

    @property
    def group(self) -> str:
        """The folder it lies in: `part1` … `part5`, `beyond`, `my`."""
        return self.key.rpartition("/")[0]

    @property
    def is_own(self) -> bool:
        """Whether the user wrote it."""
        return self.key.startswith(f"{USER_PREFIX}/")


@dataclass(frozen=True)
class PresetLibrary:
    """All presets that could be read, in the order of their keys, and a sentence for each that could not."""

    presets: tuple[Preset, ...]
    problems: tuple[str, ...]

    def of_part(self, part: int) -> tuple[Preset, ...]:
        """Return the presets to train for `part`; part 2 compares those of part 1."""
        wanted = 1 if part == 2 else part
        return tuple(preset for preset in self.presets if preset.config.part == wanted)

    def without_part(self) -> tuple[Preset, ...]:
        """Return the presets that belong to no part."""
        return tuple(preset for preset in self.presets if preset.config.part is None)

    def find(self, key: str) -> Preset:
        """Return the preset called `key`.

        Raises:
            ConfigError: there is none; the sentence names the nearest ones.
        """
        for preset in self.presets:
            if preset.key == key:
                return preset
        keys = [preset.key for preset in self.presets]
        wanted = key.rpartition("/")[2]
        near = [known for known in keys if len(wanted) >= _LEAST_OF_A_HINT and wanted in known]
        near = near or difflib.get_close_matches(key, keys, n=4, cutoff=_SIMILARITY_OF_A_HINT)
        near = near or [known for known in keys if _is_similar(wanted, known.rpartition("/")[2])]
        hint = f"did you mean {' or '.join(near[:4])}?" if near else "`cifar-tui presets` lists them."
        raise ConfigError(f"There is no preset {key!r}: {hint}")


def load_presets(paths: Paths) -> PresetLibrary:
    """Read the shipped presets and the user's own; a bad file costs only itself."""
    presets: list[Preset] = []
    problems: list[str] = []
    for root, prefix in ((_shipped(), ""), (paths.presets, f"{USER_PREFIX}/")):
        try:
            files = sorted(root.rglob("*.toml"))
        except OSError as error:
            problems.append(f"{root}: cannot be read ({error.strerror})")
            continue
        for file in files:
            key = prefix + file.relative_to(root).with_suffix("").as_posix()
            try:
                presets.append(read_preset(file, key))
            except ConfigError as error:
                problems.append(str(error))
    return PresetLibrary(tuple(presets), tuple(problems))


def save_preset(paths: Paths, title: str, config: RunConfig) -> Preset:
    """Write `config` into the user's presets folder, in a file called after `title`.

    Raises:
        ConfigError: there is a preset of that name, the title is no name, or the folder cannot be written to.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    if not stem:
        raise ConfigError(f"{title!r} is no name for a preset; it needs a letter or a digit")
    file = paths.presets / f"{stem}.toml"
    if file.exists():
        raise ConfigError(f"{file.name} is there already; choose another title, or remove {file}")
    values = config.model_dump(mode="json", include={"model", "data", "training"}, exclude_none=True)
    content = {"title": " ".join(title.split()), **values}
    try:
        _PresetFile.model_validate(content)  # before the file is there
        make_folder(file.parent)
        replace_text(file, tomli_w.dumps(content))
    except ValidationError as error:
        raise ConfigError(sentence(error)) from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    return read_preset(file, f"{USER_PREFIX}/{stem}")


def read_preset(file: Path, key: str | None = None) -> Preset:
    """Read one preset file; `key` defaults to the file's name.

    Raises:
        ConfigError: one sentence with the file, the key at fault and what is allowed.
    """
    key = key or file.stem
    try:
        content = _PresetFile.model_validate(tomllib.loads(read_plain(file, _LARGEST).decode()))
        parts = content.model_dump(include={"part", "model", "data", "training"})
        config = RunConfig.model_validate({"preset": key, **parts})
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except ValidationError as error:
        raise ConfigError(f"{file}: {sentence(error)}") from None
    except ValueError as error:  # besides bad TOML: a number of more digits than Python reads
        raise ConfigError(f"{file}: is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{file}: is nested too deeply") from None
    return Preset(key, content.title, config, content.reference, content.measured, content.against)


def _is_similar(one: str, other: str) -> bool:
    return bool(difflib.get_close_matches(one, [other], cutoff=_SIMILARITY_OF_A_HINT))


def measured_runs() -> Path:
    """Return the folder of the runs behind the presets' `[measured]`: their records and histories."""
    return _shipped() / "measured"


def _shipped() -> Path:
    package = Path(__file__).parent
    installed = package / "_presets"
    return installed if installed.is_dir() else package.parent / "presets"
