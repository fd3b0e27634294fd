"""Where things are kept.

With a home folder (`--home` or `CIFAR_TUI_HOME`) everything lies under it; without one, the platform's own
user folders are used (`platformdirs`).
"""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "CIFAR_TUI_HOME"
_APP = "cifar-tui"


@dataclass(frozen=True)
class Paths:
    """The folders of one cifar-tui home. None of them need exist yet."""

    data: Path
    """Run folders and the runner's lock live under this one."""
    datasets: Path
    """Decoded data sets."""
    presets: Path
    """The user's own presets, `*.toml`, at any depth."""

    @property
    def runs(self) -> Path:
        """The folder that holds one folder a run."""
        return self.data / "runs"

    @property
    def settings(self) -> Path:
        """The user's defaults, `config.toml`."""
        return self.presets.parent / "config.toml"

    @property
    def cifar100(self) -> Path:
        """The decoded CIFAR-100, once it was downloaded or imported."""
        return self.datasets / "cifar100.npz"

    @property
    def decoded_folders(self) -> Path:
        """The folder of one file for each folder of images that was decoded."""
        return self.datasets / "folders"

    @property
    def has_cifar100(self) -> bool:
        """Whether it is there; what cannot be looked at, however that comes, is not."""
        return os.path.isfile(self.cifar100)


def find_paths(home: Path | None = None) -> Paths:
    """Return the folders under `home`, else under `CIFAR_TUI_HOME`, else the platform's own."""
    if home is None and os.environ.get(HOME_VARIABLE):
        home = Path(os.environ[HOME_VARIABLE])
    if home is not None:
        home = expand(home).absolute()
        return Paths(data=home, datasets=home / "datasets", presets=home / "presets")
    return Paths(
        data=platformdirs.user_data_path(_APP, appauthor=False),
        datasets=platformdirs.user_cache_path(_APP, appauthor=False) / "datasets",
        presets=platformdirs.user_config_path(_APP, appauthor=False) / "presets",
    )


def expand(path: str | Path) -> Path:
    """Return `path` with the home folder for a leading `~`; that of a user who is not there stays, as in a shell."""
    return Path(os.path.expanduser(path))  # `Path.expanduser` raises


def working_folder() -> Path:
    """Return the folder that the program was started in; the home folder where that was removed since."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()
