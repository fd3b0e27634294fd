"""From gradients to new weights: the optimisers, weight decay, clipping and the scale of float16's loss."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from cifar_tui.config import Optimiser, Precision, TrainingConfig
from cifar_tui.models.embeddings import ClassToken, PositionEmbedding

_EMBEDDINGS = (ClassToken, PositionEmbedding)
_FUSED_DEVICES = ("cpu", "cuda")


class OptimiserError(Exception):
    """One sentence: the optimiser that was asked for is not there, or has nothing to do."""


class Optimisation:
    """The optimisers of one model: most recipes have one, Muon's has AdamW beside it."""

    def __init__(self, model: nn.Module, recipe: TrainingConfig, precision: Precision, device: torch.device) -> None:
        self._parameters = list(model.parameters())
        self._clip_norm = recipe.clip_norm
        self._optimisers = tuple(_optimisers(model, recipe, device))
        # Gradients below float16's smallest number would vanish: the scale lifts them. Steps that overflow are skipped.
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision is Precision.FLOAT16)

    def set_lr(self, lr: float) -> None:
        """Let the next steps learn at this rate."""
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = lr

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss`."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self) -> Tensor:
        """Clip the gradients and change the weights by them; return their global norm before clipping, a scalar."""
        for optimiser in self._optimisers:
            self._scaler.unscale_(optimiser)
        if self._clip_norm:
            norm = nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)
        else:
            norm = nn.utils.get_total_norm([p.grad for p in self._parameters if p.grad is not None])
        for optimiser in self._optimisers:
            self._scaler.step(optimiser)
        self._scaler.update()
        return norm

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next steps depend on."""
        return {
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "scaler": self._scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`.

        Raises:
            ValueError: it belongs to other optimisers.
        """
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self._scaler.load_state_dict(state["scaler"])


def _optimisers(model: nn.Module, recipe: TrainingConfig, device: torch.device) -> Iterator[torch.optim.Optimizer]:
    fused = device.type in _FUSED_DEVICES
    everything = list(model.parameters())
    match recipe.optimiser:
        case Optimiser.ADAMW:
            yield torch.optim.AdamW(_groups(model, recipe, everything), lr=recipe.lr, fused=fused)
        case Optimiser.SGD:
            yield torch.optim.SGD(
                _groups(model, recipe, everything),
                lr=recipe.lr,
                momentum=recipe.momentum,
                nesterov=recipe.momentum > 0,
                fused=fused,
            )
        case Optimiser.MUON:
            if not hasattr(torch.optim, "Muon"):
                raise OptimiserError(f"torch {torch.__version__} has no Muon; update torch, or take adamw or sgd.")
            hidden = list(_hidden_matrices(model))
            if not hidden:
                raise OptimiserError(
                    "Muon is for hidden weight matrices, of which this model has none: take sgd or adamw."
                )
            chosen = {id(parameter) for parameter in hidden}
            others = [parameter for parameter in everything if id(parameter) not in chosen]
            yield torch.optim.AdamW(_groups(model, recipe, others), lr=recipe.lr, fused=fused)
            # Scaled so that its steps are as large as AdamW's, one learning rate serves both (Liu et al., 2025).
            yield torch.optim.Muon(
                hidden,
                lr=recipe.lr,
                momentum=recipe.momentum,
                weight_decay=recipe.weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )


def _groups(model: nn.Module, recipe: TrainingConfig, parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """Split `parameters` into those whose weights decay and the others."""
    spared = set() if recipe.decay_all else {id(parameter) for parameter in _undecayed(model)}
    decayed = [parameter for parameter in parameters if id(parameter) not in spared]
    others = [parameter for parameter in parameters if id(parameter) in spared]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _undecayed(model: nn.Module) -> Iterator[nn.Parameter]:
    """Norms, biases and embeddings: all that is no weight matrix or filter."""
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.ndim < 2 or isinstance(module, _EMBEDDINGS):
                yield parameter


def _hidden_matrices(model: nn.Module) -> Iterator[nn.Parameter]:
    """The matrices between other layers: neither the first, which embeds, nor the last, which classifies.

    Of a recurrent layer that is the first, neither direction's input matrix is one; nor is a matrix of a single row.
    """
    spared = {id(parameter) for parameter in _undecayed(model)}
    matrices = [(name, p) for name, p in model.named_parameters() if id(p) not in spared]
    first = matrices[0][0].removesuffix("_reverse")
    for name, parameter in matrices[:-1]:
        if name.removesuffix("_reverse") != first and parameter.ndim == 2 and len(parameter) > 1:
            yield parameter
