"""What an epoch adds up on the device. Nothing is read back until somebody asks: a read waits for the device."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Tally:
    """Loss, hits and gradient norms of one epoch's batches."""

    def __init__(self, batch_sizes: Sequence[int], device: torch.device) -> None:
        self._sizes = torch.tensor(batch_sizes, dtype=torch.float64)
        self._losses = torch.zeros(len(batch_sizes), device=device)
        self._norms = torch.zeros(len(batch_sizes), device=device)  # of the steps, at the place of their last batch
        self._hits = torch.zeros((), device=device)

    def clear(self) -> None:
        """Begin a new epoch."""
        self._losses.zero_()
        self._norms.zero_()
        self._hits.zero_()

    def add_batch(self, batch: int, loss: Tensor, hits: Tensor) -> None:
        """Note the mean loss of a batch (counted from 0) and how many of its images were right."""
        self._losses[batch] = loss.detach()
        self._hits += hits

    def add_step(self, batch: int, norm: Tensor) -> None:
        """Note the gradient norm of the step that this batch completed."""
        self._norms[batch] = norm

    def first_bad_batch(self, batches: int) -> int | None:
        """Return the first of the epoch's first `batches` whose loss is not finite."""
        bad = (~self._losses[:batches].isfinite()).nonzero()
        return int(bad[0]) if len(bad) else None

    def loss(self, batches: int) -> float:
        """Return the mean loss over the images of the first `batches`, nats."""
        sizes = self._sizes[:batches]
        return float((self._losses[:batches].cpu().double() * sizes).sum() / sizes.sum())

    def accuracy(self, batches: int) -> float:
        """Return the share of the images of the first `batches` that were right."""
        return float(self._hits.cpu().double() / self._sizes[:batches].sum())

    def grad_norm(self, batches: int) -> float | None:
        """Return the mean gradient norm of the steps; those of float16 that overflowed were not made."""
        norms = self._norms[:batches].cpu().double()
        norms = norms[norms.isfinite() & (norms > 0)]
        return float(norms.mean()) if len(norms) else None

    def state_dict(self) -> dict[str, Tensor]:
        """Return what was added up so far."""
        return {"losses": self._losses, "norms": self._norms, "hits": self._hits}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self._losses.copy_(state["losses"])
        self._norms.copy_(state["norms"])
        self._hits.copy_(state["hits"])
