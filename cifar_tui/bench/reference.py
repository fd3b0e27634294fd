"""The report's way of training, as its course teaches it: the yardstick that our loop is measured against."""

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import MEAN, STD
from cifar_tui.data.dataset import ImageDataset, LabelledImages
from cifar_tui.models.build import build
from cifar_tui.models.dropout import Dropout
from cifar_tui.models.pytorch_encoder import PyTorchEncoder
from cifar_tui.models.token_transformer import TokenTransformer

_WORKERS = 2


class _PILImages(Dataset[tuple[Tensor, int]]):
    """Images that are decoded, cropped, mirrored and normalised one by one."""

    def __init__(self, images: LabelledImages) -> None:
        self._images = images
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image: Tensor = self._transform(Image.fromarray(self._images.pixels[index]))
        return image, int(self._images.labels[index])


def reference_steps(config: RunConfig, dataset: ImageDataset, device: torch.device) -> Iterator[int]:
    """Train without end, in float32 on torchvision's data loader with two workers; yield the images of each step."""
    recipe = config.training
    torch.manual_seed(recipe.seed)
    model = build(config.model, len(dataset.class_names)).to(device)
    _use_pytorchs_encoder(model)
    _use_pytorchs_dropout(model)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    loader = DataLoader(
        _PILImages(dataset.train),
        batch_size=recipe.batch_size,
        shuffle=True,
        num_workers=_WORKERS,
        pin_memory=device.type == "cuda",
        persistent_workers=True,
    )
    loss_sum = 0.0
    while True:
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            optimiser.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            loss_sum += loss.item()
            yield len(labels)


class _WholeEncoder(nn.Module):
    """An encoder that does not leave out what nobody reads: (B, T, C) → (B, T, C)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: Tensor, _read: int | None) -> Tensor:
        output: Tensor = self.encoder(tokens)
        return output


def _use_pytorchs_encoder(model: nn.Module) -> None:
    """Undo what makes our transformers cheap: their attention, and that the last layer computes only what is read."""
    for part in list(model.modules()):
        if isinstance(part, TokenTransformer):
            encoder = part.encoder
            part.encoder = _WholeEncoder(_pytorchs(encoder) if isinstance(encoder, PyTorchEncoder) else encoder)


def _pytorchs(encoder: PyTorchEncoder) -> nn.TransformerEncoder:
    ours = encoder.layers[0]
    assert isinstance(ours, nn.TransformerEncoderLayer)
    layer = nn.TransformerEncoderLayer(
        ours.linear1.in_features,
        ours.self_attn.num_heads,
        ours.linear1.out_features,
        ours.dropout.p,
        activation="gelu",
        batch_first=True,
        norm_first=True,
        device=ours.linear1.weight.device,
    )
    return nn.TransformerEncoder(layer, encoder.num_layers, enable_nested_tensor=False)


def _use_pytorchs_dropout(model: nn.Module) -> None:
    """Undo that our models' dropout draws a cheaper mask."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is Dropout:
                setattr(parent, name, nn.Dropout(child.p))
