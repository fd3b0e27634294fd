"""Three ways to train one model, measured in turn in one process, so that what slows the machine slows all three."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

import numpy as np
import torch

from cifar_tui.bench.bare import bare_steps
from cifar_tui.bench.clock import speed
from cifar_tui.bench.ours import our_speed
from cifar_tui.bench.reference import reference_steps
from cifar_tui.config import RunConfig, with_values
from cifar_tui.data.batches import EvalBatches
from cifar_tui.data.dataset import SIDE, ImageDataset, LabelledImages
from cifar_tui.events import BatchProgress
from cifar_tui.models.build import build
from cifar_tui.training.allocator import keep_freed_memory
from cifar_tui.training.device import find_device
from cifar_tui.training.evaluate import predict
from cifar_tui.training.loop import EVAL_BATCH_SIZE
from cifar_tui.training.precision import choose_numerics

_CLASSES = 100
_TRAIN_IMAGES, _EVAL_IMAGES = 44_800, 10_000  # whole batches of 128 and of 256; CIFAR-100's split has 45,000
_ENDLESS = 100_000


@dataclass(frozen=True)
class Measurement:
    """Images a second of one model, a number for each round."""

    model: str
    batch_size: int
    precision: str
    reference: tuple[float, ...]
    ours: tuple[float, ...]
    bare: tuple[float, ...]
    forward: tuple[float, ...]
    """Forward passes of the bare step's batch, as training makes them."""
    evaluation: tuple[float, ...]

    @property
    def ours_to_reference(self) -> float:
        """Median over the rounds: neighbours in time are compared."""
        return _ratio(self.ours, self.reference)

    @property
    def ours_to_bare(self) -> float:
        """Likewise; 1 is the limit."""
        return _ratio(self.ours, self.bare)

    @property
    def evaluation_to_forward(self) -> float:
        """Likewise; from 1 on, evaluation costs no more than the same images' forward pass."""
        return _ratio(self.evaluation, self.forward)


def measure(
    name: str,
    config: RunConfig,
    *,
    rounds: int,
    seconds: float,
    report: Callable[[BatchProgress], None],
    say: Callable[[str], None],
) -> Measurement:
    """Measure one model: a batch a step, and nothing compiled.

    Args:
        name: what the measurement is called.
        config: of a run; its recipe decides batch size, precision and device.
        rounds: how often each way is measured.
        seconds: how long each time; a batch that takes longer is measured whole.
        report: told our loop's progress.
        say: told what goes on, in a few words.

    Raises:
        DeviceError: the device is not there.
        OptimiserError: this version of torch, or the model, does not go with the optimiser.
        PrecisionError: it does not compute in the precision that is asked for.
        TrainingError: the loss is no longer finite.
    """
    keep_freed_memory()  # as a run does
    same_for_all = {"epochs": _ENDLESS, "eval_every": _ENDLESS, "accumulation": 1, "compile": "off"}
    config = with_values(config, {("training", key): value for key, value in same_for_all.items()})
    dataset = random_images()
    device = find_device(config.training.device)
    # Before the others: on CUDA it also settles, for the whole process, how products in float32 are rounded.
    numerics = choose_numerics(config.training, build(config.model), device)
    reference = reference_steps(config, dataset, device)
    bare = bare_steps(config, dataset, device)
    forward, evaluation = _forward_steps(config, dataset, device), _evaluation_steps(config, dataset, device)
    found: dict[str, list[float]] = {"reference": [], "bare": [], "forward": [], "evaluation": [], "ours": []}
    for round_ in range(rounds):
        for way, steps in (("reference", reference), ("bare", bare), ("forward", forward), ("evaluation", evaluation)):
            say(f"{name}: round {round_ + 1} of {rounds}, {way}")
            if not round_:
                speed(steps, device, seconds / 4)  # warms up
            found[way].append(speed(steps, device, seconds))
        say(f"{name}: round {round_ + 1} of {rounds}, ours")
        found["ours"].append(our_speed(config, dataset, device, seconds, report))
    return Measurement(
        model=name,
        batch_size=config.training.batch_size,
        precision=numerics.precision.value,
        **{way: tuple(speeds) for way, speeds in found.items()},
    )


def random_images() -> ImageDataset:
    """Return images of noise, as many as CIFAR-100 has: what they show does not change how long they take."""
    random = np.random.default_rng(0)

    def draw(count: int) -> LabelledImages:
        pixels = random.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return LabelledImages(pixels, random.integers(0, _CLASSES, count))

    names = tuple(f"class {index}" for index in range(_CLASSES))
    return ImageDataset("noise", draw(_TRAIN_IMAGES), draw(_EVAL_IMAGES // 2), draw(_EVAL_IMAGES), names)


def _forward_steps(config: RunConfig, dataset: ImageDataset, device: torch.device) -> Iterator[int]:
    model = build(config.model, len(dataset.class_names))
    numerics = choose_numerics(config.training, model, device)
    numerics.place(model).train()
    size, channels_last = config.training.batch_size, numerics.channels_last
    batches = EvalBatches(dataset.train, batch_size=size, device=device, channels_last=channels_last)
    images, _ = next(iter(batches))
    while True:
        with numerics.autocast():
            model(images)
        yield len(images)


def _evaluation_steps(config: RunConfig, dataset: ImageDataset, device: torch.device) -> Iterator[int]:
    model = build(config.model, len(dataset.class_names))
    numerics = choose_numerics(config.training, model, device)
    numerics.place(model)
    while True:
        channels_last = numerics.channels_last
        every = EvalBatches(dataset.test, batch_size=EVAL_BATCH_SIZE, device=device, channels_last=channels_last)
        batches = iter(every)
        for _ in range(_EVAL_IMAGES // EVAL_BATCH_SIZE):
            predict(model, islice(batches, 1), numerics.autocast())
            yield EVAL_BATCH_SIZE


def _ratio(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return median(a / b for a, b in zip(one, other, strict=True))
