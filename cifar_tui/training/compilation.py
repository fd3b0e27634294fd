"""Putting a model through `torch.compile`."""

import torch
from torch import nn


def compile_if_possible(model: nn.Module) -> None:
    """Let `model` be compiled at its first batch; where that fails, it runs as it is.

    Compiling needs more than torch, such as a C compiler and Python's headers, which servers often lack. torch then
    warns and goes on without.
    """
    torch.compiler.reset()  # what other runs of this process compiled counts towards a limit for all of them
    torch._dynamo.config.suppress_errors = True
    # Left to itself torch answers an epoch's smaller last batch with a graph for any batch size, and keeps to that one.
    model.compile(dynamic=False)
