"""The learning rate over a run."""

import pytest
import torch

from cifar_tui.config import Schedule
from cifar_tui.training.schedule import lr_factor


@pytest.mark.parametrize(("schedule", "steps_a_move"), [(Schedule.COSINE, 1), (Schedule.EPOCH_COSINE, 4)])
def test_cosine_is_pytorchs(schedule: Schedule, steps_a_move: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    pytorchs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=20 // steps_a_move)
    for step in range(21):
        if step and step % steps_a_move == 0:
            optimiser.step()
            pytorchs.step()
        assert lr_factor(schedule, step, 5, 4) == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-12)


def test_constant_stays() -> None:
    assert {lr_factor(Schedule.CONSTANT, step, 5, 4) for step in range(21)} == {1.0}
