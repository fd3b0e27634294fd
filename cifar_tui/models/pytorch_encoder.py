"""PyTorch's transformer encoder, set up as the report's models use it.

Shapes: B images, T tokens, of which the first R are read, C channels, H heads of D = C / H channels each.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cifar_tui.config.model import TransformerConfig
from cifar_tui.models.encoder import run_layers
from cifar_tui.models.stochastic_depth import branch_dropout, rising_rates

_SHORT = 256
"""Tokens up to which building the T×T matrices is cheap."""


class PyTorchEncoder(nn.TransformerEncoder):
    """A pre-LN encoder with GELU (B, T, C) → (B, R, C), without a LayerNorm after its last layer.

    Dropout follows each projection, as in `cifar_tui.models.encoder`.
    """

    def __init__(
        self, dim: int, depth: int, heads: int, ffn_dim: int, dropout: float, stochastic_depth: float = 0.0
    ) -> None:
        layers = [
            TransformerEncoderLayer(dim, heads, ffn_dim, dropout, rate)
            for rate in rising_rates(stochastic_depth, depth)
        ]
        super().__init__(layers[0], num_layers=depth, enable_nested_tensor=False)
        # nn.TransformerEncoder copies the one layer it is given, so that all would start from the same weights.
        self.layers = nn.ModuleList(layers)

    @classmethod
    def of(cls, config: TransformerConfig) -> "PyTorchEncoder":
        """Make the encoder that a model's configuration describes."""
        return cls(
            config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout, config.stochastic_depth
        )

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:  # type: ignore[override]
        """(B, T, C) → (B, R, C): the first `read` tokens or all. What nobody reads, the last layer does not compute."""
        return run_layers(self.layers, tokens, read)


class TransformerEncoderLayer(nn.TransformerEncoderLayer):
    """PyTorch's layer, pre-LN with GELU, that can leave out the tokens nobody reads: (B, T, C) → (B, R, C)."""

    def __init__(self, dim: int, heads: int, ffn_dim: int, dropout: float, stochastic_depth: float = 0.0) -> None:
        super().__init__(dim, heads, ffn_dim, dropout, activation="gelu", batch_first=True, norm_first=True)
        self.self_attn = SelfAttention(dim, heads)
        self.dropout1 = branch_dropout(dropout, stochastic_depth)  # type: ignore[assignment]
        self.dropout2 = branch_dropout(dropout, stochastic_depth)  # type: ignore[assignment]

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:  # type: ignore[override]
        """(B, T, C) → (B, R, C), for the first `read` tokens or all; all T are attended to."""
        x = tokens[:, :read] + self.dropout1(self.self_attn(self.norm1(tokens), read))
        expanded = self.dropout(F.gelu(self.linear1(self.norm2(x))))
        output: Tensor = x + self.dropout2(self.linear2(expanded))
        return output


class SelfAttention(nn.MultiheadAttention):
    """PyTorch's attention of every token to every token, without dropout on its weights: (B, T, C) → (B, R, C).

    PyTorch's own `forward` moves the tokens in front of the images and back, and the copies take a quarter of its time.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads, batch_first=True)

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:  # type: ignore[override]
        """(B, T, C) → (B, R, C), for the first `read` tokens or all."""
        weight, bias, dim = self.in_proj_weight, self.in_proj_bias, self.embed_dim
        if read is None:
            q, k, v = self._split_heads(F.linear(tokens, weight, bias))
        else:
            (q,) = self._split_heads(F.linear(tokens[:, :read], weight[:dim], bias[:dim]))
            k, v = self._split_heads(F.linear(tokens, weight[dim:], bias[dim:]))
        output: Tensor = self.out_proj(_attend(q, k, v).transpose(1, 2).flatten(2))  # (B, H, R, D) → (B, R, C)
        return output

    def weights(self, tokens: Tensor) -> Tensor:
        """Each query i's weights over the keys j, which sum to 1: (B, T, C) → (B, H, T, T)."""
        width = 2 * self.embed_dim
        return _weights(*self._split_heads(F.linear(tokens, self.in_proj_weight[:width], self.in_proj_bias[:width])))

    def _split_heads(self, projected: Tensor) -> tuple[Tensor, ...]:
        """(B, T, n C) → n of (B, H, T, D)."""
        batch, tokens, _ = projected.shape
        split = projected.reshape(batch, tokens, -1, self.num_heads, self.head_dim)
        parts: tuple[Tensor, ...] = split.permute(2, 0, 3, 1, 4).unbind()
        return parts


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The mean of the values `v` by how well their keys fit each query: (B, H, R, D)."""
    if q.device.type == "cpu" and q.dtype is torch.bfloat16 and k.shape[2] <= _SHORT:
        # In bfloat16 the CPU's fused kernel takes 188 ms where plain products take 60 (256 images, 65 tokens, 4 heads
        # of 32, forward and backward with the projections); in float32 both take 98.
        return _weights(q, k) @ v
    return F.scaled_dot_product_attention(q, k, v)


def _weights(q: Tensor, k: Tensor) -> Tensor:
    """(B, H, R, D) and (B, H, T, D) → (B, H, R, T)."""
    scores: Tensor = q / math.sqrt(q.shape[-1]) @ k.transpose(2, 3)
    return scores.softmax(dim=-1)
