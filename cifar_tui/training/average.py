"""A moving average of a model, which is evaluated in its place."""

from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class MovingAverage(AveragedModel):
    """An exponential moving average of the weights and of BatchNorm's statistics; it begins with the first step's.

    Each step: average = decay · average + (1 - decay) · weights. torch's own way to it waits for the device at each
    step, twice, and takes the counters of BatchNorm one by one.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model, use_buffers=True)
        self._decay = decay
        for module in self.module.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()  # a copy's weights lie apart, and cuDNN would gather them at every call

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take a step towards `model`."""
        pairs = list(zip(_tensors(self.module), _tensors(model), strict=True))
        moved = [pair for pair in pairs if pair[0].is_floating_point()]
        counted = [pair for pair in pairs if not pair[0].is_floating_point()]
        share = 1 - self._decay if self.n_averaged > 0 else 1.0  # it lies on the CPU: to ask for it is no wait
        torch._foreach_lerp_([ours for ours, _ in moved], [theirs for _, theirs in moved], share)
        if counted:
            torch._foreach_copy_([ours for ours, _ in counted], [theirs for _, theirs in counted])
        self.n_averaged += 1


def _tensors(model: nn.Module) -> chain[Tensor]:
    return chain(model.parameters(), model.buffers())
