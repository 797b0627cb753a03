"""A metric over the training of several runs: smoothed, and where two of them part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LAST_SHARE = 0.1
"""Share of the common course, at its end, that says which of two runs ended better."""
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """A metric of one run over its epochs (or folds).

    Attributes:
        epochs: Shape (n,), increasing.
        seconds: Training time at each of them; empty where it was not measured.
        values: Shape (n,); NaN where there is none.
    """

    epochs: FloatArray
    seconds: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class Parting:
    """From which epoch on one course stays beyond the other, and by how much at the end."""

    epoch: int
    difference: float


def smoothed(values: Sequence[float] | FloatArray, strength: float) -> list[float]:
    """Smooth by an exponential moving average that starts without bias (Kingma & Ba 2015, §3).

    Args:
        values: Gaps (NaN) stay gaps.
        strength: 0 leaves the values as they are; below 1.
    """
    found: list[float] = []
    mean = weight = 0.0
    for value in np.asarray(values, dtype=np.float64).tolist():
        if not math.isfinite(value):
            found.append(math.nan)
            continue
        mean = strength * mean + (1 - strength) * value
        weight = strength * weight + (1 - strength)
        found.append(mean / weight)
    return found


def parting(a: Course, b: Course, strength: float = 0.6) -> Parting | None:
    """Find where two courses part for good; None where they never do.

    The difference at the end is the median over the last tenth of the common epochs. The courses
    part at the first epoch after which the smoothed difference never again is less than half of
    that, or of the other sign.
    """
    common, at_a, at_b = np.intersect1d(a.epochs, b.epochs, return_indices=True)
    met = np.asarray(smoothed(a.values[at_a], strength)) - smoothed(b.values[at_b], strength)
    whole = np.isfinite(met)
    common, met = common[whole], met[whole]
    if len(met) < 3:
        return None
    end = float(np.median(met[-max(2, round(LAST_SHARE * len(met))) :]))
    noise = float(np.median(np.abs(np.diff(met))))
    if abs(end) <= max(noise, 1e-9):
        return None
    near = np.flatnonzero(met * math.copysign(1, end) < abs(end) / 2)
    first = int(near[-1]) + 1 if len(near) else 0
    return Parting(int(common[min(first, len(common) - 1)]), end)
