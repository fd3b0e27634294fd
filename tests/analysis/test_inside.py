"""What a run's network looks at, from its folder and its images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cifar_tui.analysis.errors import NoPredictionsError
from cifar_tui.analysis.inside import Answer, InsideError, Request, look_inside_run, read_answer, serve
from cifar_tui.analysis.predictions import FILE
from cifar_tui.config import RunConfig
from cifar_tui.data.dataset import DatasetError
from cifar_tui.models.build import build
from cifar_tui.paths import Paths, find_paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.training.checkpoint import write_checkpoint

CLASSES = 3
VIT = {"name": "custom_vit", "embed_dim": 8, "depth": 1, "heads": 2, "ffn_dim": 8}
Finished = Callable[..., Run]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "home")


@pytest.fixture
def finished(paths: Paths, images: Path) -> Finished:
    """Make a finished run on a folder of images, with the weights of a fresh network."""

    def make(data: dict[str, str] | None = None, **model: object) -> Run:
        data = data or {"source": "folder", "path": str(images)}
        config = RunConfig.model_validate({"name": "mine", "model": model, "data": data})
        run = RunStore(paths.runs).create(config, RunStatus.FINISHED)
        names = np.array([f"kind {label}" for label in range(CLASSES)])
        none = np.array([], dtype=np.str_)
        np.savez(
            run.folder / FILE,
            labels=np.arange(CLASSES),
            probabilities=np.full((CLASSES, CLASSES), 1 / CLASSES, dtype=np.float16),
            class_names=names,
            superclass_names=none,
            superclass_of=np.array([], dtype=np.int64),
        )
        keep_weights(run)
        return run

    return make


def keep_weights(run: Run, *, scale: float = 1.0, average: bool = False) -> None:
    torch.manual_seed(0)
    weights = build(run.config.model, CLASSES).state_dict()
    scaled = {f"module.{key}": value * scale for key, value in weights.items()} | {"n_averaged": torch.tensor(1)}
    state = {
        "model": weights,
        "average": scaled if average else None,
        "best_weights": None,
        "position": {"epoch": 2},
    }
    with (run.folder / "checkpoint.pt").open("wb") as file:
        write_checkpoint(state, file)


def ask(paths: Paths, run: Run, place: int = 0) -> Answer:
    return look_inside_run(Request(number=7, paths=paths, run_id=run.id, place=place))


def test_a_transformer_shows_a_map_for_each_head(paths: Paths, finished: Finished) -> None:
    answer = ask(paths, finished(**VIT), place=1)
    assert (answer.number, answer.names, answer.error) == (7, ("layer 1, head 1", "layer 1, head 2"), None)
    assert answer.pixels.shape == (2, 8, 8)
    assert answer.pixels.max(axis=(1, 2)).tolist() == [255, 255]


def test_the_images_make_the_maps(paths: Paths, finished: Finished) -> None:
    run = finished(**VIT)
    assert not np.array_equal(ask(paths, run, 0).pixels, ask(paths, run, 1).pixels)
    with pytest.raises(InsideError, match="There is no image 12: the data set has 12 test images"):
        ask(paths, run, 12)


def test_a_linear_model_shows_its_classes_without_any_image(paths: Paths, finished: Finished) -> None:
    run = finished({"source": "folder", "path": "/nowhere/at/all"}, name="softmax_regression")
    answer = ask(paths, run)
    assert answer.names == ("kind 0", "kind 1", "kind 2")
    assert answer.pixels.shape == (3, 32, 32, 3)
    torch.manual_seed(0)
    weights = build(run.config.model, CLASSES).state_dict()["head.weight"].reshape(3, 3, 32, 32)
    brightest = weights.abs().flatten(1).argmax(dim=1)
    for tile, weight, place in zip(answer.pixels, weights, brightest.tolist(), strict=True):
        channel, pixel = divmod(place, 32 * 32)
        assert tile.reshape(-1, 3)[pixel, channel] == (255 if weight.flatten()[place] > 0 else 0)


def test_the_weights_are_those_that_were_tested(paths: Paths, finished: Finished) -> None:
    plain, averaged = finished(name="softmax_regression"), finished(name="softmax_regression")
    keep_weights(averaged, scale=-1.0, average=True)
    difference = 255 - ask(paths, plain).pixels.astype(int) - ask(paths, averaged).pixels
    assert np.abs(difference).max() <= 1


def test_what_is_missing_is_named(paths: Paths, finished: Finished) -> None:
    run = finished({"source": "folder", "path": "/nowhere/at/all"}, **VIT)
    with pytest.raises(DatasetError, match="/nowhere/at/all"):
        ask(paths, run)
    run = finished(**VIT)
    (run.folder / "checkpoint.pt").unlink()
    with pytest.raises(InsideError, match="checkpoint is not there any more"):
        ask(paths, run)
    run, other = finished(**VIT), finished(name="softmax_regression")
    (run.folder / "checkpoint.pt").write_bytes((other.folder / "checkpoint.pt").read_bytes())
    with pytest.raises(InsideError, match="not those of the run's model"):
        ask(paths, run)
    (run.folder / FILE).unlink()
    with pytest.raises(NoPredictionsError, match=r"has no predictions\.npz"):
        ask(paths, run)


def test_each_line_is_answered_whatever_goes_wrong(paths: Paths, finished: Finished) -> None:
    run = finished(**VIT)
    requests = [Request(number=number, paths=paths, run_id=run.id, place=place) for number, place in ((1, 0), (2, 99))]
    answers: list[Answer] = []
    serve([request.model_dump_json() for request in requests], answers.append)
    assert [answer.number for answer in answers] == [1, 2]
    assert answers[0].error is None
    assert answers[1].error == "There is no image 99: the data set has 12 test images."
    with pytest.raises(ValueError, match="validation error"):
        read_answer(b"")
