"""What a command is to train: a preset or a file, with settings changed, on images that are here."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cifar_tui.cli.console import USAGE, fail, warn
from cifar_tui.config import ConfigError, RunConfig, Source, override
from cifar_tui.data import cifar100
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets, read_preset


def configure(paths: Paths, preset: str, settings: Sequence[str]) -> RunConfig:
    """Return a preset with `settings` changed; leaves with a sentence where that cannot be.

    Args:
        paths: where presets are found.
        preset: a preset's key, or a file's path that ends in `.toml`.
        settings: `KEY=VALUE` each.
    """
    try:
        if preset.endswith(".toml"):
            return override(read_preset(Path(preset)).config, settings)
        library = load_presets(paths)
        for problem in library.problems:
            warn(problem)
        return override(library.find(preset).config, settings)
    except ConfigError as error:
        fail(str(error), USAGE)


def check_images(paths: Paths, configs: Iterable[RunConfig]) -> None:
    """Leave with a sentence where one of `configs` wants CIFAR-100 and it is not here."""
    if any(config.data.source is Source.CIFAR100 for config in configs) and not paths.has_cifar100:
        fail(cifar100.MISSING)
