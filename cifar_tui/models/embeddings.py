"""What a vision transformer adds to its tokens (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, eq. 1)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_STD = 0.02
"""Of the truncated normal that both start from, as in BERT and ViT: small beside the tokens, yet not symmetric."""


class ClassToken(nn.Module):
    """Prepends a learnable CLS token, which gathers what the classifier needs: (B, T, C) → (B, 1 + T, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, dim))
        nn.init.trunc_normal_(self.token, std=_STD)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, 1 + T, C)."""
        return torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], dim=1)


class PositionEmbedding(nn.Module):
    """Adds a learnable vector to each position, since attention alone cannot tell one from another.

    (B, T, C) → (B, T, C)
    """

    def __init__(self, length: int, dim: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(1, length, dim))
        nn.init.trunc_normal_(self.positions, std=_STD)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        return tokens + self.positions


class SincosPositions(nn.Module):
    """Adds fixed sines and cosines of each token's place in a grid (Beyer et al., "Better plain ViT baselines", 2022).

    Half of the channels tell the column, half the row, at wavelengths from 2π to 20,000π places. A CLS token before the
    grid gets nothing added. (B, T, C) → (B, T, C)
    """

    def __init__(self, rows: int, columns: int, dim: int, leading: int) -> None:
        super().__init__()
        frequencies = 10_000 ** -torch.linspace(0, 1, dim // 4)
        row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        angles = [place.flatten()[:, None] * frequencies for place in (column, row)]
        waves = torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=1)  # (rows·columns, C)
        self.positions: Tensor
        self.register_buffer("positions", F.pad(waves, (0, 0, leading, 0))[None], persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        return tokens + self.positions
