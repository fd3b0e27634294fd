"""What a finished run's network looks at: `python -m cifar_tui.analysis.inside` answers in a process of its own.

There torch and the data set disturb no screen. It reads one request a line and answers each with one line.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cifar_tui.paths import Paths

if TYPE_CHECKING:
    import torch

    from cifar_tui.data.dataset import LabelledImages

_MOST_TILES = 512


class InsideError(Exception):
    """One sentence: why there is nothing to see."""


class Request(BaseModel):
    """A line that the process reads."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    number: int
    paths: Paths
    run_id: str
    place: int = Field(ge=0)
    """Of a test image."""


@dataclass(frozen=True)
class Answer:
    """A line that the process writes: the maps of one image, or the first layer's tiles, or why there are none."""

    number: int
    names: tuple[str, ...] = ()
    """Of the maps or tiles."""
    shape: tuple[int, ...] = ()
    """Of maps (M, rows, columns), of tiles (N, height, width, 3)."""
    content: str = ""
    """The bytes of all maps or tiles, in base 64; 255 is the largest value of its map."""
    error: str | None = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Maps or tiles in `shape`."""
        return np.frombuffer(base64.b64decode(self.content), dtype=np.uint8).reshape(self.shape)


_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def read_answer(line: bytes) -> Answer:
    """Return what a line that the process wrote says.

    Raises:
        ValidationError: it is no answer.
    """
    return _ANSWER.validate_json(line)


def look_inside_run(request: Request) -> Answer:
    """Show what the run's network looks at in one test image, or what its first layer has learned.

    Raises:
        InsideError: the run's weights are gone, or there is no such image.
        PredictionsError: the run has no predictions.
        DatasetError: the images are gone.
        CheckpointError: the weights cannot be read.
        StoreError: there is no such run.
    """
    from cifar_tui.models.insight import ImageMaps, look_inside, sees_images

    network = _network(request.paths, request.run_id)
    inside = look_inside(network, _image(request) if sees_images(network) else None)
    if isinstance(inside, ImageMaps):
        maps = inside.maps[0].float()
        largest = maps.flatten(1).amax(dim=1).clamp_min(1e-12)
        return _answer(request.number, inside.names, maps / largest[:, None, None] * 255)
    tiles = inside.pixels[:_MOST_TILES].float()
    largest = tiles.abs().flatten(1).amax(dim=1).clamp_min(1e-12)
    names = (_unit_names(request.paths, request.run_id) or inside.names)[:_MOST_TILES]
    return _answer(request.number, names, _spread(tiles / largest[:, None, None, None]))


def _unit_names(paths: Paths, run_id: str) -> tuple[str, ...]:
    """Return the classes where each unit of the first layer is one: where it is the only one."""
    from cifar_tui.analysis.predictions import read_predictions
    from cifar_tui.runs.store import RunStore

    run = RunStore(paths.runs).get(run_id)
    return read_predictions(run).class_names if run.config.model.name == "softmax_regression" else ()


def _spread(tiles: "torch.Tensor") -> "torch.Tensor":
    """(N, 3, height, width) from -1 to 1 → (N, height, width, 3) from 0 to 255, 0 as a middle grey."""
    return (tiles.permute(0, 2, 3, 1) + 1) * 127.5


def _answer(number: int, names: tuple[str, ...], values: "torch.Tensor") -> Answer:
    pixels = values.round().clamp(0, 255).byte().contiguous().numpy()
    return Answer(number, names, pixels.shape, base64.b64encode(pixels.tobytes()).decode())


@lru_cache(maxsize=1)
def _network(paths: Paths, run_id: str) -> "torch.nn.Module":
    """Return the network as it was tested."""
    from cifar_tui.analysis.predictions import read_predictions
    from cifar_tui.models.build import build
    from cifar_tui.runs.checkpoints import Checkpoints
    from cifar_tui.runs.store import RunStore
    from cifar_tui.training.checkpoint import judged_weights

    run = RunStore(paths.runs).get(run_id)
    classes = read_predictions(run).probabilities.shape[1]
    state = Checkpoints(run.folder).read()
    if state is None:
        raise InsideError("The run's checkpoint is not there any more, and with it the weights; train it again.")
    network = build(run.config.model, classes)
    try:
        network.load_state_dict(judged_weights(state))
    except RuntimeError as error:
        raise InsideError("The checkpoint's weights are not those of the run's model; train it again.") from error
    return network


@lru_cache(maxsize=1)
def _test_images(paths: Paths, run_id: str) -> "LabelledImages":
    from cifar_tui.data.evaluation_images import load_test_images
    from cifar_tui.runs.store import RunStore

    return load_test_images(RunStore(paths.runs).get(run_id).config.data, paths)


def _image(request: Request) -> "torch.Tensor":
    """Return a test image as the network sees it: (1, 3, 32, 32)."""
    import torch

    from cifar_tui.data.batches import EvalBatches
    from cifar_tui.data.dataset import LabelledImages

    images = _test_images(request.paths, request.run_id)
    if request.place >= len(images):
        raise InsideError(f"There is no image {request.place:,}: the data set has {len(images):,} test images.")
    one = slice(request.place, request.place + 1)
    alone = LabelledImages(images.pixels[one], images.labels[one])
    batches = EvalBatches(alone, batch_size=1, device=torch.device("cpu"), channels_last=False)
    normalised, _ = next(iter(batches))
    return normalised


def serve(requests: Iterable[str], answer: Callable[[Answer], None]) -> None:
    """Answer each line of `requests` until they end."""
    for line in requests:
        request = Request.model_validate_json(line)
        try:
            answer(look_inside_run(request))
        except Exception as error:  # whatever a run of another version holds
            ours = type(error).__module__.startswith("cifar_tui.")
            sentence = str(error) if ours else f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            answer(Answer(request.number, error=sentence))


def main() -> None:
    """Serve on the standard streams."""
    stdout = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not look like an answer

    def answer(message: Answer) -> None:
        stdout.write(json.dumps(asdict(message)) + "\n")
        stdout.flush()

    serve(sys.stdin, answer)


if __name__ == "__main__":
    main()
