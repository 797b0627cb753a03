"""Trains any network that tells classes apart; a neural family adds its recipe only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save as to_safetensors
from torch.nn import functional

from integrations.core.config import FamilyConfig
from integrations.core.contract import FitResult, Predictions, RunContext
from integrations.core.data.dataset import Dataset, FloatArray, common_rate
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.core.explain.explain import explain
from integrations.core.explain.gradcam import grad_cam, over_time
from integrations.core.files import write_atomically
from integrations.core.training.callbacks import BestEpoch, Health, Reports
from integrations.core.training.checkpoint import Checkpoints, DropOld
from integrations.core.training.determinism import (
    WEIGHTS,
    deterministic_torch,
    epoch_order,
    seed_everything,
)
from integrations.core.training.inputs import Inputs, reference_hz
from integrations.core.training.layer_statistics import LayerStatistics
from integrations.core.training.loop import fit
from integrations.core.training.precision import autocast, chosen_precision
from integrations.core.training.pretrained import start_from
from integrations.core.training.recipe import Recipe
from integrations.core.training.schedules import LearningRate
from integrations.core.training.settings import (
    AugmentationConfig,
    CheckpointConfig,
    InputConfig,
    Precision,
    TrainingConfig,
)
from integrations.core.training.state import TrainState
from integrations.core.training.windows import WindowSource, batches, effective_batch

PREDICTION_BATCH = 256
SEEN = "seen"
"""Number of windows behind the sums of an epoch."""


class NeuralConfig(Protocol):
    """A family's config that has the shared training sections."""

    input: InputConfig
    training: TrainingConfig
    augmentation: AugmentationConfig
    checkpoints: CheckpointConfig


