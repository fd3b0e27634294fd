"""The loop's ingredients, each against its definition."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import EvalBatches
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.events import EpochFinished, Event, Outcome, Results, RunEnded
from cifar_tui.models.build import build
from cifar_tui.training.loop import State, train
from cifar_tui.training.precision import PrecisionError, choose_numerics

from .recorder import Recorder, assert_same_weights, run

MakeConfig = Callable[..., RunConfig]


def test_accumulated_batches_train_like_one_large_batch(dataset: ImageDataset, make_config: MakeConfig) -> None:
    """60 images in batches of 8: steps of 16, and a last one of 8 + 4; of 12 at once in the other run's last batch."""
    small = run(make_config(batch_size=8, accumulation=2, lr=0.05), dataset)
    large = run(make_config(batch_size=16, lr=0.05), dataset)
    for name, weight in large.weights.items():
        torch.testing.assert_close(small.weights[name], weight, rtol=1e-4, atol=1e-5)
    assert [epoch.lr for epoch in small.epochs] == [epoch.lr for epoch in large.epochs]
    assert small.epochs[0].train_loss == pytest.approx(large.epochs[0].train_loss, rel=1e-4)
    assert small.epochs[0].grad_norm == pytest.approx(large.epochs[0].grad_norm, rel=1e-3)


def test_the_moving_average_is_what_is_evaluated(dataset: ImageDataset, make_config: MakeConfig) -> None:
    """Each step: average = 0.7 · average + 0.3 · weights; BatchNorm's statistics too."""
    config = make_config("simple_cnn", ema_decay=0.7, epochs=2)
    expected: dict[str, torch.Tensor] = {}
    weights: dict[int, dict[str, torch.Tensor]] = {}

    # Stopped after each batch and resumed, the run shows its weights after each step; the first epoch's validation is
    # stopped before as well, and leaves them as they are.
    state: State | None = None
    for _ in range(4 + 1 + 4):
        recorder = run(config, dataset, stop_at=1, state=state)
        state = recorder.states[-1]
        position = state["position"]
        step = (position["epoch"] - 1) * 4 + position["batch"]
        weights[step] = {name: value.clone() for name, value in state["model"].items()}
    assert state is not None
    assert list(weights) == list(range(1, 8 + 1))
    for step, values in weights.items():
        for name, value in values.items():
            if value.is_floating_point():
                expected[name] = value if step == 1 else 0.7 * expected[name] + 0.3 * value
    for name, value in expected.items():
        torch.testing.assert_close(state["average"][f"module.{name}"], value, rtol=1e-4, atol=1e-6)

    whole = run(config, dataset)
    model = build(config.model, 10).eval()
    averaged = {name.removeprefix("module."): value for name, value in state["average"].items() if name != "n_averaged"}
    model.load_state_dict(averaged)
    ((images, labels),) = EvalBatches(dataset.test, batch_size=1000, device=torch.device("cpu"), channels_last=True)
    with torch.no_grad():
        probabilities = model(images).softmax(dim=1).numpy()
    np.testing.assert_allclose(whole.tested.probabilities, probabilities, rtol=1e-3, atol=1e-5)
    assert len(labels) == 30


