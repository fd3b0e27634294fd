"""What runs cost, as it was measured before, kept in a file that several machines may share."""

import contextlib
import hashlib
import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from cifar_tui.bench.probe import Cost, read_answer
from cifar_tui.config import IMAGES, RunConfig
from cifar_tui.files import make_folder, read_plain, replace_text

_WITHOUT_EFFECT = ("epochs", "lr", "schedule", "warmup_epochs", "weight_decay", "momentum", "seed", "patience")
"""Of the recipe: what changes neither a step's time nor its memory."""
_MOST_KEPT = 500
_LARGEST = 2**20


class Costs:
    """The costs in one file; one that cannot be read or written only costs new measurements."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._costs = _read(file)
        self._machine = _machine()

    def known(self, config: RunConfig) -> Cost | None:
        """Return what was measured on this machine before of runs that cost the same."""
        return self._costs.get(self._key(config))

    def keep(self, config: RunConfig, cost: Cost) -> None:
        """Write down what was measured on this machine."""
        self._costs[self._key(config)] = cost
        newest = list(self._costs.items())[-_MOST_KEPT:]
        with contextlib.suppress(OSError):
            make_folder(self._file.parent)
            replace_text(self._file, json.dumps({key: asdict(cost) for key, cost in newest}), durable=False)

    def _key(self, config: RunConfig) -> str:
        return f"{self._machine}-{cost_key(config)}"


def cost_key(config: RunConfig) -> str:
    """Return what is equal for runs of which an epoch costs the same on one machine."""
    values = config.model_dump(mode="json", include={"model", "data", "training"})
    for name in _WITHOUT_EFFECT:
        del values["training"][name]
    for name in IMAGES:
        del values["data"][name]
    return _short_hash(values)


def _machine() -> str:
    """Return what is equal where a run costs the same: host, visible GPUs, and the versions of what computes."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return _short_hash([platform.node(), visible, version("torch"), version("cifar-tui")])


def _short_hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _read(file: Path) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError, RecursionError):
        for key, value in json.loads(read_plain(file, _LARGEST)).items():
            cost = read_answer(json.dumps(value).encode())
            if isinstance(cost, Cost):
                costs[key] = cost
    return costs
