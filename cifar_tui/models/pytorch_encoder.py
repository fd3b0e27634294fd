"""PyTorch's transformer encoder, set up as the report's models use it."""

import torch
from torch import nn


def pytorch_encoder(dim: int, depth: int, heads: int, ffn_dim: int, dropout: float) -> nn.TransformerEncoder:
    """Make a pre-LN encoder with GELU (B, T, C) → (B, T, C), without a LayerNorm after its last layer.

    Dropout follows each projection, as in `cifar_tui.models.encoder`. PyTorch's inference fast path is turned off for
    the whole process.
    """
    # The fast path builds the T×T matrices: evaluating 1,024 pixel tokens on a CPU took it 4 times as long and 4 times
    # the memory of scaled_dot_product_attention, and 65 tokens as long. Off, evaluation runs the kernels of training.
    torch.backends.mha.set_fastpath_enabled(False)
    encoder = nn.TransformerEncoder(_layer(dim, heads, ffn_dim, dropout), num_layers=depth, enable_nested_tensor=False)
    # nn.TransformerEncoder copies the one layer it is given, so that all would start from the same weights.
    encoder.layers = nn.ModuleList(_layer(dim, heads, ffn_dim, dropout) for _ in range(depth))
    return encoder


def _layer(dim: int, heads: int, ffn_dim: int, dropout: float) -> nn.TransformerEncoderLayer:
    layer = nn.TransformerEncoderLayer(
        dim, heads, ffn_dim, dropout, activation="gelu", batch_first=True, norm_first=True
    )
    # With dropout on the attention weights scaled_dot_product_attention builds the T×T matrices on a CPU, and training
    # on 1,024 pixel tokens is ten times slower.
    layer.self_attn.dropout = 0.0
    return layer
