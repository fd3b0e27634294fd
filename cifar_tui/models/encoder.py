"""A transformer encoder from scratch (report, section 4), in the place of PyTorch's own.

Its parts are `nn.Linear`, `nn.LayerNorm`, `torch.einsum` and `F.softmax`, with dropout and GELU between them. With
equal weights its outputs and gradients are those of PyTorch's pre-LN encoder.

Shapes: B images, T tokens, of which the first R are read, C channels, H heads of D = C / H channels each.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cifar_tui.models.stochastic_depth import branch_dropout, rising_rates


class MultiHeadSelfAttention(nn.Module):
    """Scaled dot-product attention of every token to every token (Vaswani et al., 2017, section 3.2).

    The query, key and value projections have no bias; the output projection has one. (B, T, C) → (B, R, C)
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.output = nn.Linear(dim, dim)
        # As PyTorch's attention starts: it draws the three projections as one (3C, C) matrix, and the gain gives
        # three (C, C) matrices the bound of that one. Its output projection is a plain Linear whose bias is zero.
        for projection in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(projection.weight, gain=1 / math.sqrt(2))
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, read: int | None = None) -> Tensor:
        """(B, T, C) → (B, R, C), for the first `read` tokens or all."""
        v = self._split_heads(self.value(x))
        mixed = torch.einsum("bhij,bhjd->bhid", self.weights(x, read), v)  # (B, H, R, D)
        output: Tensor = self.output(mixed.transpose(1, 2).flatten(2))  # (B, R, C)
        return output

    def weights(self, x: Tensor, read: int | None = None) -> Tensor:
        """Each query i's weights over the keys j, which sum to 1: (B, T, C) → (B, H, R, T)."""
        q = self._split_heads(self.query(x[:, :read]))
        k = self._split_heads(self.key(x))
        # The queries are scaled rather than the scores: the product is the same, and they are fewer numbers.
        scores = torch.einsum("bhid,bhjd->bhij", q / math.sqrt(q.shape[-1]), k)
        return F.softmax(scores, dim=-1)

    def _split_heads(self, x: Tensor) -> Tensor:
        batch, tokens, dim = x.shape
        return x.reshape(batch, tokens, self.heads, dim // self.heads).transpose(1, 2)  # (B, T, C) → (B, H, T, D)


class FeedForward(nn.Module):
    """Two linear maps with a GELU between, on each token alone: (B, T, C) → (B, T, C)."""

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden)
        self.dropout = nn.Dropout(dropout)
        self.contract = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        output: Tensor = self.contract(self.dropout(F.gelu(self.expand(x))))
        return output


class EncoderLayer(nn.Module):
    """Attention, then feed-forward, each x + f(LN(x)): pre-LN trains without warm-up (Xiong et al., 2020).

    (B, T, C) → (B, R, C)
    """

    def __init__(self, dim: int, heads: int, ffn_dim: int, dropout: float, stochastic_depth: float = 0.0) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = MultiHeadSelfAttention(dim, heads)
        self.attention_dropout = branch_dropout(dropout, stochastic_depth)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, ffn_dim, dropout)
        self.feed_forward_dropout = branch_dropout(dropout, stochastic_depth)

    def forward(self, x: Tensor, read: int | None = None) -> Tensor:
        """(B, T, C) → (B, R, C), for the first `read` tokens or all; all T are attended to."""
        x = x[:, :read] + self.attention_dropout(self.attention(self.attention_norm(x), read))
        output: Tensor = x + self.feed_forward_dropout(self.feed_forward(self.feed_forward_norm(x)))
        return output


class Encoder(nn.Module):
    """A stack of layers. As pre-LN leaves the sum unnormalised, the model puts a LayerNorm after it.

    (B, T, C) → (B, R, C)
    """

    def __init__(
        self, dim: int, depth: int, heads: int, ffn_dim: int, dropout: float, stochastic_depth: float = 0.0
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(dim, heads, ffn_dim, dropout, rate) for rate in rising_rates(stochastic_depth, depth)
        )

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:
        """(B, T, C) → (B, R, C): the first `read` tokens or all. What nobody reads, the last layer does not compute."""
        return run_layers(self.layers, tokens, read)


def run_layers(layers: nn.ModuleList, tokens: Tensor, read: int | None) -> Tensor:
    """Run one after the other, and of the last the first `read` tokens alone, or all: (B, T, C) → (B, R, C)."""
    *others, last = layers
    for layer in others:
        tokens = layer(tokens)
    output: Tensor = last(tokens, read)
    return output
