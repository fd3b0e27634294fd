"""What sbatch is asked for: options as people write them, with the defaults of the configuration file."""

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cifar_tui.files import read_plain
from cifar_tui.paths import Paths
from cifar_tui.slurm.errors import SlurmError

DEFAULT_TIME = "01:00:00"
"""A run that needs longer is requeued at the limit and goes on."""
DEFAULT_AT_ONCE = 10
_OURS = ("array", "error", "job-name", "open-mode", "output", "requeue", "no-requeue", "signal", "wrap")
_LARGEST = 2**16


@dataclass(frozen=True)
class SlurmOptions:
    """How runs are handed to Slurm."""

    sbatch: Mapping[str, str] = field(default_factory=dict)
    """Options of sbatch by their long names, without dashes in front: `partition`, `time`, `gres` …; one that takes no
    value, such as `exclusive`, has an empty one."""
    at_once: int = DEFAULT_AT_ONCE
    """So many runs of one sweep run at the same time, at most."""

    @property
    def text(self) -> str:
        """As a person writes them, quoted as in a shell: `partition=gpu time=02:00:00 'comment=my run' exclusive`."""
        return shlex.join(f"{key}={value}" if value else key for key, value in self.sbatch.items())


def read_options(paths: Paths, wishes: Iterable[str] = (), at_once: int | None = None) -> SlurmOptions:
    """Return the defaults of the configuration file, with `wishes` over them.

    Args:
        paths: where the configuration file is.
        wishes: `KEY=VALUE` each, with the keys of sbatch's long options, or `KEY` of one that takes no value.
        at_once: runs of one sweep that may run at the same time; None leaves it to the file.

    Raises:
        SlurmError: the file or a wish cannot be understood, or asks for what cifar-tui sets itself.
    """
    defaults, limit = _defaults(paths.settings)
    options = {"time": DEFAULT_TIME} | defaults | _parsed(wishes)
    return SlurmOptions(options, limit if at_once is None else at_once)


def parse_options(paths: Paths, text: str) -> SlurmOptions:
    """Return what a person made of the `text` of `read_options`: a default that they took out is left out.

    Args:
        paths: where the configuration file is, which also says how many runs of one sweep may run at the same time.
        text: options divided by spaces; what holds one is quoted, as in a shell.

    Raises:
        SlurmError: as for `read_options`, or a quotation mark stands alone.
    """
    try:
        wishes = shlex.split(text)
    except ValueError:
        raise SlurmError(f"{text!r} leaves a quotation open; write a value with spaces as comment='my run'.") from None
    _, limit = _defaults(paths.settings)
    return SlurmOptions({"time": DEFAULT_TIME} | _parsed(wishes), limit)


def _parsed(wishes: Iterable[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for wish in wishes:
        key, equals, value = (part.strip() for part in wish.partition("="))
        if not key or (equals and not value):
            raise SlurmError(f"{wish!r} is no option of sbatch; write KEY=VALUE, such as partition=gpu.")
        options[_checked(key)] = _one_line(value)
    return options


def _defaults(file: Path) -> tuple[dict[str, str], int]:
    try:
        content = tomllib.loads(read_plain(file, _LARGEST).decode())
    except FileNotFoundError:
        return {}, DEFAULT_AT_ONCE
    except OSError as error:
        raise SlurmError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SlurmError(f"{file} is no TOML: {str(error).splitlines()[0]}.") from None
    table = content.get("slurm", {})
    if not isinstance(table, dict):
        raise SlurmError(f'{file}: slurm must be a table of sbatch\'s options: [slurm], then partition = "gpu".')
    at_once = table.pop("at_once", DEFAULT_AT_ONCE)
    if not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1:
        raise SlurmError(f"{file}: slurm.at_once must be a whole number of runs, 1 or more.")
    found: dict[str, str] = {}
    for key, value in table.items():
        if not isinstance(value, str | int) or value is False or value == "":
            raise SlurmError(f"{file}: slurm.{key} must be text, a whole number, or true where it takes no value.")
        found[_checked(key)] = "" if value is True else _one_line(str(value))
    return found, at_once


def _checked(key: str) -> str:
    name = key.lstrip("-").replace("_", "-")
    if name in _OURS:
        raise SlurmError(f"{name} is set by cifar-tui; leave it out of the options for Slurm.")
    if not name.replace("-", "").isalnum():
        raise SlurmError(f"{key!r} is no option of sbatch; write KEY=VALUE, such as partition=gpu.")
    return name


def _one_line(value: str) -> str:
    # It becomes a line of a script: what follows a line break would be a command.
    if not value.isprintable():
        raise SlurmError(f"{value!r} cannot stand in an option of sbatch; write it in one line.")
    return value
