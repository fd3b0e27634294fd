"""What a run ran on, for its record."""

import os
import platform
import socket
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cifar_tui import __version__
from cifar_tui.runs.record import Environment


def describe_environment() -> Environment:
    """Return versions, machine and process of the present one."""
    return Environment(
        version=__version__,
        commit=_commit(),
        python=platform.python_version(),
        torch=_installed("torch"),
        platform=platform.platform(),
        host=socket.gethostname(),
        pid=os.getpid(),
    )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str | None:
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
