"""Exact paired tests over units of which each run had the same: groups, recordings or windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from integrations.core.compare.contenders import BoolArray, IntArray

FloatArray = npt.NDArray[np.float64]


def right_per_unit(right: BoolArray, unit: IntArray) -> IntArray:
    """Count the recognised windows of each unit, in the order of the units' numbers."""
    _, number = np.unique(unit, return_inverse=True)
    return np.bincount(number, right).astype(np.int64)


def mid_p(difference: IntArray) -> float:
    """Test whether two runs are equally often right, two-sided, with the mid-p correction.

    If both are equally good, each unit's difference could as well have the other sign. The exact
    distribution of the sum over all signs is used; where every unit is one window this is
    McNemar's test with mid-p (Fagerland, Lydersen & Laake 2013).

    Args:
        difference: Recognised windows of the one run minus those of the other, per unit.
    """
    sizes, counts = np.unique(np.abs(difference[difference != 0]), return_counts=True)
    if len(sizes) == 0:
        return 1.0
    chances = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        spread = np.zeros(2 * size * count + 1)
        spread[:: 2 * size] = _even_chances(count)
        chances = np.convolve(chances, spread)
    above = len(chances) // 2 + abs(int(difference.sum()))
    return float(min(1.0, 2 * chances[above + 1 :].sum() + chances[above]))


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for being several (Holm 1979)."""
    order = np.argsort(p)
    steps = np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [float(value) for value in corrected]


def cochran(right: Sequence[BoolArray]) -> tuple[float, float]:
    """Test whether several runs are right on equally many of the same items (Cochran 1950).

    Returns:
        Q and its p-value; (0, 1) where no item tells the runs apart.
    """
    table = np.stack(right, axis=1).astype(np.float64)
    runs, per_run, per_item = table.shape[1], table.sum(axis=0), table.sum(axis=1)
    told = float((per_item * (runs - per_item)).sum())
    if told == 0:
        return 0.0, 1.0
    q = float(runs * (runs - 1) * ((per_run - per_run.mean()) ** 2).sum() / told)
    return q, float(special.chdtrc(runs - 1, q))


def _even_chances(count: int) -> FloatArray:
    """Give the binomial distribution of ``count`` fair coins, shape (count + 1,)."""
    heads = np.arange(count + 1)
    ways = (
        special.gammaln(count + 1) - special.gammaln(heads + 1) - special.gammaln(count - heads + 1)
    )
    return np.asarray(np.exp(ways - count * np.log(2.0)))
