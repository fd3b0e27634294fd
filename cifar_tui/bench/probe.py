"""What a run will cost, tried out beforehand: `python -m cifar_tui.bench.probe` answers in a process of its own.

There the import of torch, a batch that does not fit into memory, and the processor's time disturb nobody. It reads one
request a line and answers each with one line or two: the model's layers, and, when asked to measure, time and memory.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cifar_tui.config import RunConfig, with_values
from cifar_tui.events import Count, Seconds, Words

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_SECONDS = 0.2
"""A step as long as that is measured once, a shorter one as often as fits."""
_BATCHES = 8
_MOST_IMAGES = 16_384


class Request(BaseModel):
    """A line that the probe reads."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    number: int
    config: RunConfig
    measure: bool
    """Whether to train a few batches too."""
    train_images: int = 45_000
    val_images: int = 5_000


@dataclass(frozen=True)
class Layer:
    """One row of the model's table."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Layers:
    """The first answer to a request."""

    number: int
    parameters: int = 0
    layers: tuple[Layer, ...] = ()
    error: str | None = None
    """One sentence, in place of all else."""
    kind: Literal["layers"] = "layers"


@dataclass(frozen=True)
class Cost:
    """The second answer."""

    number: int
    device: Words = ""
    seconds_per_epoch: Seconds = 0.0
    """Of training and validation."""
    memory: Count = 0
    """The peak in bytes, the data set included: on CUDA of the device, elsewhere what the process grows by."""
    error: str | None = None
    kind: Literal["cost"] = "cost"


Answer = Annotated[Layers | Cost, Field(discriminator="kind")]
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def read_answer(line: bytes) -> Answer:
    """Return what a line that the probe wrote says.

    Raises:
        ValidationError: it is no answer.
    """
    return _ANSWER.validate_json(line)


def serve(requests: Iterable[str], answer: Callable[[Answer], None]) -> None:
    """Answer each line of `requests` until they end; a new one ends the measurement for the one before."""
    measurement: Measurement | None = None
    for line in requests:
        request = Request.model_validate_json(line)
        if measurement:
            measurement.cancel()
        layers = _layers(request)
        answer(layers)
        measurement = Measurement(request, answer) if request.measure and layers.error is None else None
    if measurement:
        measurement.wait()


class Measurement:
    """Runs in a child: its memory is counted from nothing, and may run out without an end to the probe."""

    def __init__(self, request: Request, answer: Callable[[Answer], None]) -> None:
        import multiprocessing  # not in the app, which knows the answers alone

        # A fork has torch imported already; elsewhere it does not go well with what the system's libraries start.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self._request = request
        self._answer = answer
        self._is_wanted = True
        self._receiver, sender = context.Pipe(duplex=False)
        self._child = context.Process(target=_send_cost, args=(request, sender), daemon=True)
        self._child.start()
        sender.close()
        self._waiter = threading.Thread(target=self._hand_on, daemon=True)
        self._waiter.start()

    def cancel(self) -> None:
        """Forget it."""
        self._is_wanted = False
        self._child.kill()
        self.wait()

    def wait(self) -> None:
        """Return when all is answered."""
        self._waiter.join()

    def _hand_on(self) -> None:
        try:
            cost = self._receiver.recv()
        except EOFError:
            cost = Cost(self._request.number, error="Trying it out was cut short; memory may not suffice.")
        self._child.join()
        if self._is_wanted:
            self._answer(cost)


def _layers(request: Request) -> Layers:
    from cifar_tui.models.summary import summarise

    try:
        summary = summarise(request.config.model)
    except Exception as error:  # any mistake of an architecture is a sentence
        return Layers(request.number, error=f"This model cannot be built: {error}")
    rows = tuple(Layer(layer.name, layer.output_shape, layer.parameters) for layer in summary.layers)
    return Layers(request.number, summary.parameters, rows)


def _send_cost(request: Request, to: "Connection") -> None:
    to.send(_measure(request))


def _measure(request: Request) -> Cost:
    import numpy as np

    from cifar_tui.bench.ours import our_speed
    from cifar_tui.data.batches import bytes_of_image
    from cifar_tui.data.dataset import ImageDataset, LabelledImages
    from cifar_tui.training.allocator import keep_freed_memory
    from cifar_tui.training.device import describe_device, find_device, peak_memory, reset_peak_memory

    keep_freed_memory()  # as a run does
    endless = {"epochs": 100_000, "eval_every": 100_000, "patience": 0, "accumulation": 1}
    config = with_values(request.config, {("training", key): value for key, value in endless.items()})
    size = config.training.batch_size
    count = max(min(_BATCHES, _MOST_IMAGES // size), 3) * size
    try:
        device = find_device(config.training.device)
        reset_peak_memory(device)
        before = peak_memory(device)
        labels = np.arange(count) % 100
        images = LabelledImages(np.zeros((count, 32, 32, 3), dtype=np.uint8), labels)
        few = LabelledImages(images.pixels[:2], labels[:2])
        names = tuple(str(number) for number in range(100))
        dataset = ImageDataset("blank", images, few, few, names)
        speed = our_speed(config, dataset, device, _SECONDS, lambda _: None)
        memory = peak_memory(device) - (before if device.type != "cuda" else 0)
        missing = request.train_images - count  # of the data set, which the device holds whole
        memory += missing * bytes_of_image(config.data) + request.val_images * images.pixels[0].nbytes
    except Exception as error:
        return Cost(request.number, error=str(error).partition("\n")[0] or type(error).__name__)
    # A forward pass is about a third of a step.
    seconds = request.train_images / speed + request.val_images / (3 * speed)
    return Cost(request.number, describe_device(device), seconds, memory)


def main() -> None:
    """Serve on the standard streams."""
    stdout = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not look like an answer

    turn = threading.Lock()

    def answer(message: Answer) -> None:
        with turn:
            stdout.write(json.dumps(asdict(message)) + "\n")
            stdout.flush()

    serve(sys.stdin, answer)


if __name__ == "__main__":
    main()