def test_validates_every_so_many_epochs_and_after_the_last(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recorder = run(make_config(epochs=5, eval_every=2), dataset)
    assert [epoch.val_loss is not None for epoch in recorder.epochs] == [False, True, False, True, True]
    assert recorder.results.val_accuracy == recorder.epochs[-1].val_accuracy
    every = run(make_config(epochs=5), dataset)
    assert_same_weights(recorder.weights, every.weights)


def test_stops_early_and_tests_the_best_weights(dataset: ImageDataset, make_config: MakeConfig) -> None:
    """At a rate that only harms, the best epoch is soon over."""
    config = make_config("mlp", epochs=30, patience=3, lr=0.3, schedule="constant", seed=1)
    recorder = run(config, dataset)
    accuracies = [epoch.val_accuracy for epoch in recorder.epochs]
    best = accuracies.index(max(accuracies, key=lambda value: value or 0))
    assert len(accuracies) == best + 1 + 3 < 30
    assert recorder.results.epochs == len(accuracies)
    assert recorder.results.val_accuracy == accuracies[best]
    shorter = run(make_config("mlp", epochs=best + 1, lr=0.3, schedule="constant", seed=1), dataset)
    np.testing.assert_array_equal(recorder.tested.probabilities, shorter.tested.probabilities)


FULL = {"ema_decay": 0.9, "accumulation": 2, "patience": 2, "warmup_epochs": 0.5, "eval_every": 2, "batch_size": 8}
MIXED = {"mixup": 0.2, "cutmix": 1.0, "auto_augment": "trivial_augment", "erasing": 0.25, "flip": "alternating"}


@pytest.mark.parametrize("model", ["simple_cnn", "custom_vit", "image_gru"])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
def test_a_run_with_everything_goes_on_exactly(
    dataset: ImageDataset, make_config: MakeConfig, model: str, optimiser: str
) -> None:
    """Stopped twice, in the middle of an epoch, and resumed: bit for bit the run that never stopped."""
    config = make_config(model, MIXED, epochs=4, optimiser=optimiser, **FULL)
    whole = run(config, dataset)
    first = run(config, dataset, stop_at=3)
    second = run(config, dataset, stop_at=4, state=first.states[-1])
    torch.manual_seed(99)
    third = run(config, dataset, state=second.states[-1])
    assert first.epochs + second.epochs + third.epochs == whole.epochs
    assert_same_weights(third.weights, whole.weights)
    for name, value in whole.states[-1]["average"].items():
        assert torch.equal(third.states[-1]["average"][name], value), name
    assert np.array_equal(third.tested.probabilities, whole.tested.probabilities)
    assert replace_times(third.results) == replace_times(whole.results)


def replace_times(results: Results) -> Results:
    return replace(results, seconds=0.0, images_per_second=0.0, peak_memory=0)


def test_bfloat16_trains_and_keeps_float32_weights(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recorder = run(make_config("simple_cnn", epochs=15, lr=0.01, precision="bfloat16"), dataset)
    assert all(weight.dtype is not torch.bfloat16 for weight in recorder.weights.values())
    assert recorder.epochs[-1].train_loss < 0.8 * recorder.epochs[0].train_loss
    exact = run(make_config("simple_cnn", epochs=15, lr=0.01), dataset)
    assert recorder.epochs[0].train_loss == pytest.approx(exact.epochs[0].train_loss, rel=0.02)
    assert recorder.epochs[0].train_loss != exact.epochs[0].train_loss
    assert recorder.started.precision == "bfloat16"


def test_memory_order_changes_nothing_but_rounding(dataset: ImageDataset, make_config: MakeConfig) -> None:
    one, other = (run(make_config("simple_cnn", layout=layout), dataset) for layout in ("contiguous", "channels_last"))
    assert one.epochs[0].train_loss == pytest.approx(other.epochs[0].train_loss, rel=1e-4)
    filters = [recorder.states[-1]["model"]["blocks.1.0.weight"] for recorder in (one, other)]
    assert [weight.is_contiguous(memory_format=torch.channels_last) for weight in filters] == [False, True]


def test_float16_is_not_for_cpus(dataset: ImageDataset, make_config: MakeConfig) -> None:
    with pytest.raises(PrecisionError, match="A CPU does not train in float16; precision = auto"):
        run(make_config(precision="float16"), dataset)


@pytest.mark.parametrize(
    ("model", "wanted", "precision"),
    [("simple_cnn", "auto", "bfloat16"), ("image_gru", "auto", "float32"), ("image_gru", "float16", "float16")],
)
def test_recurrent_networks_keep_float32_on_cuda(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, model: str, wanted: str, precision: str
) -> None:
    """cuDNN would compute them in float16, and bfloat16's loss has no scale."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    config = make_config(model, precision=wanted)
    numerics = choose_numerics(config.training, build(config.model, 10), torch.device("cuda"))
    assert numerics.precision.value == precision


def test_what_cannot_be_trained_in_half_precision_is_refused(make_config: MakeConfig) -> None:
    recurrent = make_config("image_gru", precision="bfloat16")
    with pytest.raises(PrecisionError, match="LSTM and GRU do not train in bfloat16 on CUDA"):
        choose_numerics(recurrent.training, build(recurrent.model, 10), torch.device("cuda"))
    muon = make_config("mlp", precision="float16", optimiser="muon")
    with pytest.raises(PrecisionError, match="Muon does not train in float16"):
        choose_numerics(muon.training, build(muon.model, 10), torch.device("cuda"))


def test_a_state_of_another_model_is_refused(dataset: ImageDataset, make_config: MakeConfig) -> None:
    state = run(make_config("mlp", epochs=1), dataset).states[-1]
    with pytest.raises(Exception, match="The checkpoint does not belong to this configuration") as error:
        run(make_config("simple_cnn"), dataset, state=state)
    assert "\n" not in str(error.value)


def test_a_state_that_finds_no_memory_is_not_blamed(
    dataset: ImageDataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = run(make_config("mlp", epochs=1), dataset).states[-1]

    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(torch.optim.AdamW, "load_state_dict", refuse)
    with pytest.raises(Exception, match=r"Out of memory at batch size \d+: 2\.00 GiB more were asked for"):
        run(make_config("mlp"), dataset, state=state)


def test_nothing_is_saved_once_the_loss_is_lost(dataset: ImageDataset, make_config: MakeConfig) -> None:
    """A stop right after the weights became useless must not overwrite the last good checkpoint."""
    events: list[Event] = []
    states: list[Any] = []
    config = make_config("mlp", lr=100.0, clip_norm=0, weight_decay=10.0, decay_all=True, epochs=200)
    with pytest.raises(Exception, match="no longer finite"):
        train(config, dataset, events.append, lambda: False, lambda state: states.append(dict(state["position"])))
    finished = [event.epoch for event in events if isinstance(event, EpochFinished)]
    assert [state["epoch"] - 1 for state in states] == finished
    assert not any(isinstance(event, RunEnded) for event in events)

    asked = iter(range(10_000))
    last = len(finished) * (4 + 1) + 4  # every batch of the epoch in which it happens; a validation is one more
    saved: list[Any] = []
    with pytest.raises(Exception, match="no longer finite"):
        train(config, dataset, events.append, lambda: next(asked) >= last, lambda state: saved.append(state))
    assert len(saved) == len(finished)


def test_an_extended_run_continues_the_weights(dataset: ImageDataset, make_config: MakeConfig) -> None:
    short = run(make_config("mlp", epochs=2, schedule="constant"), dataset)
    longer = run(make_config("mlp", epochs=4, schedule="constant"), dataset, state=short.states[-1])
    whole = run(make_config("mlp", epochs=4, schedule="constant"), dataset)
    assert short.epochs + longer.epochs == whole.epochs
    assert_same_weights(longer.weights, whole.weights)
    assert isinstance(longer.events[-1], RunEnded)
    assert longer.events[-1].outcome is Outcome.FINISHED


def test_recorder_sees_gradient_norms(dataset: ImageDataset, make_config: MakeConfig) -> None:
    recorder: Recorder = run(make_config("mlp", clip_norm=0.0), dataset)
    norms = [epoch.grad_norm for epoch in recorder.epochs]
    assert all(norm is not None and norm > 0.1 for norm in norms)
