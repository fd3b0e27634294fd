"""The learning rate, step by step."""

import pytest
import torch

from cifar_tui.config import Schedule
from cifar_tui.training.schedule import lr_factor


def test_cosine_is_pytorchs() -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=20)
    for step in range(21):
        assert lr_factor(Schedule.COSINE, step, 20) == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-12)
        optimiser.step()
        schedule.step()


def test_constant_stays() -> None:
    assert {lr_factor(Schedule.CONSTANT, step, 20) for step in range(21)} == {1.0}
