"""Cross-validates by group, fits once, predicts the test once; imported only inside a run."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from integrations.classical.config import IMPORTANCE_WINDOWS, ClassicalConfig
from integrations.classical.inputs import Inputs
from integrations.classical.looks import looks
from integrations.classical.model import Learner, Table, balanced_weights, strongest_features
from integrations.classical.stored import StoredModel, arrays_of, arrays_of_minirocket
from integrations.core.contract import (
    CheckpointError,
    Control,
    FitResult,
    Interrupted,
    Predictions,
    RunContext,
)
from integrations.core.data.dataset import Dataset, common_rate
from integrations.core.data.folds import group_folds
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex, class_indices
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.core.explain.explain import explain, telling_windows
from integrations.core.files import write_atomically

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FORMAT_VERSION = 1
SHUFFLED_ROWS = 10_000
"""Rows predicted at once for the importance; one call per feature would be mostly overhead."""
EXPLAINED_BY_MINIROCKET = 8
"""Its transform is costly; more windows would take longer to explain than to learn."""
FEATURE_SHARE, FOLD_SHARE = 0.2, 0.6
"""Parts of the progress bar for the features and for the folds; the rest is the final fit."""


@dataclass(frozen=True)
class Part:
    """Features and labels of one part of the split."""

    index: WindowIndex
    table: Table
    labels: IntArray


class Run:
    """One run: keeps what its steps share and obeys orders between them."""

    def __init__(self, config: ClassicalConfig, data: Dataset, context: RunContext) -> None:
        self.config = config
        self.data = data
        self.context = context
        self.parts: Split = split(data.info, config.data)
        self.n_classes = len(data.info.classes)
        self.inputs = Inputs(config, data)
        self.history: list[dict[str, float]] = []

    def pulse(self) -> None:
        """Obey a pause or cancel order.

        Raises:
            Interrupted: There was one.
        """
        order = self.context.control()
        if order in (Control.PAUSE, Control.CANCEL):
            raise Interrupted(order)

    def part(self, index: WindowIndex, progress_from: float, progress_to: float) -> Part:
        """Compute a part's features, reporting progress between two fractions."""

        def progress(done: int, total: int) -> None:
            self.pulse()
            share = progress_from + (progress_to - progress_from) * done / total
            self.context.report_progress(share, "Computing features")

        table = self.inputs.table(index, progress)
        return Part(index, table, class_indices(self.data.info)[index.recording])

    def learner(self, table: Table, labels: IntArray) -> Learner:
        """Select features and fit one model."""
        config = self.config
        columns = np.arange(table.shape[1], dtype=np.int64)
        if self.inputs.names:
            chosen = config.features
            columns = strongest_features(table, labels, chosen.top_k, chosen.max_correlation)
        learner = Learner(
            config.model,
            config.features.scaling,
            columns,
            self.n_classes,
            config.seed,
            self.context.threads,
        )
        weights = balanced_weights(labels, config.training.balance_classes)
        learner.fit(table, labels, weights, self.pulse)
        return learner

    @property
    def identity(self) -> dict[str, Any]:
        """What must be equal for a checkpoint to fit."""
        return {
            "family": "classical",
            "config": self.config.model_dump(mode="json"),
            "data_fingerprint": self.data.info.fingerprint,
            "split_digest": self.parts.summary.digest,
        }


