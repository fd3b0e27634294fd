"""What all the transformers do with their tokens."""

from torch import Tensor, nn

from cifar_tui.config.model import Pooling, Positions, TransformerConfig
from cifar_tui.models.embeddings import ClassToken, PositionEmbedding, SincosPositions


class TokenTransformer(nn.Module):
    """(CLS +) tokens + positions → encoder → LayerNorm → pooling → Linear: (B, T, C) → (B, num_classes)."""

    def __init__(self, config: TransformerConfig, grid: tuple[int, int], encoder: nn.Module, num_classes: int) -> None:
        super().__init__()
        dim, (rows, columns) = config.embed_dim, grid
        self.grid = grid
        """Rows and columns of the tokens."""
        self.class_token = ClassToken(dim) if config.pooling is Pooling.CLS else None
        leading = int(config.pooling is Pooling.CLS)
        self.position_embedding = (
            PositionEmbedding(leading + rows * columns, dim)
            if config.positions is Positions.LEARNED
            else SincosPositions(rows, columns, dim, leading)
        )
        self.encoder = encoder
        self.norm = nn.LayerNorm(dim)
        self.pool = SequencePooling(dim) if config.pooling is Pooling.SEQUENCE else None
        self.head = nn.Linear(dim, num_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, num_classes)."""
        if self.class_token is not None:
            tokens = self.class_token(tokens)  # (B, 1 + T, C)
        read = 1 if self.class_token is not None else None  # the CLS token alone
        tokens = self.encoder(self.position_embedding(tokens), read)
        if self.class_token is not None:
            pooled = self.norm(tokens[:, 0])
        elif self.pool is not None:
            pooled = self.pool(self.norm(tokens))
        else:
            pooled = self.norm(tokens).mean(dim=1)
        logits: Tensor = self.head(pooled)  # (B, C) → (B, num_classes)
        return logits


class SequencePooling(nn.Module):
    """A mean of the tokens whose weights are learned (Hassani et al., 2021, section 3.2): (B, T, C) → (B, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(dim, 1, bias=False)  # one that all scores share would cancel in the softmax

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, C)."""
        weights = self.score(tokens).softmax(dim=1)  # (B, T, 1)
        pooled: Tensor = (weights.transpose(1, 2) @ tokens).squeeze(1)
        return pooled
