"""Accuracy, precision, recall and F1 from counts, for one table or thousands of resampled ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Counts:
    """What all headline figures need of a confusion matrix; leading axes are free.

    Attributes:
        hit: Windows of each class that were recognised, shape (..., classes).
        true: Windows of each class, shape (..., classes).
        said: Windows for which each class was predicted, shape (..., classes).
    """

    hit: FloatArray
    true: FloatArray
    said: FloatArray


def counts_by_unit(
    truth: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    unit: npt.NDArray[np.int64],
    n_classes: int,
) -> Counts:
    """Count per resampling unit (group, recording or window), shape (units, classes)."""
    units, number = np.unique(unit, return_inverse=True)

    def table(klass: npt.NDArray[np.int64], weight: npt.NDArray[np.bool_] | None) -> FloatArray:
        flat = np.bincount(number * n_classes + klass, weight, len(units) * n_classes)
        return flat.reshape(len(units), n_classes).astype(np.float64)

    return Counts(table(truth, truth == predicted), table(truth, None), table(predicted, None))


def counts_of_all(
    truth: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], n_classes: int
) -> Counts:
    """Count all windows together, shape (classes,)."""
    together = np.zeros(len(truth), dtype=np.int64)
    counts = counts_by_unit(truth, predicted, together, n_classes)
    return Counts(counts.hit.sum(0), counts.true.sum(0), counts.said.sum(0))


def headline(counts: Counts) -> dict[str, FloatArray]:
    """Figures over the last axis; macro figures average the classes that have test windows."""
    precision = _over(counts.hit, counts.said)
    recall = _over(counts.hit, counts.true)
    f1 = _over(2 * counts.hit, counts.true + counts.said)
    present = counts.true > 0
    return {
        "accuracy": _over(counts.hit.sum(-1), counts.true.sum(-1)),
        "macro_precision": _mean_of_present(precision, present),
        "macro_recall": _mean_of_present(recall, present),
        "macro_f1": _mean_of_present(f1, present),
    }


def per_class(counts: Counts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision, recall and F1 of each class, 0 where undefined."""
    return (
        _over(counts.hit, counts.said),
        _over(counts.hit, counts.true),
        _over(2 * counts.hit, counts.true + counts.said),
    )


def resample(counts: Counts, n: int, rng: np.random.Generator) -> Counts:
    """Draw units with replacement, n times (Efron's bootstrap, as multinomial weights)."""
    units = len(counts.true)
    if units == 0:
        nothing = np.zeros((n, counts.true.shape[1]))
        return Counts(nothing, nothing, nothing)
    shares = np.full(units, 1 / units)
    weights = rng.multinomial(units, shares, size=n).astype(np.float64)
    return Counts(weights @ counts.hit, weights @ counts.true, weights @ counts.said)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % score interval of a share of n trials (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    square = Z_95 * Z_95
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z_95 / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _over(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=whole > 0)


def _mean_of_present(values: FloatArray, present: npt.NDArray[np.bool_]) -> FloatArray:
    return _over((values * present).sum(-1), present.sum(-1).astype(np.float64))