def fit(config: ClassicalConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see the contract."""
    run = Run(config, data, context)
    with threadpool_limits(limits=max(1, context.threads)):
        train = run.part(run.parts.train, 0.0, FEATURE_SHARE)
        stopped = _cross_validate(run, train)
        context.report_progress(FEATURE_SHARE + FOLD_SHARE, "Fitting the final model")
        learner = run.learner(train.table, train.labels)
        validation = run.part(run.parts.validation, 0.8, 0.85)
        learner.calibrate(validation.table, validation.labels)
        extras = _importance(run, learner, validation)
        test = run.part(run.parts.test, 0.9, 0.97)
        predictions = _predictions(learner, test)
        stored = _stored(run, learner)
        context.report_progress(0.97, "Explaining some decisions")
        extras |= looks(learner, train.table, train.labels, test.table)
        extras |= _explained(run, stored, predictions)
        return FitResult(
            test=predictions,
            validation=_predictions(learner, validation),
            history=run.history,
            best_epoch=0,
            stopped=stopped,
            model_files=stored.write(context.folder),
            extras=extras,
        )


def _explained(run: Run, stored: StoredModel, test: Predictions) -> dict[str, Any]:
    def predict(windows: npt.NDArray[np.float32], index: WindowIndex) -> FloatArray:
        run.pulse()
        return stored.probability(run.inputs.table(index, windows=windows))

    if run.inputs.minirocket is not None:
        rows = telling_windows(test, run.n_classes)[:EXPLAINED_BY_MINIROCKET]
        test = Predictions(
            test.recording[rows], test.start[rows], test.truth[rows], test.probability[rows]
        )
    return explain(predict, run.data, test, run.config.data.window_samples)


def _cross_validate(run: Run, train: Part) -> bool:
    """Report one fold after the other; True when the user stopped it."""
    folds = group_folds(run.data.info, train.index, run.config.training.folds, run.config.data.seed)
    total = int(folds.max()) + 1
    if total < run.config.training.folds:
        run.context.log("warning", f"The training groups allow {total} folds only.")
    _resume(run)
    for fold in range(len(run.history), total):
        if run.history and run.context.control() is Control.STOP:
            return True
        run.history.append(_fold(run, train, folds == fold))
        path = _write_checkpoint(run)
        run.context.report_epoch(fold + 1, total, run.history[-1], path)
        share = FEATURE_SHARE + FOLD_SHARE * (fold + 1) / total
        run.context.report_progress(share, f"Fold {fold + 1} of {total}")
    return False


def _fold(run: Run, train: Part, held_out: npt.NDArray[np.bool_]) -> dict[str, float]:
    began = time.perf_counter()
    learner = run.learner(train.table[~held_out], train.labels[~held_out])
    probability = learner.probability(train.table[held_out])
    truth = train.labels[held_out]
    counts = counts_of_all(truth, probability.argmax(axis=1), run.n_classes)
    figures = headline(counts)
    return {
        "val_loss": _log_loss(probability, truth),
        "val_accuracy": float(figures["accuracy"]),
        "val_macro_f1": float(figures["macro_f1"]),
        "epoch_seconds": time.perf_counter() - began,
    }


def _resume(run: Run) -> None:
    path = run.context.resume_from
    if path is None:
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"The checkpoint {path.name} cannot be read. Start the run anew."
        raise CheckpointError(text, path) from error
    same = all(content.get(key) == value for key, value in run.identity.items())
    if not same or content.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            "The checkpoint was made with other settings or other data. Start the run anew.", path
        )
    run.history = content["history"]
    run.context.log("info", f"Resuming after fold {len(run.history)}.")


def _write_checkpoint(run: Run) -> Path:
    path = run.context.folder / "checkpoints" / f"fold-{len(run.history):02d}.json"
    content = {
        "format_version": FORMAT_VERSION,
        **run.identity,
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "history": run.history,
    }
    text = json.dumps(content).encode()
    write_atomically(path, lambda file: file.write(text))
    return path


def _importance(run: Run, learner: Learner, validation: Part) -> dict[str, Any]:
    """Rise of the validation log loss when a feature is shuffled (Breiman 2001, Fisher 2019)."""
    names = run.inputs.names
    if not names:
        return {}
    repeats = run.config.training.importance_repeats
    used = learner.columns
    extras: dict[str, Any] = {"feature_names": [names[i] for i in used]}
    if repeats == 0:
        return extras
    rng = np.random.default_rng([run.config.seed, 0x1329])
    rows = rng.permutation(len(validation.labels))[:IMPORTANCE_WINDOWS]
    table, labels = validation.table[rows], validation.labels[rows]
    base = _log_loss(learner.probability(table), labels)
    rises = np.empty((len(used), repeats))
    at_once = max(1, SHUFFLED_ROWS // (repeats * len(table)))
    for first in range(0, len(used), at_once):
        run.pulse()
        columns = used[first : first + at_once]
        probability = learner.probability(_shuffled(table, columns, repeats, rng))
        shaped = probability.reshape(len(columns), repeats, len(table), -1)
        rises[first : first + at_once] = [
            [_log_loss(each, labels) - base for each in of_column] for of_column in shaped
        ]
        share = 0.85 + 0.05 * first / len(used)
        run.context.report_progress(share, "Measuring what each feature is worth")
    return {**extras, "importance": rises.mean(axis=1), "importance_spread": rises.std(axis=1)}


def _shuffled(table: Table, columns: IntArray, repeats: int, rng: np.random.Generator) -> Table:
    """Stack copies of the table, one column shuffled in each, repeats of a column together."""
    copies = np.tile(table, (len(columns) * repeats, 1, 1))
    for number, copy in enumerate(copies):
        column = columns[number // repeats]
        copy[:, column] = rng.permutation(table[:, column])
    return copies.reshape(-1, table.shape[1])


def _log_loss(probability: FloatArray, truth: IntArray) -> float:
    return float(-np.log(probability[np.arange(len(truth)), truth].clip(min=1e-6)).mean())


def _predictions(learner: Learner, part: Part) -> Predictions:
    probability = learner.probability(part.table)
    return Predictions(part.index.recording, part.index.start, part.labels, probability)


def _stored(run: Run, learner: Learner) -> StoredModel:
    """The finished model as arrays, with what is needed to use it."""
    kind = run.config.model.kind
    arrays = arrays_of(kind, learner.model, learner.scaler) | {"columns": learner.columns}
    if run.inputs.minirocket is not None:
        arrays |= arrays_of_minirocket(run.inputs.minirocket)
    card = {
        **run.identity,
        "format_version": FORMAT_VERSION,
        "kind": kind.value,
        "classes": run.data.info.classes,
        "channels": run.data.info.channels,
        "samples": run.config.data.window_samples,
        "features": run.inputs.names,
        "temperature": learner.temperature,
        "sampling_rate_hz": common_rate(run.data.info),
        "properties": run.data.info.properties,
    }
    return StoredModel(arrays, card)
