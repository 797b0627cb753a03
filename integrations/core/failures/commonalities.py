"""What failures have in common: how much oftener a model is wrong where a fact holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
ENOUGH_UNITS = 5
"""With fewer units on a side an interval by units promises more than it can hold."""
LEVEL = 0.05


@dataclass(frozen=True)
class Commonality:
    """How a fact goes with being wrong, over all test windows it is known of.

    Attributes:
        code: Of the fact, e.g. "low_snr", or "field:load=3".
        title: In words.
        wrong_with, windows_with: Mistakes among the windows where the fact holds.
        wrong_without, windows_without: Among the others.
        difference: Error rate with the fact minus that without it.
        low, high: 95 % interval of the difference, by units; NaN where there are too few.
        p, p_holm: Of no difference; the second allows for all facts looked at (Holm).
        units_with, units_without: Units (groups, recordings) with such windows.
    """

    code: str
    title: str
    wrong_with: int
    windows_with: int
    wrong_without: int
    windows_without: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    units_with: int
    units_without: int

    @property
    def told(self) -> bool:
        """True when the difference is more than chance explains."""
        return bool(self.p_holm <= LEVEL)

    @property
    def testable(self) -> bool:
        """False when too few units lie on a side to say anything."""
        return bool(np.isfinite(self.p))

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values, NaN as None."""
        values = asdict(self) | {"told": self.told, "testable": self.testable}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()}


def compare(
    code: str, title: str, wrong: BoolArray, fact: BoolArray, unit: IntArray
) -> Commonality:
    """Compare the error rates with and without a fact.

    Windows of one unit are not independent: the variance is the jackknife's over units, with t on
    the degrees of freedom of the side with fewer units (MacKinnon, Nielsen & Webb 2023, "Cluster-
    robust inference: a guide to empirical practice", on few treated clusters).

    Args:
        code: See Commonality.
        title: See Commonality.
        wrong: Whether each window was mistaken, shape (n,).
        fact: Whether the fact holds, shape (n,).
        unit: Group or recording of each window, shape (n,).
    """
    n_with, n_without = int(fact.sum()), int((~fact).sum())
    rate_with, rate_without = _rate(wrong[fact]), _rate(wrong[~fact])
    units_with, units_without = len(np.unique(unit[fact])), len(np.unique(unit[~fact]))
    difference = rate_with - rate_without
    low, high, p = np.nan, np.nan, np.nan
    if min(units_with, units_without) >= ENOUGH_UNITS:
        low, high, p = _test(wrong, fact, unit)
    return Commonality(
        code, title, int(wrong[fact].sum()), n_with, int(wrong[~fact].sum()), n_without,
        difference, low, high, p, p, units_with, units_without,
    )  # fmt: skip


def with_holm(found: Sequence[Commonality]) -> list[Commonality]:
    """Allow for how many facts were looked at (Holm 1979); strongest first."""
    testable = sorted((c for c in found if c.testable), key=lambda c: c.p)
    corrected, largest = [], 0.0
    for rank, each in enumerate(testable):
        largest = max(largest, min(1.0, each.p * (len(testable) - rank)))
        corrected.append(replace(each, p_holm=largest))
    rest = sorted((c for c in found if not c.testable), key=lambda c: -_finite(c.difference))
    return [*sorted(corrected, key=lambda c: (c.p_holm, -abs(c.difference))), *rest]


def _test(wrong: BoolArray, fact: BoolArray, unit: IntArray) -> tuple[float, float, float]:
    """Interval and p of the difference, by leaving out one unit at a time."""
    _, number = np.unique(unit, return_inverse=True)
    held, mistaken = (np.bincount(number, weights=mask) for mask in (fact, fact & wrong))
    free, missed = (np.bincount(number, weights=mask) for mask in (~fact, ~fact & wrong))
    difference = mistaken.sum() / held.sum() - missed.sum() / free.sum()
    left = (mistaken.sum() - mistaken) / (held.sum() - held)
    left -= (missed.sum() - missed) / (free.sum() - free)
    units = len(held)
    error = float(np.sqrt((units - 1) / units * ((left - difference) ** 2).sum()))
    if error == 0:  # all alike on either side: nothing varies, so ask the units themselves
        p = 1.0 if difference == 0 else _fisher(wrong, fact, number)
        return float(difference), float(difference), p
    freedom = min(int((held > 0).sum()), int((free > 0).sum())) - 1
    half = float(special.stdtrit(freedom, 0.975)) * error
    p = 2 * float(special.stdtr(freedom, -abs(difference) / error))
    return max(-1.0, float(difference) - half), min(1.0, float(difference) + half), p


def _fisher(wrong: BoolArray, fact: BoolArray, unit: IntArray) -> float:
    from scipy import stats  # a second and 50 MiB that only the analysis itself needs

    held = np.bincount(unit, weights=fact) > 0
    failed = np.bincount(unit, weights=wrong) > 0
    table = np.array([[(a & b).sum() for b in (failed, ~failed)] for a in (held, ~held)])
    return float(stats.fisher_exact(table)[1])


def _rate(wrong: BoolArray) -> float:
    return float(wrong.mean()) if wrong.size else float("nan")


def _finite(value: float) -> float:
    return value if np.isfinite(value) else -2.0
