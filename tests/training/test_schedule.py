"""The learning rate over a run."""

import pytest
import torch

from cifar_tui.config import TrainingConfig
from cifar_tui.training.schedule import lr_factor

STEPS_PER_EPOCH = 4


def rates(epochs: int = 5, **recipe: object) -> list[float]:
    """Every step's factor."""
    training = TrainingConfig.model_validate({"epochs": epochs, **recipe})
    return [lr_factor(training, step, STEPS_PER_EPOCH) for step in range(epochs * STEPS_PER_EPOCH)]


def pytorchs(make: type[torch.optim.lr_scheduler.LRScheduler], steps: int, **arguments: object) -> list[float]:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimiser, **arguments)  # type: ignore[arg-type]
    told: list[float] = []
    for _ in range(steps):
        told.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return told


def test_cosine_is_pytorchs() -> None:
    theirs = pytorchs(torch.optim.lr_scheduler.CosineAnnealingLR, 20, T_max=20)
    assert rates(schedule="cosine") == pytest.approx(theirs, abs=1e-12)


def test_epoch_cosine_is_pytorchs_stepped_once_an_epoch() -> None:
    theirs = pytorchs(torch.optim.lr_scheduler.CosineAnnealingLR, 5, T_max=5)
    assert rates(schedule="epoch_cosine") == pytest.approx([rate for rate in theirs for _ in range(4)], abs=1e-12)


@pytest.mark.parametrize("epochs", [1, 2, 5, 50])
def test_one_cycle_is_pytorchs(epochs: int) -> None:
    theirs = pytorchs(
        torch.optim.lr_scheduler.OneCycleLR, epochs * 4, max_lr=1.0, total_steps=epochs * 4, cycle_momentum=False
    )
    assert rates(epochs, schedule="one_cycle") == pytest.approx(theirs, abs=1e-12)


def test_constant_stays() -> None:
    assert set(rates(schedule="constant")) == {1.0}


@pytest.mark.parametrize("schedule", ["cosine", "epoch_cosine", "constant"])
def test_a_warm_up_rises_in_a_line_and_the_rest_follows_as_a_shorter_run(schedule: str) -> None:
    warmed = rates(schedule=schedule, warmup_epochs=2)
    assert warmed[:8] == pytest.approx([step / 9 for step in range(1, 9)])
    assert warmed[8:] == pytest.approx(rates(3, schedule=schedule))


def test_part_of_an_epoch_can_warm_up() -> None:
    warmed = rates(schedule="cosine", warmup_epochs=0.5)
    assert warmed[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert warmed[-1] > 0
