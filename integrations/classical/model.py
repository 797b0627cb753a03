"""The learners, grown in portions so that an order of the user is obeyed within a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import SVC

from integrations.classical.config import FORESTS, ModelConfig, ModelKind, Scaling
from integrations.classical.ridge import Ridge

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Table = npt.NDArray[np.floating[Any]]
PORTION = 25
"""Trees or boosting rounds between two looks at the user's orders."""


class Learner:
    """A scaler and a model over a chosen set of feature columns.

    Attributes:
        columns: Columns of the feature table that are used, shape (k,).
        scaler: Makes the columns comparable; None where the model does not need it.
        model: The fitted scikit-learn model, or a ``Ridge``.
        temperature: Divides the scores of support vectors and ridge before the softmax.
    """

    def __init__(
        self,
        config: ModelConfig,
        scaling: Scaling,
        columns: IntArray,
        n_classes: int,
        seed: int,
        threads: int,
    ) -> None:
        self.columns = columns
        self.temperature = 1.0
        self.scaler = None if config.kind is ModelKind.MINIROCKET else _scaler(scaling)
        self.model = _model(config, len(columns), seed, threads)
        self._config = config
        self._n_classes = n_classes

    def fit(
        self, table: Table, labels: IntArray, weights: FloatArray, pulse: Callable[[], None]
    ) -> None:
        """Learn from a feature table.

        Args:
            table: Shape (n, features), all columns.
            labels: Class indices, shape (n,).
            weights: Weight of each window, shape (n,).
            pulse: Called between portions; may raise to leave.
        """
        used = self.scaled(table, fit=True)
        for portion in _portions(self._config):
            if portion:
                self.model.set_params(**portion)
            self.model.fit(used, labels, sample_weight=weights)
            pulse()
        if isinstance(self.model, Ridge):
            self._fit_temperature(self.model.left_out_scores, labels[self.model.left_out])

    def probability(self, table: Table) -> FloatArray:
        """Class probabilities, shape (n, classes); 0 for classes not met in training."""
        used = self.scaled(table)
        scored = isinstance(self.model, SVC | Ridge)
        found = self._scores(used) if scored else self.model.predict_proba(used)
        full = np.zeros((len(table), self._n_classes))
        full[:, self.model.classes_] = found
        return full

    def calibrate(self, table: Table, labels: IntArray) -> None:
        """Fit the temperature of scores on held-out windows (Guo et al. 2017)."""
        if isinstance(self.model, SVC | Ridge):
            self._fit_temperature(_decision(self.model, self.scaled(table)), labels)

    def _fit_temperature(self, scores: FloatArray, labels: IntArray) -> None:
        column = np.searchsorted(self.model.classes_, labels)
        known = np.isin(labels, self.model.classes_)
        if not known.any():
            return

        def loss(log_temperature: float) -> float:
            share = softmax(scores[known] / np.exp(log_temperature))
            return float(-np.log(share[np.arange(known.sum()), column[known]] + 1e-12).mean())

        best = minimize_scalar(loss, bounds=(-4, 2), method="bounded")
        self.temperature = float(np.exp(best.x))

    def _scores(self, used: Table) -> FloatArray:
        return softmax(_decision(self.model, used) / self.temperature)

    def scaled(self, table: Table, fit: bool = False) -> Table:
        """The used columns made comparable, shape (n, used)."""
        used = table[:, self.columns]
        if self.scaler is None:
            return used
        return np.asarray(self.scaler.fit_transform(used) if fit else self.scaler.transform(used))


def strongest_features(
    table: Table, labels: IntArray, top_k: int, max_correlation: float = 1.0
) -> IntArray:
    """Columns to learn from, in column order.

    Args:
        table: Training features, shape (n, features).
        labels: Class indices, shape (n,).
        top_k: How many of those that separate the classes best; 0 for all.
        max_correlation: Of two columns that correlate more, the weaker is dropped; 1 drops none.
    """
    strength = separation(table, labels)
    ranked = np.argsort(-strength, kind="stable")
    if max_correlation < 1:
        ranked = _uncorrelated(table, ranked, max_correlation)
    return np.sort(ranked[:top_k] if top_k > 0 else ranked)


def separation(table: Table, labels: IntArray) -> FloatArray:
    """Ratio of the spread between classes to that within (an F statistic), shape (features,)."""
    found = np.unique(labels)
    sizes = np.array([(labels == k).sum() for k in found])[:, None]
    means = np.stack([table[labels == k].mean(axis=0) for k in found])
    between = (sizes * (means - table.mean(axis=0)) ** 2).sum(axis=0)
    within = ((table - means[np.searchsorted(found, labels)]) ** 2).sum(axis=0)
    return np.where(between > 0, between / np.maximum(within, 1e-12 * (between + 1e-30)), 0)


def _uncorrelated(table: Table, ranked: IntArray, limit: float) -> IntArray:
    """Go through columns from the strongest; keep those unlike all kept before."""
    centred = table - table.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(length > 0, length, 1)
    alike = np.abs(unit.T @ unit) > limit
    kept: list[int] = []
    for column in ranked.tolist():
        if not alike[column, kept].any():
            kept.append(column)
    return np.array(kept, dtype=np.int64)


def balanced_weights(labels: IntArray, balance: bool) -> FloatArray:
    """Weight of each window, so that all classes weigh the same."""
    if not balance:
        return np.ones(len(labels))
    counts = np.bincount(labels)
    return np.asarray(len(labels) / ((counts > 0).sum() * counts[labels]))


def _scaler(scaling: Scaling) -> Any:
    if scaling is Scaling.STANDARD:
        return StandardScaler()
    return RobustScaler() if scaling is Scaling.ROBUST else None


def _model(config: ModelConfig, n_features: int, seed: int, threads: int) -> Any:
    if config.kind in FORESTS:
        forest = (
            RandomForestClassifier
            if config.kind is ModelKind.RANDOM_FOREST
            else ExtraTreesClassifier
        )
        return forest(
            n_estimators=0,
            max_depth=config.max_depth or None,
            min_samples_leaf=config.min_leaf,
            random_state=seed,
            n_jobs=threads,
            warm_start=True,
        )
    if config.kind is ModelKind.SVM:
        return SVC(C=config.penalty, gamma=config.kernel_width / n_features, random_state=seed)
    if config.kind is ModelKind.LOGISTIC:
        return LogisticRegression(C=config.linear_penalty, max_iter=1000)
    if config.kind is ModelKind.MINIROCKET:
        return Ridge()
    return HistGradientBoostingClassifier(
        learning_rate=config.learning_rate,
        max_leaf_nodes=config.max_leaves,
        min_samples_leaf=config.min_leaf,
        early_stopping=False,
        random_state=seed,
        warm_start=True,
    )


def _portions(config: ModelConfig) -> list[dict[str, int]]:
    if config.kind in FORESTS:
        name, total = "n_estimators", config.trees
    elif config.kind is ModelKind.GRADIENT_BOOSTING:
        name, total = "max_iter", config.iterations
    else:
        return [{}]
    return [{name: min(n, total)} for n in range(PORTION, total + PORTION, PORTION)]


def _decision(model: SVC | Ridge, used: Table) -> FloatArray:
    if isinstance(model, Ridge):
        return model.scores(used)
    scores = model.decision_function(used)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def softmax(scores: FloatArray) -> FloatArray:
    """Turn scores into shares that sum to 1 over the last axis."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
