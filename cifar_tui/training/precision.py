"""Which type and memory order a model computes in on a device."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from cifar_tui.config import Layout, Optimiser, Precision, TrainingConfig

_TYPES = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}
_BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


class PrecisionError(Exception):
    """One sentence: the device does not compute in what was asked for."""


@dataclass(frozen=True)
class Numerics:
    """How one model computes on one device; nothing in it is `auto`."""

    device: torch.device
    precision: Precision
    channels_last: bool
    """Whether images and filters lie with their channels last in memory."""

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of forward passes: matrix products in `precision`, sums and weights in float32."""
        if self.precision is Precision.FLOAT32:
            return nullcontext()
        return torch.autocast(self.device.type, _TYPES[self.precision])

    def place(self, model: nn.Module) -> nn.Module:
        """Move `model` to the device, its filters in the memory order; return it."""
        order = torch.channels_last if self.channels_last else torch.preserve_format
        return model.to(self.device).to(memory_format=order)


def choose_numerics(recipe: TrainingConfig, model: nn.Module, device: torch.device) -> Numerics:
    """Settle what `auto` stands for.

    On CUDA, float32 products may round their inputs to TF32, and cuDNN tries which convolution is fastest.

    Raises:
        PrecisionError: float16 on a CPU or with Muon, bfloat16 for recurrent networks on CUDA.
    """
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    return Numerics(device, _precision(recipe, model, device), _channels_last(recipe.layout, model, device))


def _precision(recipe: TrainingConfig, model: nn.Module, device: torch.device) -> Precision:
    # Under autocast cuDNN's recurrent cells take float16 whichever type was asked for, and with bfloat16 no scale lifts
    # the gradients that float16 cannot hold.
    is_recurrent = device.type == "cuda" and any(isinstance(module, nn.RNNBase) for module in model.modules())
    match recipe.precision:
        case Precision.AUTO:
            fits = _computes_in_bfloat16(device) and not is_recurrent
            return Precision.BFLOAT16 if fits else Precision.FLOAT32
        case Precision.FLOAT16 if device.type == "cpu":
            raise PrecisionError("A CPU does not train in float16; precision = auto takes the fastest that it does.")
        case Precision.FLOAT16 if recipe.optimiser is Optimiser.MUON:
            # A step that overflows is left out by each of its two optimisers for itself: one would go on with a NaN.
            raise PrecisionError("Muon does not train in float16; take precision = auto, or adamw or sgd.")
        case Precision.BFLOAT16 if is_recurrent:
            raise PrecisionError("LSTM and GRU do not train in bfloat16 on CUDA; precision = auto takes float32.")
    return recipe.precision


def _computes_in_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # Ampere
    if device.type == "cpu":
        # Older versions of torch do not tell.
        capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        return any(capabilities.get(name) for name in _BFLOAT16_INSTRUCTIONS)
    return False


def _channels_last(wanted: Layout, model: nn.Module, device: torch.device) -> bool:
    if wanted is not Layout.AUTO:
        return wanted is Layout.CHANNELS_LAST
    # On MPS, gradients of BatchNorm and LSTM were reported wrong in that order.
    return device.type != "mps" and any(isinstance(module, nn.Conv2d) for module in model.modules())
