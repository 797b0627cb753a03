"""The learners, grown in portions so that an order of the user is obeyed within a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import SVC

from integrations.classical.config import ModelConfig, ModelKind, Scaling

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
PORTION = 25
"""Trees or boosting rounds between two looks at the user's orders."""


class Learner:
    """A scaler and a model over a chosen set of feature columns.

    Attributes:
        columns: Columns of the feature table that are used, shape (k,).
        temperature: Divides the support vectors' scores before the softmax.
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
        self.scaler = _scaler(scaling)
        self.model = _model(config, len(columns), seed, threads)
        self._config = config
        self._n_classes = n_classes

    def fit(
        self, table: FloatArray, labels: IntArray, weights: FloatArray, pulse: Callable[[], None]
    ) -> None:
        """Learn from a feature table.

        Args:
            table: Shape (n, features), all columns.
            labels: Class indices, shape (n,).
            weights: Weight of each window, shape (n,).
            pulse: Called between portions; may raise to leave.
        """
        used = self._scaled(table, fit=True)
        for portion in _portions(self._config):
            if portion:
                self.model.set_params(**portion)
            self.model.fit(used, labels, sample_weight=weights)
            pulse()

    def probability(self, table: FloatArray) -> FloatArray:
        """Class probabilities, shape (n, classes); 0 for classes not met in training."""
        used = self._scaled(table)
        found = (
            self._scores(used) if isinstance(self.model, SVC) else self.model.predict_proba(used)
        )
        full = np.zeros((len(table), self._n_classes))
        full[:, self.model.classes_] = found
        return full

    def calibrate(self, table: FloatArray, labels: IntArray) -> None:
        """Fit the temperature of support vectors on held-out windows (Guo et al. 2017)."""
        if not isinstance(self.model, SVC):
            return
        scores = _decision(self.model, self._scaled(table))
        column = np.searchsorted(self.model.classes_, labels)
        known = np.isin(labels, self.model.classes_)

        def loss(log_temperature: float) -> float:
            share = _softmax(scores[known] / np.exp(log_temperature))
            return float(-np.log(share[np.arange(known.sum()), column[known]] + 1e-12).mean())

        best = minimize_scalar(loss, bounds=(-4, 2), method="bounded")
        self.temperature = float(np.exp(best.x))

    def _scores(self, used: FloatArray) -> FloatArray:
        return _softmax(_decision(self.model, used) / self.temperature)

    def _scaled(self, table: FloatArray, fit: bool = False) -> FloatArray:
        used = table[:, self.columns]
        if self.scaler is None:
            return used
        return np.asarray(self.scaler.fit_transform(used) if fit else self.scaler.transform(used))


def strongest_features(table: FloatArray, labels: IntArray, top_k: int) -> IntArray:
    """Columns with the largest F statistic between the classes, in column order.

    Args:
        table: Training features, shape (n, features).
        labels: Class indices, shape (n,).
        top_k: How many; 0 for all.
    """
    n_features = table.shape[1]
    if not 0 < top_k < n_features:
        return np.arange(n_features, dtype=np.int64)
    found = np.unique(labels)
    sizes = np.array([(labels == k).sum() for k in found])[:, None]
    means = np.stack([table[labels == k].mean(axis=0) for k in found])
    between = (sizes * (means - table.mean(axis=0)) ** 2).sum(axis=0)
    within = ((table - means[np.searchsorted(found, labels)]) ** 2).sum(axis=0)
    strength = np.where(between > 0, between / np.maximum(within, 1e-12 * (between + 1e-30)), 0)
    return np.sort(np.argsort(-strength, kind="stable")[:top_k])


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
    if config.kind is ModelKind.RANDOM_FOREST:
        return RandomForestClassifier(
            n_estimators=0,
            max_depth=config.max_depth or None,
            min_samples_leaf=config.min_leaf,
            random_state=seed,
            n_jobs=threads,
            warm_start=True,
        )
    if config.kind is ModelKind.SVM:
        return SVC(C=config.penalty, gamma=config.kernel_width / n_features, random_state=seed)
    return HistGradientBoostingClassifier(
        learning_rate=config.learning_rate,
        max_leaf_nodes=config.max_leaves,
        min_samples_leaf=config.min_leaf,
        early_stopping=False,
        random_state=seed,
        warm_start=True,
    )


def _portions(config: ModelConfig) -> list[dict[str, int]]:
    if config.kind is ModelKind.SVM:
        return [{}]
    forest = config.kind is ModelKind.RANDOM_FOREST
    name, total = ("n_estimators", config.trees) if forest else ("max_iter", config.iterations)
    return [{name: min(n, total)} for n in range(PORTION, total + PORTION, PORTION)]


def _decision(model: SVC, used: FloatArray) -> FloatArray:
    scores = model.decision_function(used)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def _softmax(scores: FloatArray) -> FloatArray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
