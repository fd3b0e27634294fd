"""What augmentation makes of an image: `python -m cifar_tui.data.variants` answers in a process of its own.

There torch is imported, and not in the app that shows the images. It reads one request a line and answers each with one
line. The images come out of the very code that trains, and are turned from normalised values back into pixels.
"""

import json
import sys
from collections.abc import Callable, Iterable
from itertools import count

from pydantic import BaseModel, ConfigDict, Field

from cifar_tui.config import DataConfig
from cifar_tui.data.dataset import SIDE

IMAGE_BYTES = SIDE * SIDE * 3
MOST_VARIANTS = 400
_OTHERS_A_COPY = 3
"""Among so many other images for each copy of the one that is asked for, a copy seldom meets another copy."""


class Request(BaseModel):
    """A line that the process reads."""

    model_config = ConfigDict(defer_build=True, frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    number: int
    config: DataConfig
    """Its augmentation is what counts; no data set is read."""
    image: bytes
    """uint8 RGB, `[32, 32, 3]`."""
    others: tuple[bytes, ...] = ()
    """Images that mixup and CutMix may mix in, each like `image`; without any it is mixed with itself."""
    variants: int = Field(ge=1, le=MOST_VARIANTS)
    """How many are wanted."""
    draw: int = 0
    """The same variants for the same number."""


class Variants(BaseModel):
    """The answer to a request."""

    model_config = ConfigDict(defer_build=True, frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    number: int
    pixels: bytes = b""
    """uint8 RGB, `[variants, 32, 32, 3]`."""
    mixed_with: tuple[int, ...] = ()
    """The place in `others` of what is mixed into each variant; -1 where it is the image itself."""
    weights: tuple[float, ...] = ()
    """The share of the image's own label in each variant; none where nothing is mixed."""
    error: str | None = None
    """One sentence, in place of all else."""


def serve(requests: Iterable[str | bytes], answer: Callable[[Variants], None]) -> None:
    """Answer each line of `requests` until they end."""
    for line in requests:
        number = 0
        try:
            number = int(json.loads(line)["number"])
            answer(make_variants(Request.model_validate_json(line)))
        except Exception as error:  # whatever goes wrong costs one answer, and not the process
            reason = str(error).partition("\n")[0] or type(error).__name__
            answer(Variants(number=number, error=f"The image cannot be augmented: {reason}"))


def make_variants(request: Request) -> Variants:
    """Augment copies of the image as an epoch of training augments its images.

    Raises:
        ValueError: an image has another size than 32x32 RGB.
    """
    import numpy as np
    import torch

    from cifar_tui.data.batches import MEAN, STD, TrainBatches
    from cifar_tui.data.dataset import LabelledImages

    if any(len(image) != IMAGE_BYTES for image in (request.image, *request.others)):
        raise ValueError(f"an image has {SIDE}x{SIDE} pixels of 3 bytes.")
    is_mixed = bool(request.config.mixup or request.config.cutmix) and bool(request.others)
    copies = request.variants + request.variants % 2  # an odd one would be left out of the batches
    filling = [place % len(request.others) for place in range(copies * _OTHERS_A_COPY)] if is_mixed else []
    images = [request.image] * copies + [request.others[place] for place in filling]
    # Label 0 is the image, the others follow it.
    labels = np.array([0] * copies + [place + 1 for place in filling], dtype=np.int64)
    pixels = np.frombuffer(b"".join(images), dtype=np.uint8).reshape(-1, SIDE, SIDE, 3).copy()
    batches = TrainBatches(
        LabelledImages(pixels, labels),
        request.config,
        batch_size=2,  # each batch is mixed by a weight of its own
        device=torch.device("cpu"),
        seed=request.draw,
        channels_last=False,
    )
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    made: list[bytes] = []
    mixed_with: list[int] = []
    weights: list[float] = []
    for epoch in count(1):
        for batch in batches.epoch(epoch):
            shown = ((batch.images * std + mean) * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1)
            for place, label in enumerate(batch.labels.tolist()):
                other = int(batch.mix.labels[place]) if batch.mix else 0
                if label != 0 or (is_mixed and other == 0):
                    continue  # in training an image meets itself in no batch
                made.append(shown[place].numpy().tobytes())
                if batch.mix:
                    mixed_with.append(other - 1)
                    weights.append(batch.mix.weight)
        if len(made) >= request.variants:
            break
    wanted = request.variants
    return Variants(
        number=request.number,
        pixels=b"".join(made[:wanted]),
        mixed_with=tuple(mixed_with[:wanted]),
        weights=tuple(weights[:wanted]),
    )


def main() -> None:
    """Serve on the standard streams."""
    import torch

    torch.set_num_threads(1)  # a run may be training beside it
    stdout = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not look like an answer

    def answer(variants: Variants) -> None:
        stdout.write(variants.model_dump_json() + "\n")
        stdout.flush()

    serve(sys.stdin, answer)


if __name__ == "__main__":
    main()
