"""Trains any network that maps windows to class scores; a neural family adds its model only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors.torch import save as to_safetensors
from torch.nn import functional

from integrations.core.config import FamilyConfig
from integrations.core.contract import FitResult, Predictions, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.core.files import write_atomically
from integrations.core.training.augmentation import augment
from integrations.core.training.callbacks import BestEpoch, Health, Reports
from integrations.core.training.checkpoint import Checkpoints
from integrations.core.training.determinism import (
    WEIGHTS,
    deterministic_torch,
    epoch_order,
    seed_everything,
)
from integrations.core.training.loop import fit
from integrations.core.training.schedules import LearningRate
from integrations.core.training.settings import (
    AugmentationConfig,
    CheckpointConfig,
    TrainingConfig,
)
from integrations.core.training.state import TrainState
from integrations.core.training.windows import WindowSource, batches, effective_batch

PREDICTION_BATCH = 256


class NeuralConfig(Protocol):
    """A family's config that has the shared training sections."""

    training: TrainingConfig
    augmentation: AugmentationConfig
    checkpoints: CheckpointConfig


class ClassificationTask:
    """Cross entropy over windows of a training part, validated on another."""

    def __init__(
        self, config: NeuralConfig, seed: int, train: WindowSource, validation: WindowSource,
        n_classes: int,
    ) -> None:  # fmt: skip
        self.seed = seed
        self._config = config
        self._train = train
        self._validation = validation
        self._n_classes = n_classes
        self._batch_size = effective_batch(len(train), config.training.batch_size)
        self._weights = _class_weights(train.labels, n_classes, config.training.balance_classes)
        self._sums = np.zeros(3)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one epoch."""
        return len(batches(np.arange(len(self._train)), self._batch_size))

    def batches(self, epoch: int) -> list[Callable[[], tuple[torch.Tensor, torch.Tensor]]]:
        """Give an epoch's augmented batches, loaded when called."""
        self._sums[:] = 0
        order = epoch_order(self.seed, epoch, len(self._train))

        def loader(number: int, rows: Any) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
            def load() -> tuple[torch.Tensor, torch.Tensor]:
                windows, labels = self._train.take(rows)
                change = self._config.augmentation
                return augment(windows, change, self.seed, epoch, number), labels

            return load

        return [loader(i, rows) for i, rows in enumerate(batches(order, self._batch_size))]

    def train_step(self, state: TrainState, inputs: torch.Tensor, labels: torch.Tensor) -> float:
        """Make one optimizer step and give its loss."""
        training = self._config.training
        scores = state.model(inputs)
        loss = functional.cross_entropy(
            scores, labels, weight=self._weights, label_smoothing=training.label_smoothing
        )
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if training.gradient_clip:
            torch.nn.utils.clip_grad_norm_(state.model.parameters(), training.gradient_clip)
        state.optimizer.step()
        value = float(loss.detach())
        hits = int((scores.detach().argmax(dim=1) == labels).sum())
        self._sums += (value * len(labels), hits, len(labels))
        return value

    def epoch_metrics(self, state: TrainState) -> dict[str, float]:
        """Validate; training figures are those met while training, augmentation included."""
        scores = predict_scores(state.model, self._validation)
        loss, seen = self._sums[0], max(1.0, self._sums[2])
        truth = self._validation.labels.cpu()
        predicted = scores.argmax(dim=1).numpy()
        counts = counts_of_all(truth.numpy(), predicted, self._n_classes)
        figures = headline(counts)
        return {
            "train_loss": float(loss / seen),
            "val_loss": float(functional.cross_entropy(scores, truth)),
            "train_accuracy": float(self._sums[1] / seen),
            "val_accuracy": float(figures["accuracy"]),
            "val_macro_f1": float(figures["macro_f1"]),
            "learning_rate": state.learning_rate.at(max(0, state.step - 1)),
        }


