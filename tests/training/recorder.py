"""A run in memory, and what it said."""

import copy
from dataclasses import replace

import torch

from cifar_tui import events as events_module
from cifar_tui.config import RunConfig
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.events import EpochFinished, Event, Results, RunEnded, RunStarted
from cifar_tui.training.loop import State, train

Predictions = events_module.Tested  # under its own name pytest would take it for tests
_TIMES = {"seconds": 0.0, "images_per_second": 0.0}


class Recorder:
    """What a run said, and the last state it handed out."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.events: list[Event] = []
        self.states: list[State] = []
        self._asked = 0
        self._stop_at = stop_at

    def should_stop(self) -> bool:
        self._asked += 1
        return self._stop_at is not None and self._asked > self._stop_at

    def save(self, state: State) -> None:
        self.states.append(copy.deepcopy(state))

    @property
    def started(self) -> RunStarted:
        return next(event for event in self.events if isinstance(event, RunStarted))

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        weights: dict[str, torch.Tensor] = self.states[-1]["model"]
        return weights

    @property
    def epochs(self) -> list[EpochFinished]:
        """The finished epochs, without what depends on the clock."""
        return [replace(event, **_TIMES) for event in self.events if isinstance(event, EpochFinished)]

    @property
    def tested(self) -> Predictions:
        return next(event for event in self.events if isinstance(event, Predictions))

    @property
    def results(self) -> Results:
        last = self.events[-1]
        assert isinstance(last, RunEnded)
        assert last.results
        return last.results


def run(
    config: RunConfig, dataset: ImageDataset, *, stop_at: int | None = None, state: State | None = None
) -> Recorder:
    """Train; with `stop_at` only that many batches."""
    recorder = Recorder(stop_at)
    train(config, dataset, recorder.events.append, recorder.should_stop, recorder.save, state)
    return recorder


def assert_same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name
