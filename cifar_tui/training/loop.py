"""The training loop: one for all models.

It knows no thread, no screen and no disk layout. It says what happens through `emit`, asks `should_stop` before every
batch, and hands out its whole state through `save`. Nothing is read back from the device for a batch: sums stay there
until somebody is told about them, at most twice a second.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cifar_tui.config import RunConfig
from cifar_tui.data.batches import EvalBatches, TrainBatches
from cifar_tui.data.dataset import ImageDataset
from cifar_tui.events import BatchProgress, EpochFinished, Event, Outcome, Results, RunEnded, RunStarted, Tested
from cifar_tui.models.build import build
from cifar_tui.training.device import describe_device, find_device, peak_memory, reset_peak_memory
from cifar_tui.training.evaluate import predict
from cifar_tui.training.metrics import accuracy_per_million, score
from cifar_tui.training.schedule import lr_factor

Emit = Callable[[Event], None]
State = dict[str, Any]
"""Everything that training needs to go on exactly: tensors and plain values, loadable with `weights_only=True`."""

SECONDS_BETWEEN_REPORTS = 0.5
EVAL_BATCH_SIZE = 500


class TrainingError(Exception):
    """One sentence: why training cannot go on."""


def train(
    config: RunConfig,
    dataset: ImageDataset,
    emit: Emit,
    should_stop: Callable[[], bool],
    save: Callable[[State], None] | None = None,
    state: State | None = None,
) -> None:
    """Train `config`'s model on `dataset` and test it once, after the last epoch.

    Args:
        config: what to train and how.
        dataset: with a validation split.
        emit: told each event, in order; the last one is `RunEnded` with `finished` or `stopped`.
        should_stop: asked before each batch.
        save: given the state after each epoch and on a stop. Its tensors are the live ones, which change when training
            goes on: write or copy them before returning.
        state: where to go on from, as `save` was given it; None begins afresh.

    Raises:
        DeviceError: the device that the configuration asks for is not there.
        TrainingError: the loss is no longer finite, or there are too few images for a batch.
    """
    trainer = _Trainer(config, dataset, emit, should_stop)
    if state is not None:
        trainer.load_state(state)
    finished = trainer.fit(save or (lambda _: None))
    if finished:
        trainer.test()
    else:
        emit(RunEnded(Outcome.STOPPED))


@dataclass
class _Position:
    """Where training stands: with the random states and the weights, all that a resume needs."""

    epoch: int = 1
    batch: int = 0
    """Batches done in this epoch."""
    images: int = 0
    """Images seen in this epoch."""
    seconds: float = 0.0
    """Training time of this epoch."""
    run_images: int = 0
    run_train_seconds: float = 0.0
    run_seconds: float = 0.0
    """The last three count finished epochs only; the last one includes validation."""


class _Trainer:
    def __init__(self, config: RunConfig, dataset: ImageDataset, emit: Emit, should_stop: Callable[[], bool]) -> None:
        if dataset.val is None:
            raise ValueError("the data set needs a validation split")
        recipe = config.training
        self.config = config
        self.recipe = recipe
        self.dataset = dataset
        self.emit = emit
        self.should_stop = should_stop
        self.device = find_device(recipe.device)
        reset_peak_memory(self.device)

        torch.manual_seed(recipe.seed)
        self.model: nn.Module = build(config.model, len(dataset.class_names)).to(self.device)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.train_batches = TrainBatches(
            dataset.train,
            batch_size=recipe.batch_size,
            crop_padding=config.data.crop_padding,
            flip=config.data.flip,
            device=self.device,
            seed=recipe.seed,
        )
        self.val_batches = EvalBatches(dataset.val, batch_size=EVAL_BATCH_SIZE, device=self.device)
        self.batches_per_epoch = self.train_batches.batches_per_epoch
        if not self.batches_per_epoch:
            raise TrainingError(f"{dataset.name} has a single training image; training needs two or more.")
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=recipe.lr,
            weight_decay=recipe.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._lr_factor)

        self.at = _Position()
        self.loss_sum = torch.zeros((), device=self.device)
        self.correct = torch.zeros((), dtype=torch.int64, device=self.device)
        self.last: EpochFinished | None = None

    def state(self) -> State:
        """Return everything that the rest of the run depends on."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "position": asdict(self.at),
            "loss_sum": self.loss_sum,
            "correct": self.correct,
            "last_epoch": asdict(self.last) if self.last else None,
            "random": torch.get_rng_state(),
            "device_random": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def load_state(self, state: State) -> None:
        """Go to where `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.at = _Position(**state["position"])
        self.loss_sum.copy_(state["loss_sum"])
        self.correct.copy_(state["correct"])
        self.last = EpochFinished(**state["last_epoch"]) if state["last_epoch"] else None
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["device_random"] is not None:
            torch.cuda.set_rng_state(state["device_random"], self.device)

    def fit(self, save: Callable[[State], None]) -> bool:
        """Train to the last epoch; False when it was stopped on the way."""
        assert self.dataset.val is not None
        self.emit(
            RunStarted(
                dataset=self.dataset.name,
                device=describe_device(self.device),
                parameters=self.parameters,
                train_images=len(self.dataset.train.labels),
                val_images=len(self.dataset.val.labels),
                test_images=len(self.dataset.test.labels),
                batches_per_epoch=self.batches_per_epoch,
            )
        )
        while self.at.epoch <= self.recipe.epochs:
            if not self._train_epoch():
                save(self.state())
                return False
            self._finish_epoch()
            save(self.state())
        return True

    def _train_epoch(self) -> bool:
        self.model.train()
        began = reported = time.perf_counter()
        seconds_before, images_before = self.at.seconds, self.at.images
        for images, labels in self.train_batches.epoch(self.at.epoch, first_batch=self.at.batch):
            if self.should_stop():
                self.at.seconds = seconds_before + time.perf_counter() - began
                return False
            self._step(images, labels)
            self.at.batch += 1
            self.at.images += len(labels)
            now = time.perf_counter()
            if now - reported >= SECONDS_BETWEEN_REPORTS:
                reported = now
                self._report((self.at.images - images_before) / (now - began))
        self._finite(self.loss_sum.item())  # reading it also waits for the device, so that the time below is true
        self.at.seconds = seconds_before + time.perf_counter() - began
        return True

    def _step(self, images: Tensor, labels: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        logits = self.model(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip_norm:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        self.schedule.step()
        self.loss_sum += loss.detach() * len(labels)
        self.correct += (logits.detach().argmax(dim=1) == labels).sum()

    def _report(self, images_per_second: float) -> None:
        self.emit(
            BatchProgress(
                epoch=self.at.epoch,
                batch=self.at.batch,
                batches=self.batches_per_epoch,
                train_loss=self._finite(self.loss_sum.item()) / self.at.images,
                images_per_second=images_per_second,
            )
        )

    def _finite(self, loss_sum: float) -> float:
        if not math.isfinite(loss_sum):
            raise TrainingError(
                f"The loss became {loss_sum} in epoch {self.at.epoch}, by batch {self.at.batch}, at learning rate "
                f"{self._lr():.3g}; a lower learning rate usually helps."
            )
        return loss_sum

    def _lr(self) -> float:
        return float(self.optimiser.param_groups[0]["lr"])

    def _finish_epoch(self) -> None:
        began = time.perf_counter()
        logits, labels = predict(self.model, self.val_batches)
        val_loss = self._finite(F.cross_entropy(logits, labels).item())
        val_accuracy = (logits.argmax(dim=1) == labels).double().mean().item()
        seconds = self.at.seconds + time.perf_counter() - began
        self.last = EpochFinished(
            epoch=self.at.epoch,
            train_loss=self.loss_sum.item() / self.at.images,
            train_accuracy=self.correct.item() / self.at.images,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            lr=self._last_lr(),
            seconds=seconds,
            images_per_second=self.at.images / self.at.seconds,
        )
        self.at = _Position(
            epoch=self.at.epoch + 1,
            run_images=self.at.run_images + self.at.images,
            run_train_seconds=self.at.run_train_seconds + self.at.seconds,
            run_seconds=self.at.run_seconds + seconds,
        )
        self.loss_sum.zero_()
        self.correct.zero_()
        self.emit(self.last)

    def _last_lr(self) -> float:
        """The rate of the epoch's last step; the optimiser already holds the next one."""
        step = self.at.epoch * self.batches_per_epoch - 1
        return self.recipe.lr * self._lr_factor(step)

    def _lr_factor(self, step: int) -> float:
        return lr_factor(self.recipe.schedule, step, self.recipe.epochs, self.batches_per_epoch)

    def test(self) -> None:
        """Score the model on the test images and say so, then say that the run has ended."""
        assert self.last is not None
        batches = EvalBatches(self.dataset.test, batch_size=EVAL_BATCH_SIZE, device=self.device)
        logits, targets = predict(self.model, batches)
        test_loss = self._finite(F.cross_entropy(logits, targets).item())
        labels, probabilities = targets.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()
        scores = score(labels, probabilities, self.dataset.superclass_of)
        self.emit(Tested(labels, probabilities))
        results = Results(
            test_accuracy=scores.accuracy,
            test_loss=test_loss,
            top5_accuracy=scores.top5_accuracy,
            macro_f1=scores.macro_f1,
            superclass_accuracy=scores.superclass_accuracy,
            val_accuracy=self.last.val_accuracy,
            train_accuracy=self.last.train_accuracy,
            parameters=self.parameters,
            accuracy_per_million=accuracy_per_million(scores.accuracy, self.parameters),
            epochs=self.last.epoch,
            seconds=self.at.run_seconds,
            images_per_second=self.at.run_images / self.at.run_train_seconds,
            peak_memory=peak_memory(self.device),
        )
        self.emit(RunEnded(Outcome.FINISHED, results))
