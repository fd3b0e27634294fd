"""The training loop, on small data sets in memory."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn
from torch.nn import functional as F

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import EvalBatches, TrainBatches
from cifar_tui.data.dataset import ImageDataset, LabelledImages
from cifar_tui.events import BatchProgress, EpochFinished, Outcome, RunEnded, RunStarted
from cifar_tui.models.build import build
from cifar_tui.training import loop
from cifar_tui.training.device import DeviceError
from cifar_tui.training.loop import TrainingError

from .recorder import Predictions, assert_same_weights, run

MakeConfig = Callable[..., RunConfig]


def test_says_what_happens_in_order(dataset: ImageDataset, make_config: MakeConfig) -> None:
    events = run(make_config("mlp"), dataset).events
    told = [event for event in events if not isinstance(event, BatchProgress)]
    assert [type(event) for event in told] == [RunStarted, EpochFinished, EpochFinished, Predictions, RunEnded]
    started = told[0]
    assert isinstance(started, RunStarted)
    assert (started.train_images, started.val_images, started.test_images) == (60, 20, 30)
    assert started.batches_per_epoch == 4
    assert started.dataset == "colours"
    assert started.parameters == sum(weight.numel() for weight in build(make_config("mlp").model, 10).parameters())


def test_progress_is_told_within_an_epoch(
    dataset: ImageDataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_REPORTS", 0.0)
    progress = [event for event in run(make_config(), dataset).events if isinstance(event, BatchProgress)]
    assert [(event.epoch, event.batch, event.batches) for event in progress] == [
        (epoch, batch, 4) for epoch in (1, 2) for batch in (1, 2, 3, 4)
    ]
    assert all(event.images_per_second > 0 for event in progress)
    assert progress[0].train_loss == pytest.approx(math.log(10), abs=1.5)


def test_learns(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recorder = run(make_config("mlp", epochs=15, lr=0.01), dataset)
    losses = [epoch.train_loss for epoch in recorder.epochs]
    assert losses[-1] < 0.75 * losses[0]
    assert recorder.results.test_accuracy > 0.5


@pytest.mark.parametrize("clip_norm", [1.0, 0.0])
@pytest.mark.parametrize("schedule", ["cosine", "epoch_cosine", "constant"])
def test_computes_what_a_plain_loop_computes(
    dataset: ImageDataset, make_config: MakeConfig, schedule: str, clip_norm: float
) -> None:
    """The report's loop, written out with PyTorch's own parts, ends in the very same weights and numbers."""
    recipe: dict[str, Any] = {
        "schedule": schedule,
        "clip_norm": clip_norm,
        "decay_all": True,
        "layout": "contiguous",
        "label_smoothing": 0.1,
        "lr": 0.02,
        "seed": 3,
    }
    config = make_config("simple_cnn", **recipe)
    recorder = run(config, dataset)

    torch.manual_seed(3)
    model = build(config.model, 10)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=1e-4, fused=True)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=2 if schedule == "epoch_cosine" else 2 * 4)
    cpu = torch.device("cpu")
    batches = TrainBatches(dataset.train, config.data, batch_size=16, device=cpu, seed=3, channels_last=False)
    norms: list[float] = []
    for epoch in (1, 2):
        model.train()
        loss_sum = correct = 0.0
        for images, labels, _ in batches.epoch(epoch):
            optimiser.zero_grad()
            logits = model(images)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
            loss.backward()
            if clip_norm:
                norms.append(nn.utils.clip_grad_norm_(model.parameters(), clip_norm).item())
            optimiser.step()
            rate = optimiser.param_groups[0]["lr"]
            if schedule == "cosine":
                cosine.step()
            loss_sum += loss.item() * len(labels)
            correct += (logits.argmax(1) == labels).sum().item()
        if schedule == "epoch_cosine":
            cosine.step()
        told = recorder.epochs[epoch - 1]
        assert told.train_loss == pytest.approx(loss_sum / 60, rel=1e-5)
        assert told.train_accuracy == pytest.approx(correct / 60)
        assert told.lr == pytest.approx(rate)

    assert not clip_norm or max(norms) > clip_norm  # else clipping was not put to the test
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(recorder.weights[name], weight, rtol=1e-4, atol=1e-6)

    model.eval()
    assert dataset.val is not None
    ((images, labels),) = EvalBatches(dataset.val, batch_size=1000, device=cpu, channels_last=False)
    with torch.no_grad():
        logits = model(images)
    assert recorder.results.val_accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    assert recorder.epochs[-1].val_loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-3)


def test_results_follow_from_the_predictions(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recorder = run(make_config("mlp"), dataset)
    results, tested = recorder.results, recorder.tested
    predicted = tested.probabilities.argmax(axis=1)
    assert np.array_equal(tested.labels, dataset.test.labels)
    np.testing.assert_allclose(tested.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert results.test_accuracy == pytest.approx((predicted == tested.labels).mean())
    assert results.macro_f1 == pytest.approx(f1_score(tested.labels, predicted, average="macro"))
    assert results.superclass_accuracy == pytest.approx(((predicted >= 5) == (tested.labels >= 5)).mean())
    chosen = tested.probabilities[np.arange(30), tested.labels]
    assert results.test_loss == pytest.approx(-np.log(chosen).mean(), rel=1e-5)
    assert results.accuracy_per_million == pytest.approx(results.test_accuracy * 100 / (results.parameters / 1e6))
    assert results.val_accuracy == recorder.epochs[-1].val_accuracy
    assert results.train_accuracy == recorder.epochs[-1].train_accuracy
    assert results.epochs == 2
    assert results.peak_memory > 0
    assert results.seconds > 0


def test_the_seed_decides_everything(dataset: ImageDataset, make_config: MakeConfig) -> None:
    one, same, other = (run(make_config("custom_vit", seed=seed), dataset) for seed in (1, 1, 2))
    assert_same_weights(one.weights, same.weights)
    assert one.epochs == same.epochs
    assert np.array_equal(one.tested.probabilities, same.tested.probabilities)
    assert not np.array_equal(one.tested.probabilities, other.tested.probabilities)


@pytest.mark.parametrize(("batches", "epoch", "batch"), [(0, 1, 0), (1, 1, 1), (4, 1, 4), (5, 2, 0), (7, 2, 2)])
def test_stops_at_the_next_batch(
    dataset: ImageDataset, make_config: MakeConfig, batches: int, epoch: int, batch: int
) -> None:
    """An epoch has four batches, and one of validation."""
    recorder = run(make_config("mlp"), dataset, stop_at=batches)
    assert recorder.events[-1] == RunEnded(Outcome.STOPPED)
    assert not any(isinstance(event, Predictions) for event in recorder.events)
    assert len(recorder.epochs) == epoch - 1
    position = recorder.states[-1]["position"]
    assert (position["epoch"], position["batch"]) == (epoch, batch)


def test_a_run_that_was_stopped_in_its_test_has_only_that_to_do(dataset: ImageDataset, make_config: MakeConfig) -> None:
    config = make_config("mlp", epochs=2)
    whole = run(config, dataset)
    first = run(config, dataset, stop_at=10)
    assert first.events[-1] == RunEnded(Outcome.STOPPED)
    assert first.epochs == whole.epochs
    second = run(config, dataset, state=first.states[-1])
    assert not second.epochs
    assert np.array_equal(second.tested.probabilities, whole.tested.probabilities)
    assert second.results.val_accuracy == whole.results.val_accuracy


@pytest.mark.parametrize("model", ["simple_cnn", "strided_cnn", "custom_vit", "image_gru"])
@pytest.mark.parametrize("batches", [2, 4, 6])
def test_goes_on_exactly_where_it_stopped(
    dataset: ImageDataset, make_config: MakeConfig, model: str, batches: int
) -> None:
    config = make_config(model)
    whole = run(config, dataset)
    first = run(config, dataset, stop_at=batches)
    torch.manual_seed(99)  # whatever came in between must not matter
    second = run(config, dataset, state=first.states[-1])
    assert first.epochs + second.epochs == whole.epochs
    assert_same_weights(second.weights, whole.weights)
    assert np.array_equal(second.tested.probabilities, whole.tested.probabilities)


def test_a_loss_that_is_no_number_ends_the_run(dataset: ImageDataset, make_config: MakeConfig) -> None:
    with pytest.raises(TrainingError) as error:
        run(make_config("mlp", lr=100.0, clip_norm=0, weight_decay=10.0, epochs=200), dataset)
    sentence = str(error.value)
    assert re.match(r"The loss is no longer finite: epoch \d+, batch \d, learning rate [\d.]+; ", sentence)
    assert "\n" not in sentence


def test_reads_nothing_back_for_a_batch(
    dataset: ImageDataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a number makes the host wait for the device: the count must not grow with the batches."""
    reads: list[str] = []

    def counted(name: str) -> Callable[[torch.Tensor], Any]:
        read = getattr(torch.Tensor, name)

        def count(tensor: torch.Tensor) -> Any:
            reads.append(name)
            return read(tensor)

        return count

    def reads_with(batch_size: int) -> list[str]:
        reads.clear()
        run(make_config("simple_cnn", batch_size=batch_size, epochs=1), dataset)
        return list(reads)

    monkeypatch.setattr(loop, "SECONDS_BETWEEN_REPORTS", math.inf)
    for name in ("item", "tolist", "nonzero", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, counted(name))
    in_two_batches = reads_with(30)
    assert {"item", "nonzero"} <= set(in_two_batches)
    assert reads_with(2) == in_two_batches


def test_a_single_training_image_is_too_few(dataset: ImageDataset, make_config: MakeConfig) -> None:
    alone = replace(dataset, train=LabelledImages(dataset.train.pixels[:1], dataset.train.labels[:1]))
    with pytest.raises(TrainingError, match="colours has a single training image"):
        run(make_config("mlp"), alone)


def test_a_device_that_is_not_there(dataset: ImageDataset, make_config: MakeConfig) -> None:
    with pytest.raises(DeviceError, match=r"There is no cuda:99 on this machine"):
        run(make_config(device="cuda:99"), dataset)