def train_classifier(
    config: Any,
    data: Dataset,
    context: RunContext,
    build: Callable[[WindowSource, int], torch.nn.Module],
    family: str,
) -> FitResult:
    """Train, keep the best epoch, and predict validation and test once with it.

    Args:
        config: The family's config; a FamilyConfig with the sections of NeuralConfig.
        data: What to learn from.
        context: Surroundings of the run.
        build: Makes the untrained network from the training windows and the number of classes;
            it maps (n, channels, samples) to (n, classes).
        family: Name stored with the model.

    Raises:
        Interrupted: Paused or cancelled.
        SplitError: The data cannot be divided as asked.
        TrainingError: The loss is not a number, or the checkpoint does not fit.
    """
    parts = split(data.info, config.data)
    with deterministic_torch(context.threads):
        train, validation = (
            WindowSource(data, index, context.device) for index in (parts.train, parts.validation)
        )
        n_classes = len(data.info.classes)
        task = ClassificationTask(config, config.seed, train, validation, n_classes)
        seed_everything(config.seed, WEIGHTS)
        state = _fresh_state(config, build(train, n_classes).to(context.device), task)
        checkpoints = _run(state, task, config, parts, data, context, family)
        checkpoints.load_best(state)
        test = WindowSource(data, parts.test, context.device)
        return FitResult(
            test=_predictions(state.model, test),
            validation=_predictions(state.model, validation),
            history=state.history,
            best_epoch=state.best_epoch,
            stopped=state.stopped,
            model_files=_save_model(state.model, config, data, context.folder, family),
            n_parameters=sum(p.numel() for p in state.model.parameters() if p.requires_grad),
            extras={"steps_per_epoch": task.steps_per_epoch},
        )


def predict_scores(model: torch.nn.Module, source: WindowSource) -> torch.Tensor:
    """Class scores of all windows of a source, shape (n, classes), on the CPU."""
    model.eval()
    rows = np.arange(len(source))
    with torch.inference_mode():
        pieces = [
            model(source.take(rows[i : i + PREDICTION_BATCH])[0]).float().cpu()
            for i in range(0, len(rows), PREDICTION_BATCH)
        ]
    return torch.cat(pieces)


def _fresh_state(config: Any, model: torch.nn.Module, task: ClassificationTask) -> TrainState:
    training: TrainingConfig = config.training
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    steps = training.epochs * task.steps_per_epoch
    rate = LearningRate(training.schedule, training.learning_rate, steps)
    return TrainState(model, optimizer, rate, training.epochs)


def _run(
    state: TrainState, task: ClassificationTask, config: Any, parts: Split, data: Dataset,
    context: RunContext, family: str,
) -> Checkpoints:  # fmt: skip
    best = BestEpoch(config.checkpoints.monitor, config.training.patience)
    identity = {
        "family": family,
        "config": config.model_dump(mode="json"),
        "data_fingerprint": data.info.fingerprint,
        "split_digest": parts.summary.digest,
    }
    folder = context.folder / "checkpoints"
    checkpoints = Checkpoints(folder, identity, [best], config.checkpoints.keep_last)
    if context.resume_from is not None:
        checkpoints.resume(context.resume_from, state)
    callbacks = [Health(), best, checkpoints, Reports(context, checkpoints.path)]
    fit(state, task, callbacks, context.control)
    return checkpoints


def _class_weights(labels: torch.Tensor, n_classes: int, balance: bool) -> torch.Tensor | None:
    if not balance:
        return None
    counts = torch.bincount(labels.cpu(), minlength=n_classes).clamp(min=1)
    return (len(labels) / (n_classes * counts)).float().to(labels.device)


def _predictions(model: torch.nn.Module, source: WindowSource) -> Predictions:
    probability = torch.softmax(predict_scores(model, source).double(), dim=1).numpy()
    index: WindowIndex = source.index
    truth = source.labels.cpu().numpy()
    return Predictions(index.recording, index.start, truth, probability)


def _save_model(
    model: torch.nn.Module, config: FamilyConfig, data: Dataset, folder: Path, family: str
) -> tuple[Path, ...]:
    """Write the weights and what is needed to use them on new recordings."""
    tensors = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    weights = folder / "model.safetensors"
    write_atomically(weights, lambda file: file.write(to_safetensors(tensors)))
    card = {
        "family": family,
        "config": config.model_dump(mode="json"),
        "classes": data.info.classes,
        "channels": data.info.channels,
        "data_fingerprint": data.info.fingerprint,
    }
    text = json.dumps(card, indent=2).encode()
    write_atomically(folder / "model.json", lambda file: file.write(text))
    return weights, folder / "model.json"
