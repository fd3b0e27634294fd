"""The training loop: one for all models.

It knows no thread, no screen and no disk layout. It says what happens through `emit`, asks `should_stop` before every
step and every batch of evaluation, and hands out its whole state through `save`. Nothing is read back from the device
for a batch: sums stay there until somebody is told about them, at most twice a second.
"""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cifar_tui.config import Compile, RunConfig
from cifar_tui.data.batches import EvalBatches, TrainBatch, TrainBatches
from cifar_tui.data.dataset import ImageDataset, LabelledImages
from cifar_tui.events import (
    BatchProgress,
    EpochFinished,
    Event,
    Outcome,
    Results,
    RunEnded,
    RunStarted,
    Tested,
    accuracy_per_million,
)
from cifar_tui.models.build import build
from cifar_tui.training.average import MovingAverage
from cifar_tui.training.compilation import compile_if_possible
from cifar_tui.training.device import (
    describe_device,
    find_device,
    get_random_state,
    peak_memory,
    reset_peak_memory,
    set_random_state,
)
from cifar_tui.training.evaluate import predict
from cifar_tui.training.loss import hits, mixed_cross_entropy
from cifar_tui.training.memory import explain_out_of_memory, is_out_of_memory
from cifar_tui.training.metrics import score
from cifar_tui.training.optimisation import Optimisation
from cifar_tui.training.precision import choose_numerics
from cifar_tui.training.schedule import lr_factor
from cifar_tui.training.tally import Tally
from cifar_tui.training.whitening import whiten

Emit = Callable[[Event], None]
State = dict[str, Any]
"""Everything that training needs to go on exactly: tensors and plain values, loadable with `weights_only=True`."""

SECONDS_BETWEEN_REPORTS = 0.5
EVAL_BATCH_SIZE = 250
"""On a CPU up to a third faster than 500: a batch stays in the cache."""


class TrainingError(Exception):
    """One sentence: why training cannot go on."""


