"""A linear model by least squares on many features, its shrinkage chosen by leaving one out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
SHRINKAGES = np.logspace(-1, 6, 22)
MOST_LEFT_OUT = 4000
"""Windows among which one is left out; more are a matter of minutes and change little."""


class Ridge:
    """Ridge classifier: one least-squares score per class (+1 for it, −1 against).

    The shrinkage has the least leave-one-out error, which one eigenvalue decomposition gives for
    all shrinkages at once (Golub, Heath & Wahba 1979).

    Attributes:
        classes_: Class indices met in training.
        coefficients: Of the raw features, shape (features, classes).
        intercept: Shape (classes,).
        shrinkage: The chosen one.
        left_out_error: Mean squared leave-one-out error of each of SHRINKAGES.
        left_out: Training windows that were left out one by one, all unless they are many.
        left_out_scores: What the others say of each of them, shape (len(left_out), classes).
    """

    def fit(
        self, table: npt.NDArray[np.floating[Any]], labels: IntArray, sample_weight: FloatArray
    ) -> Ridge:
        """Learn.

        Args:
            table: Shape (n, features).
            labels: Class indices, shape (n,).
            sample_weight: Shape (n,).
        """
        self.classes_ = np.unique(labels)
        weight = sample_weight / sample_weight.sum()
        mean = weight @ table
        scale = np.sqrt(weight @ (table - mean) ** 2).astype(np.float32)
        scale[scale < 1e-6] = np.inf
        target = np.where(labels[:, None] == self.classes_, 1.0, -1.0)
        level = weight @ target
        root = np.sqrt(weight * len(weight))[:, None]
        centred = ((table - mean.astype(np.float32)) / scale * root).astype(np.float32)
        wanted = (target - level) * root
        some = self.left_out = _spread(len(table), MOST_LEFT_OUT)
        self._choose(centred[some], wanted[some], root[some], level)
        solution = self._solve(centred, wanted)
        self.coefficients = solution / scale[:, None]
        self.intercept = level - mean @ self.coefficients
        return self

    def scores(self, table: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """Score classes, shape (n, classes met in training)."""
        return np.asarray(table @ self.coefficients + self.intercept, dtype=np.float64)

    def _choose(
        self, centred: Float32Array, wanted: FloatArray, root: FloatArray, level: FloatArray
    ) -> None:
        values, vectors = linalg.eigh((centred @ centred.T).astype(np.float64))
        along = vectors.T @ wanted
        squared = vectors**2
        level_leverage = root[:, 0] ** 2 / (root**2).sum()
        errors, kept = [], []
        for shrinkage in SHRINKAGES:
            damped = np.maximum(values, 0) / (np.maximum(values, 0) + shrinkage)
            leverage = np.minimum(squared @ damped + level_leverage, 1 - 1e-9)
            left_out = (wanted - vectors @ (damped[:, None] * along)) / (1 - leverage)[:, None]
            errors.append(float(np.mean(left_out**2)))
            kept.append(left_out)
        best = int(np.argmin(errors))
        self.shrinkage = float(SHRINKAGES[best])
        self.left_out_error = np.array(errors)
        self.left_out_scores = (wanted - kept[best]) / root + level

    def _solve(self, centred: Float32Array, wanted: FloatArray) -> FloatArray:
        n, features = centred.shape
        if n <= features:
            gram = (centred @ centred.T).astype(np.float64)
            gram.flat[:: n + 1] += self.shrinkage
            dual = linalg.solve(gram, wanted, assume_a="pos", overwrite_a=True)
            return np.asarray(centred.T @ dual)
        gram = (centred.T @ centred).astype(np.float64)
        gram.flat[:: features + 1] += self.shrinkage
        solved = linalg.solve(gram, centred.T @ wanted, assume_a="pos", overwrite_a=True)
        return np.asarray(solved)


def _spread(n: int, most: int) -> IntArray:
    """At most so many rows, spread evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))