class ClassificationTask:
    """A recipe's objective over windows of a training part, validated on another."""

    def __init__(
        self, config: NeuralConfig, recipe: Recipe, seed: int, train: WindowSource,
        validation: WindowSource, n_classes: int, precision: Precision, device: str,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.recipe = recipe
        self._config = config
        self._train = train
        self._validation = validation
        self._n_classes = n_classes
        self._precision = precision
        self._device = device
        self._batch_size = effective_batch(len(train), config.training.batch_size)
        self._weights = _class_weights(train.labels, n_classes, config.training.balance_classes)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one epoch."""
        return len(batches(np.arange(len(self._train)), self._batch_size))

    def batches(self, epoch: int) -> list[Callable[[], tuple[Inputs, torch.Tensor]]]:
        """Give an epoch's augmented batches, loaded when called."""
        order = epoch_order(self.seed, epoch, len(self._train))
        change = self._config.augmentation

        def loader(number: int, rows: Any) -> Callable[[], tuple[Inputs, torch.Tensor]]:
            def load() -> tuple[Inputs, torch.Tensor]:
                inputs, labels = self._train.take(rows)
                return self.recipe.augment(inputs, change, self.seed, epoch, number), labels

            return load

        return [loader(i, rows) for i, rows in enumerate(batches(order, self._batch_size))]

    def train_step(self, state: TrainState, inputs: Inputs, labels: torch.Tensor) -> float:
        """Make one optimizer step and give its loss."""
        training, objective = self._config.training, self.recipe.objective
        with autocast(self._device, self._precision):
            output = state.model(*inputs)
        output = _in_float32(output)
        loss, parts = objective.loss(
            output, labels, inputs, self._weights, training.label_smoothing
        )
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if training.gradient_clip:
            torch.nn.utils.clip_grad_norm_(state.model.parameters(), training.gradient_clip)
        state.optimizer.step()
        value = float(loss.detach())
        hits = int((objective.scores(output).detach().argmax(dim=1) == labels).sum())
        figures = {"loss": value, "accuracy": hits / len(labels), **_floats(parts)}
        _count(state.sums, figures, len(labels))
        return value

    def epoch_metrics(self, state: TrainState) -> dict[str, float]:
        """Validate; training figures are those met while training, augmentation included."""
        trained = _averages(state.sums, "train")
        scores, validated = self._validate(state.model)
        truth = self._validation.labels.cpu()
        predicted = scores.argmax(dim=1).numpy()
        figures = headline(counts_of_all(truth.numpy(), predicted, self._n_classes))
        return {
            "train_loss": trained.pop("train_loss", 0.0),
            "val_loss": float(functional.cross_entropy(scores, truth)),
            "train_accuracy": trained.pop("train_accuracy", 0.0),
            "val_accuracy": float(figures["accuracy"]),
            "val_macro_f1": float(figures["macro_f1"]),
            **trained,
            **validated,
            "learning_rate": state.learning_rate.at(max(0, state.step - 1)),
        }

    def _validate(self, model: torch.nn.Module) -> tuple[torch.Tensor, dict[str, float]]:
        objective = self.recipe.objective
        pieces, sums = [], dict[str, float]()
        with torch.inference_mode(), autocast(self._device, self._precision):
            for inputs, labels, raw in outputs(model, self._validation):
                output = _in_float32(raw)
                _, parts = objective.loss(output, labels, inputs, None, 0.0)
                _count(sums, _floats(parts), len(labels))
                pieces.append(objective.scores(output).cpu())
        return torch.cat(pieces), _averages(sums, "val")


def train_classifier(config: Any, data: Dataset, context: RunContext, recipe: Recipe) -> FitResult:
    """Train, keep the best epoch, predict validation and test once with it, and explain it.

    Args:
        config: The family's config; a FamilyConfig with the sections of NeuralConfig.
        data: What to learn from.
        context: Surroundings of the run.
        recipe: What the family adds.

    Returns:
        The result; its extras hold the statistics of the layers per epoch, the explanations of
        ``integrations.core.explain`` and, where the recipe names a layer, ``explained_cam``.

    Raises:
        Interrupted: Paused or cancelled.
        SplitError: The data cannot be divided as asked.
        TrainingError: The loss is not a number, or the checkpoint does not fit.
    """
    parts = split(data.info, config.data)
    with deterministic_torch(context.threads):
        train, validation = (
            WindowSource(data, index, context.device, recipe.prepare)
            for index in (parts.train, parts.validation)
        )
        n_classes = len(data.info.classes)
        precision = chosen_precision(config.training.precision, recipe.bf16, context)
        task = ClassificationTask(
            config, recipe, config.seed, train, validation, n_classes, precision, context.device
        )
        seed_everything(config.seed, WEIGHTS)
        model = recipe.build(train, n_classes).to(context.device)
        if recipe.start_from and context.resume_from is None:
            start_from(recipe.start_from, model, recipe.family, data.info, context, config)
        state = _fresh_state(config, model, task)
        statistics = LayerStatistics()
        checkpoints = _run(state, task, config, parts, data, context, statistics)
        checkpoints.load_best(state)
        context.report_progress(1.0, "Testing and explaining")
        test = WindowSource(data, parts.test, context.device, recipe.prepare)
        finished = recipe.finish(state.model, validation, test)
        predicted = _predictions(state.model, test, recipe)
        return FitResult(
            test=predicted,
            validation=_predictions(state.model, validation, recipe),
            history=state.history,
            best_epoch=state.best_epoch,
            stopped=state.stopped,
            model_files=_save_model(state.model, config, data, context.folder, recipe),
            n_parameters=sum(p.numel() for p in state.model.parameters() if p.requires_grad),
            extras={
                "steps_per_epoch": task.steps_per_epoch,
                "precision": precision.value,
                **statistics.extras(),
                **finished,
                **_explanations(state.model, data, predicted, config, context.device, recipe),
            },
        )


def outputs(
    model: torch.nn.Module, source: WindowSource
) -> Iterator[tuple[Inputs, torch.Tensor, Any]]:
    """Give inputs, labels and the network's output, batch by batch in the source's order."""
    model.eval()
    rows = np.arange(len(source))
    for i in range(0, len(rows), PREDICTION_BATCH):
        inputs, labels = source.take(rows[i : i + PREDICTION_BATCH])
        yield inputs, labels, model(*inputs)


def _predictions(model: torch.nn.Module, source: WindowSource, recipe: Recipe) -> Predictions:
    with torch.inference_mode():
        scores = [recipe.objective.scores(out).cpu() for _, _, out in outputs(model, source)]
    probability = torch.softmax(torch.cat(scores).double(), dim=1).numpy()
    index = source.index
    return Predictions(index.recording, index.start, source.labels.cpu().numpy(), probability)


def _explanations(
    model: torch.nn.Module, data: Dataset, test: Predictions, config: FamilyConfig, device: str,
    recipe: Recipe,
) -> dict[str, Any]:  # fmt: skip
    def inputs_of(windows: FloatArray, index: WindowIndex) -> Inputs:
        prepared = recipe.prepare(torch.from_numpy(windows), index)
        return tuple(part.to(device) for part in prepared)

    def predict(windows: FloatArray, index: WindowIndex) -> npt.NDArray[np.float64]:
        with torch.inference_mode():
            scores = recipe.objective.scores(model(*inputs_of(windows, index)))
        return torch.softmax(scores.double(), dim=1).cpu().numpy()

    model.eval()
    extras = explain(predict, data, test, config.data.window_samples)
    if not extras or recipe.cam_layer is None:
        return extras
    index = WindowIndex(
        extras["explained_recording"], extras["explained_start"], config.data.window_samples
    )
    said = torch.from_numpy(extras["explained_predicted"]).to(device)
    inputs = inputs_of(gather(data, index), index)
    maps = grad_cam(model, recipe.cam_layer(model), inputs, said, recipe.objective)
    spans = getattr(recipe.prepare, "span", None)
    span = np.ones(len(index)) if spans is None else spans[index.recording]
    return {**extras, "explained_cam": over_time(maps, span)}


def _in_float32(output: Any) -> Any:
    """Take what autocast left in bfloat16 back, so that losses are summed exactly."""
    if isinstance(output, torch.Tensor):
        return output.float()
    if isinstance(output, tuple):
        values = [_in_float32(part) for part in output]
        return type(output)(*values) if hasattr(output, "_fields") else tuple(values)
    return output


def _count(sums: dict[str, float], figures: dict[str, float], n: int) -> None:
    """Add the figures of a batch of n windows."""
    for name, value in {SEEN: 1.0, **figures}.items():
        sums[name] = sums.get(name, 0.0) + value * n


def _averages(sums: dict[str, float], part: str) -> dict[str, float]:
    seen = max(1.0, sums.get(SEEN, 0.0))
    return {f"{part}_{name}": value / seen for name, value in sums.items() if name != SEEN}


def _floats(parts: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in parts.items()}


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
    context: RunContext, statistics: LayerStatistics,
) -> Checkpoints:  # fmt: skip
    best = BestEpoch(config.checkpoints.monitor, config.training.patience)
    identity = {
        "family": task.recipe.family,
        "config": config.model_dump(mode="json"),
        "data_fingerprint": data.info.fingerprint,
        "split_digest": parts.summary.digest,
    }
    folder = context.folder / "checkpoints"
    checkpoints = Checkpoints(folder, identity, [best, statistics], config.checkpoints.keep_last)
    if context.resume_from is not None:
        checkpoints.resume(context.resume_from, state)
    callbacks = [
        Health(), best, statistics, checkpoints, Reports(context, checkpoints.path),
        DropOld(checkpoints),
    ]  # fmt: skip
    fit(state, task, callbacks, context.control)
    return checkpoints


def _class_weights(labels: torch.Tensor, n_classes: int, balance: bool) -> torch.Tensor | None:
    if not balance:
        return None
    counts = torch.bincount(labels.cpu(), minlength=n_classes).clamp(min=1)
    return (len(labels) / (n_classes * counts)).float().to(labels.device)


def _save_model(
    model: torch.nn.Module, config: FamilyConfig, data: Dataset, folder: Path, recipe: Recipe
) -> tuple[Path, ...]:
    """Write the weights and what is needed to use them on new recordings."""
    tensors = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    weights = folder / "model.safetensors"
    write_atomically(weights, lambda file: file.write(to_safetensors(tensors)))
    card = {
        "family": recipe.family,
        "config": config.model_dump(mode="json"),
        "classes": data.info.classes,
        "channels": data.info.channels,
        "data_fingerprint": data.info.fingerprint,
        "sampling_rate_hz": common_rate(data.info),
        "reference_shaft_hz": reference_hz(data.info, config.input),  # type: ignore[attr-defined]
        "properties": data.info.properties,
        **recipe.card,
    }
    text = json.dumps(card, indent=2).encode()
    write_atomically(folder / "model.json", lambda file: file.write(text))
    return weights, folder / "model.json"
