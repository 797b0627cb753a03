"""How well the Sommerfeld number was told from the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
RESAMPLES = 1000


def sommerfeld_extras(
    known: FloatArray,
    told: FloatArray,
    recording: npt.NDArray[np.int64],
    group_of_recording: npt.NDArray[np.int64],
) -> dict[str, Any]:
    """Average over each recording's windows and measure R².

    Args:
        known: Logarithm of the number from metadata per window, NaN where it is not known.
        told: What the network said per window.
        recording: Recording of each window.
        group_of_recording: Group of each recording of the data set, for the interval.

    Returns:
        ``log_s`` and ``log_s_told`` per recording, ``sommerfeld_r2`` with its 95 % interval;
        {} when no recording tells its number.
    """
    rows = np.isfinite(known)
    if not rows.any():
        return {}
    recordings, number = np.unique(recording[rows], return_inverse=True)
    count = np.bincount(number)
    truth = np.bincount(number, known[rows]) / count
    said = np.bincount(number, told[rows]) / count
    figures = [r_squared(truth, said), *_interval(truth, said, group_of_recording[recordings])]
    return {"log_s": truth, "log_s_told": said, "sommerfeld_r2": np.array(figures)}


def r_squared(truth: FloatArray, told: FloatArray) -> float:
    """Share of the variance that is explained; 0 where nothing varies."""
    total = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((truth - told) ** 2).sum()) / total if total > 0 else 0.0


def _interval(truth: FloatArray, told: FloatArray, group: npt.NDArray[np.int64]) -> list[float]:
    """95 % bootstrap interval over groups."""
    rng = np.random.default_rng(0x50DD)
    members = [np.flatnonzero(group == each) for each in np.unique(group)]
    drawn = []
    for _ in range(RESAMPLES):
        picked = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[i] for i in picked.tolist()])
        drawn.append(r_squared(truth[rows], told[rows]))
    return list(np.quantile(drawn, [0.025, 0.975]).tolist())
