"""Compiling a model where the machine may not be able to."""

import pytest
import torch
from torch import nn

from cifar_tui.training.compilation import compile_if_possible


@pytest.mark.filterwarnings("ignore")
def test_a_model_runs_as_it_is_where_it_cannot_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def no_compiler(*_: object, **__: object) -> None:
        tried.append(True)
        raise FileNotFoundError("no C compiler")

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx", no_compiler)
    model = nn.Sequential(nn.Linear(8, 4), nn.GELU(), nn.Linear(4, 2))
    images = torch.randn(3, 8)
    expected = model(images)
    compile_if_possible(model)
    logits = model(images)
    logits.sum().backward()
    assert tried
    assert torch.equal(logits, expected)
    assert model[0].weight.grad is not None
