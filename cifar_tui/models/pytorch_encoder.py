"""PyTorch's transformer encoder, set up as the report's models use it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from cifar_tui.config.model import TransformerConfig
from cifar_tui.models.stochastic_depth import branch_dropout, rising_rates

_SHORT = 256
"""Tokens up to which building the T×T matrices is cheap."""


class PyTorchEncoder(nn.TransformerEncoder):
    """A pre-LN encoder with GELU (B, T, C) → (B, T, C), without a LayerNorm after its last layer.

    Dropout follows each projection, as in `cifar_tui.models.encoder`. Attention is PyTorch's
    `scaled_dot_product_attention`, whose kernels never hold the T×T matrices of a long sequence. PyTorch's inference
    fast path is turned off for the whole process.
    """

    def __init__(
        self, dim: int, depth: int, heads: int, ffn_dim: int, dropout: float, stochastic_depth: float = 0.0
    ) -> None:
        # The fast path builds the T×T matrices: evaluating 1,024 pixel tokens on a CPU took it 4 times as long and 4
        # times the memory of scaled_dot_product_attention, and 65 tokens as long. Off, evaluation runs the kernels of
        # training.
        torch.backends.mha.set_fastpath_enabled(False)
        super().__init__(_layer(dim, heads, ffn_dim, dropout), num_layers=depth, enable_nested_tensor=False)
        # nn.TransformerEncoder copies the one layer it is given, so that all would start from the same weights.
        self.layers = nn.ModuleList(_layer(dim, heads, ffn_dim, dropout) for _ in range(depth))
        for layer, rate in zip(self.layers, rising_rates(stochastic_depth, depth), strict=True):
            layer.dropout1 = branch_dropout(dropout, rate)
            layer.dropout2 = branch_dropout(dropout, rate)

    @classmethod
    def of(cls, config: TransformerConfig) -> "PyTorchEncoder":
        """Make the encoder that a model's configuration describes."""
        return cls(
            config.embed_dim, config.depth, config.heads, config.ffn_dim, config.dropout, config.stochastic_depth
        )

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:  # type: ignore[override]
        """(B, T, C) → (B, R, C): the first `read` tokens or all. What nobody reads, the last layer does not compute."""
        if tokens.device.type == "cpu" and torch.is_autocast_enabled("cpu") and tokens.shape[1] <= _SHORT:
            # In bfloat16 the CPU's fused kernel takes 50 ms forward and backward where plain products take 14
            # (128 images, 65 tokens, 4 heads of 32; in float32 the fused one wins, 18 to 21).
            torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)
            with sdpa_kernel(SDPBackend.MATH):
                return self._through(tokens, read)
        return self._through(tokens, read)

    def _through(self, tokens: Tensor, read: int | None) -> Tensor:
        *others, last = self.layers
        for layer in others:
            tokens = layer(tokens)
        output: Tensor = last(tokens, read)
        return output


class TransformerEncoderLayer(nn.TransformerEncoderLayer):
    """PyTorch's layer, pre-LN with GELU, that can leave out the tokens nobody reads: (B, T, C) → (B, R, C)."""

    def forward(self, tokens: Tensor, read: int | None = None) -> Tensor:  # type: ignore[override]
        """(B, T, C) → (B, R, C), for the first `read` tokens or all; all T are attended to."""
        if read is None:
            return super().forward(tokens)
        normed = self.norm1(tokens)
        mixed, _ = self.self_attn(normed[:, :read], normed, normed, need_weights=False)
        x = tokens[:, :read] + self.dropout1(mixed)
        expanded = self.dropout(F.gelu(self.linear1(self.norm2(x))))
        output: Tensor = x + self.dropout2(self.linear2(expanded))
        return output


def _layer(dim: int, heads: int, ffn_dim: int, dropout: float) -> TransformerEncoderLayer:
    layer = TransformerEncoderLayer(dim, heads, ffn_dim, dropout, activation="gelu", batch_first=True, norm_first=True)
    # With dropout on the attention weights scaled_dot_product_attention builds the T×T matrices on a CPU, and training
    # on 1,024 pixel tokens is ten times slower.
    layer.self_attn.dropout = 0.0
    return layer