class _StoppedError(Exception):
    """Training, validation or test was left on the way."""


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
        should_stop: asked before each step of the optimiser, and before each batch of validation and test.
        save: given the state after each epoch and on a stop, only while all is finite. Its tensors are the live ones,
            which change when training goes on: write or copy them before returning.
        state: where to go on from, as `save` was given it; None begins afresh.

    Raises:
        DeviceError: the device that the configuration asks for is not there.
        OptimiserError: this version of torch does not have the optimiser.
        PrecisionError: the device does not compute in the precision that the configuration asks for.
        TrainingError: the loss is no longer finite, memory does not suffice, `state` is another model's or recipe's or
            was trained on other images, or there are too few images for a batch.
    """
    device = find_device(config.training.device)
    try:
        _train(_Trainer(config, dataset, device, emit, should_stop), save or (lambda _: None), state)
        return
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        message = str(error)
    # Out here the error is gone, and with its traceback the trainer and all that it held on the device.
    raise TrainingError(explain_out_of_memory(message, config, dataset, device))


def _train(trainer: "_Trainer", save: Callable[[State], None], state: State | None) -> None:
    if state is not None:
        trainer.load_state(state)
    trainer.emit(trainer.introduction())
    try:
        trainer.fit(save)
        trainer.test()
    except _StoppedError:
        trainer.emit(RunEnded(Outcome.STOPPED))


@dataclass
class _Position:
    """Where training stands: with the random states and the weights, all that a resume needs."""

    epoch: int = 1
    batch: int = 0
    """Batches done in this epoch."""
    seconds: float = 0.0
    """Training time of this epoch."""
    run_train_seconds: float = 0.0
    run_seconds: float = 0.0
    """Of finished epochs, like the one before; this one includes validation."""
    best_accuracy: float = -1.0
    """On the validation images; with early stopping only."""
    validations_since_best: int = 0


class _Trainer:
    def __init__(
        self,
        config: RunConfig,
        dataset: ImageDataset,
        device: torch.device,
        emit: Emit,
        should_stop: Callable[[], bool],
    ) -> None:
        if dataset.val is None:
            raise ValueError("the data set needs a validation split")
        recipe = config.training
        self.recipe = recipe
        self.dataset = dataset
        self.device = device
        self.emit = emit
        self.should_stop = should_stop
        reset_peak_memory(device)

        torch.manual_seed(recipe.seed)
        self.model = build(config.model, len(dataset.class_names))
        whiten(self.model, dataset.train)
        self.numerics = choose_numerics(recipe, self.model, device)
        self.numerics.place(self.model)
        self.average = MovingAverage(self.model, recipe.ema_decay) if recipe.ema_decay else None
        self.judged: nn.Module = self.average.module if self.average else self.model
        self.best_weights: dict[str, Tensor] | None = None
        if recipe.compile is Compile.AUTO and device.type == "cuda":
            compile_if_possible(self.model)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.optimisation = Optimisation(self.model, recipe, self.numerics.precision, device)

        self.train_batches = TrainBatches(
            dataset.train,
            config.data,
            batch_size=recipe.batch_size,
            device=device,
            seed=recipe.seed,
            channels_last=self.numerics.channels_last,
        )
        self.val_batches = self._eval_batches(dataset.val)
        self.batch_sizes = self.train_batches.batch_sizes
        if not self.batch_sizes:
            raise TrainingError(f"{dataset.name} has a single training image; training needs two or more.")
        self.tally = Tally(self.batch_sizes, device)
        self.at = _Position()
        self.last: EpochFinished | None = None

    def introduction(self) -> RunStarted:
        """Return what is known before the first batch."""
        assert self.dataset.val is not None
        return RunStarted(
            dataset=self.dataset.name,
            device=describe_device(self.device),
            parameters=self.parameters,
            train_images=len(self.dataset.train),
            val_images=len(self.dataset.val),
            test_images=len(self.dataset.test),
            batches_per_epoch=len(self.batch_sizes),
            precision=self.numerics.precision.value,
            test_digest=self.dataset.test.digest(),
        )

    @cached_property
    def images(self) -> str:
        """What the training and validation images can be told from others by."""
        assert self.dataset.val is not None
        return f"{self.dataset.train.digest()} {self.dataset.val.digest()}"

    def state(self) -> State:
        """Return everything that the rest of the run depends on."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "best_weights": self.best_weights,
            "optimisation": self.optimisation.state_dict(),
            "position": asdict(self.at),
            "tally": self.tally.state_dict(),
            "last_epoch": asdict(self.last) if self.last else None,
            "random": torch.get_rng_state(),
            "device_random": get_random_state(self.device),
            "device_type": self.device.type,
            "images": self.images,
        }

    def load_state(self, state: State) -> None:
        """Go to where `state` was taken."""
        if state.get("images", self.images) != self.images:
            raise TrainingError(
                f"The images of {self.dataset.name} have changed since the run began: it could be validated on what it "
                "was trained on. Bring them back, or train the run again from its beginning."
            )
        try:
            self.model.load_state_dict(state["model"])
            if self.average:
                self.average.load_state_dict(state["average"])
            self.best_weights = state["best_weights"] if self.recipe.patience else None
            self.optimisation.load_state_dict(state["optimisation"])
            self.at = _Position(**state["position"])
            self.tally.load_state_dict(state["tally"])
            self.last = EpochFinished(**state["last_epoch"]) if state["last_epoch"] else None
            torch.set_rng_state(state["random"])
            is_of_this_type = state.get("device_type", self.device.type) == self.device.type
            if state["device_random"] is not None and is_of_this_type:
                set_random_state(self.device, state["device_random"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            if is_out_of_memory(error):
                raise
            raise TrainingError(
                f"The checkpoint does not belong to this configuration or this version ({type(error).__name__}); "
                "train the run again from its beginning."
            ) from error

    def fit(self, save: Callable[[State], None]) -> None:
        """Train to the end.

        Raises:
            _StoppedError: it was stopped on the way; the state that a resume needs is saved.
        """
        while self.at.epoch <= self.recipe.epochs and not self._has_stalled():
            try:
                self._train_epoch()
                self._finish_epoch()
            except _StoppedError:
                self._check_losses()
                save(self.state())
                raise
            save(self.state())

    def _train_epoch(self) -> None:
        self.model.train()
        began = reported = time.perf_counter()
        batch_before, seconds_before = self.at.batch, self.at.seconds
        try:
            for batch in self.train_batches.epoch(self.at.epoch, first_batch=batch_before):
                if self._begins_a_step():
                    self._go_on()
                self._train_batch(batch)
                self.at.batch += 1
                if time.perf_counter() - reported >= SECONDS_BETWEEN_REPORTS:
                    self._check_losses()  # this waits for the device, as below: launched is not trained
                    reported = time.perf_counter()
                    self._report(sum(self.batch_sizes[batch_before : self.at.batch]) / (reported - began))
            self._check_losses()  # this waits for the device, so that the time below is true
        finally:
            self.at.seconds = seconds_before + time.perf_counter() - began

    def _go_on(self) -> None:
        if self.should_stop():
            raise _StoppedError

    def _train_batch(self, batch: TrainBatch) -> None:
        place = self.at.batch
        if self._begins_a_step():
            self.optimisation.set_lr(self._lr(place))
            self.optimisation.zero_grad()
        with self.numerics.autocast():
            logits = self.model(batch.images)
        loss = mixed_cross_entropy(logits.float(), batch, self.recipe.label_smoothing)
        self.optimisation.backward(loss if self.recipe.accumulation == 1 else loss * self._share_of_step(place))
        self.tally.add_batch(place, loss, hits(logits.detach(), batch))
        if (place + 1) % self.recipe.accumulation == 0 or place + 1 == len(self.batch_sizes):
            self.tally.add_step(place, self.optimisation.step())
            if self.average:
                self.average.update_parameters(self.model)

    def _begins_a_step(self) -> bool:
        return self.at.batch % self.recipe.accumulation == 0

    def _share_of_step(self, batch: int) -> float:
        """The share of a step's images that are in this batch: the step then follows the mean over all of them."""
        first = batch - batch % self.recipe.accumulation
        return self.batch_sizes[batch] / sum(self.batch_sizes[first : first + self.recipe.accumulation])

    def _lr(self, batch: int) -> float:
        """The learning rate of the step that this batch of the present epoch belongs to."""
        steps_per_epoch = -(-len(self.batch_sizes) // self.recipe.accumulation)
        step = (self.at.epoch - 1) * steps_per_epoch + batch // self.recipe.accumulation
        return self.recipe.lr * lr_factor(self.recipe, step, steps_per_epoch)

    def _report(self, images_per_second: float) -> None:
        batches = self.at.batch
        self.emit(
            BatchProgress(
                epoch=self.at.epoch,
                batch=batches,
                batches=len(self.batch_sizes),
                train_loss=self.tally.loss(batches),
                lr=self._lr(batches - 1),
                grad_norm=self.tally.grad_norm(batches),
                images_per_second=images_per_second,
            )
        )

    def _check_losses(self) -> None:
        batch = self.tally.first_bad_batch(self.at.batch)
        if batch is not None:
            raise TrainingError(
                f"The loss is no longer finite: epoch {self.at.epoch}, batch {batch + 1}, learning rate "
                f"{self._lr(batch):.3g}; a lower learning rate usually helps."
            )

    def _finish_epoch(self) -> None:
        batches = len(self.batch_sizes)
        finished = EpochFinished(
            epoch=self.at.epoch,
            train_loss=self.tally.loss(batches),
            train_accuracy=self.tally.accuracy(batches),
            val_loss=None,
            val_accuracy=None,
            lr=self._lr(batches - 1),
            seconds=self.at.seconds,
            images_per_second=sum(self.batch_sizes) / self.at.seconds,
            grad_norm=self.tally.grad_norm(batches),
        )
        if self.at.epoch % self.recipe.eval_every == 0 or self.at.epoch == self.recipe.epochs:
            finished = self._validated(finished)
        self.last = finished
        self.at = replace(
            self.at,
            epoch=self.at.epoch + 1,
            batch=0,
            seconds=0.0,
            run_train_seconds=self.at.run_train_seconds + self.at.seconds,
            run_seconds=self.at.run_seconds + finished.seconds,
        )
        self.tally.clear()
        self.emit(finished)

    def _validated(self, epoch: EpochFinished) -> EpochFinished:
        began = time.perf_counter()
        loss, logits, labels = self._judge(self.val_batches)
        accuracy = (logits.argmax(dim=1) == labels).sum().item() / len(labels)
        if self.recipe.patience:
            self._remember_the_best(accuracy)
        seconds = epoch.seconds + time.perf_counter() - began
        return replace(epoch, val_loss=loss, val_accuracy=accuracy, seconds=seconds)

    def _judge(self, batches: EvalBatches) -> tuple[float, Tensor, Tensor]:
        """Return the mean loss, the logits and the labels."""
        logits, labels = predict(self.judged, self._unless_stopped(batches), self.numerics.autocast())
        loss = F.cross_entropy(logits, labels)
        if not loss.isfinite():
            raise TrainingError(
                f"The loss is finite in training but not in evaluation, in epoch {self.at.epoch}; "
                "a lower learning rate usually helps."
            )
        return loss.item(), logits, labels

    def _unless_stopped(self, batches: EvalBatches) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in batches:
            self._go_on()
            yield batch

    def _remember_the_best(self, accuracy: float) -> None:
        if accuracy > self.at.best_accuracy:
            self.at.best_accuracy, self.at.validations_since_best = accuracy, 0
            self.best_weights = copy.deepcopy(self.judged.state_dict())
        else:
            self.at.validations_since_best += 1

    def _has_stalled(self) -> bool:
        return 0 < self.recipe.patience <= self.at.validations_since_best

    def test(self) -> None:
        """Score the weights on the test images and say so, then say that the run has ended.

        Raises:
            _StoppedError: it was stopped on the way; it begins anew when the run goes on.
        """
        assert self.last is not None
        val_accuracy = self.last.val_accuracy
        if self.best_weights is not None:
            self.judged.load_state_dict(self.best_weights)
            val_accuracy = self.at.best_accuracy
        assert val_accuracy is not None
        test_loss, logits, targets = self._judge(self._eval_batches(self.dataset.test))
        labels, probabilities = targets.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()
        scores = score(labels, probabilities, self.dataset.superclass_of)
        data = self.dataset
        self.emit(Tested(labels, probabilities, data.class_names, data.superclass_names, data.superclass_of))
        results = Results(
            test_accuracy=scores.accuracy,
            test_loss=test_loss,
            top5_accuracy=scores.top5_accuracy,
            macro_f1=scores.macro_f1,
            superclass_accuracy=scores.superclass_accuracy,
            val_accuracy=val_accuracy,
            train_accuracy=self.last.train_accuracy,
            parameters=self.parameters,
            accuracy_per_million=accuracy_per_million(scores.accuracy, self.parameters),
            epochs=self.last.epoch,
            seconds=self.at.run_seconds,
            images_per_second=sum(self.batch_sizes) * self.last.epoch / self.at.run_train_seconds,
            peak_memory=peak_memory(self.device),
        )
        self.emit(RunEnded(Outcome.FINISHED, results))

    def _eval_batches(self, images: LabelledImages) -> EvalBatches:
        return EvalBatches(
            images, batch_size=EVAL_BATCH_SIZE, device=self.device, channels_last=self.numerics.channels_last
        )
