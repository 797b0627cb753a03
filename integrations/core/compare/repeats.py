"""Runs that were repeated with other seeds or splits: their mean, and how two sets differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from integrations.core.evaluation.evaluation import Interval


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Give the mean of repeats with its 95 % t interval; None for fewer than two.

    It covers what changed between the repeats (the seed), not other test recordings.
    """
    if len(values) < 2:
        return None
    array = np.asarray(values, dtype=np.float64)
    half = special.stdtrit(len(array) - 1, 0.975) * array.std(ddof=1) / np.sqrt(len(array))
    mean = float(array.mean())
    return Interval(value=mean, low=mean - float(half), high=mean + float(half))


def corrected_resampled_t(
    differences: Sequence[float], n_train: int, n_test: int
) -> tuple[Interval, float]:
    """Compare two models over repeated random splits (Nadeau & Bengio 2003).

    Training parts of random splits overlap, so a plain t test finds differences between equal
    models in half of all cases; the variance is raised by the share of test to training data.

    Args:
        differences: Figure of the one model minus that of the other, one per split.
        n_train: Training recordings of a split.
        n_test: Test recordings of a split.

    Returns:
        The mean difference with its 95 % interval, and the two-sided p-value.

    Raises:
        ValueError: Fewer than two differences, or nothing trained on.
    """
    array = np.asarray(differences, dtype=np.float64)
    if len(array) < 2 or n_train < 1:
        raise ValueError("A test over repeats needs two repeats or more, and training data.")
    mean = float(array.mean())
    error = float(np.sqrt((1 / len(array) + n_test / n_train) * array.var(ddof=1)))
    half = float(special.stdtrit(len(array) - 1, 0.975)) * error
    if error == 0:
        p = 1.0 if mean == 0 else 0.0
    else:
        p = float(2 * special.stdtr(len(array) - 1, -abs(mean) / error))
    return Interval(value=mean, low=mean - half, high=mean + half), p
