"""Recurrent networks that read an image as a sequence (report, section 6).

LSTM: Hochreiter & Schmidhuber, 1997. GRU: Cho et al., 2014. Bidirectional: Schuster & Paliwal, 1997.
"""

import torch
from torch import Tensor, nn

from cifar_tui.config.model import ImageGRUConfig, ImageLSTMConfig, StepPooling
from cifar_tui.models.sequences import ImageToSequence


class ImageRNN(nn.Module):
    """Sequence → stacked bidirectional RNN → its last layer's two final states → Dropout → Linear.

    By choice with a LayerNorm before the RNN, or with the mean over all steps after it.

    (B, 3, 32, 32) → (B, num_classes)
    """

    def __init__(
        self, config: ImageLSTMConfig | ImageGRUConfig, num_classes: int, cell: type[nn.LSTM] | type[nn.GRU]
    ) -> None:
        super().__init__()
        self.sequence = ImageToSequence(config.sequence)
        self.input_norm = nn.LayerNorm(self.sequence.features) if config.input_norm else None
        # One module a layer, not one for all: PyTorch's own dropout between them takes 8 % of a step on a CPU.
        self.layers = nn.ModuleList(
            cell(features, config.hidden_size, batch_first=True, bidirectional=True)
            for features in (self.sequence.features, *[2 * config.hidden_size] * (config.layers - 1))
        )
        self.pooling = config.pooling
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.hidden_size, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) → (B, num_classes)."""
        steps = self.sequence(images)  # (B, T, D)
        if self.input_norm is not None:
            steps = self.input_norm(steps)
        first, *others = self.layers
        steps, state = first(steps)  # (B, T, 2H)
        for layer in others:
            steps, state = layer(self.dropout(steps))
        if self.pooling is StepPooling.MEAN:
            pooled = steps.mean(dim=1)  # (B, 2H)
        else:
            hidden = state[0] if isinstance(state, tuple) else state  # an LSTM's state is (hidden, cell)
            # The two directions of the last layer: forward after the last step, backward after the first. Each has then
            # read the whole image.
            pooled = torch.cat([hidden[0], hidden[1]], dim=1)  # (B, 2H)
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


class ImageLSTM(ImageRNN):
    """A bidirectional LSTM over the image: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: ImageLSTMConfig, num_classes: int) -> None:
        super().__init__(config, num_classes, nn.LSTM)


class ImageGRU(ImageRNN):
    """A bidirectional GRU over the image: (B, 3, 32, 32) → (B, num_classes)."""

    def __init__(self, config: ImageGRUConfig, num_classes: int) -> None:
        super().__init__(config, num_classes, nn.GRU)
