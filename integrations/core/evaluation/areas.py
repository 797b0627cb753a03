"""Intervals of the areas under one-vs-rest curves, by drawing whole groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.evaluation import Curve, Evaluation, Frozen, Interval
from integrations.core.evaluation.resampling import Resampling, over, share_interval

FloatArray = npt.NDArray[np.float64]
MOST_CLASSES = 12
"""Only the curves that are drawn, those of the weakest classes, get an interval."""
MOST_STEPS = 1000
"""Thresholds at which drawn curves are followed; the figures themselves are exact."""


class Areas(Frozen):
    """Area under the ROC curve and average precision of a class, with their intervals.

    Attributes:
        average_precision: None where the class has no test windows.
    """

    class_name: str
    auc: Interval | None
    average_precision: Interval | None


def areas(part: Predictions, evaluation: Evaluation, draws: Resampling) -> tuple[Areas, ...]:
    """Give intervals for the classes whose curves are weakest, in the order of the classes."""
    chosen = _weakest(evaluation.roc) | _weakest(evaluation.pr)
    return tuple(
        _of_class(part, name, i, draws, evaluation.roc[i].area, evaluation.pr[i].area)
        for i, name in enumerate(evaluation.classes)
        if name in chosen
    )


def _weakest(curves: tuple[Curve, ...]) -> set[str]:
    known = [curve for curve in curves if curve.area is not None]
    return {c.class_name for c in sorted(known, key=lambda c: c.area or 0.0)[:MOST_CLASSES]}


def _of_class(
    part: Predictions,
    name: str,
    k: int,
    draws: Resampling,
    auc: float | None,
    precision: float | None,
) -> Areas:
    inside = part.truth == k
    drawn = _drawn_areas(inside, part.probability[:, k], draws)
    units = min(len(np.unique(draws.number[side])) for side in (inside, ~inside))
    return Areas(
        class_name=name,
        auc=_interval(auc, drawn[0], units),
        average_precision=_interval(precision, drawn[1], units),
    )


def _drawn_areas(
    is_class: npt.NDArray[np.bool_], score: FloatArray, draws: Resampling
) -> tuple[FloatArray, FloatArray]:
    """Area under ROC and average precision of each draw; not a number where a side is missing."""
    step, n_steps = _steps(score)
    hits, misses = (draws.counted(step, n_steps, side) for side in (is_class, ~is_class))
    hits_so_far, misses_so_far = np.cumsum(hits, axis=1), np.cumsum(misses, axis=1)
    under = (misses * (hits_so_far - hits / 2)).sum(axis=1)
    precision = np.nan_to_num(over(hits_so_far, hits_so_far + misses_so_far))
    n_hits, n_misses = hits_so_far[:, -1], misses_so_far[:, -1]
    return over(under, n_hits * n_misses), over((hits * precision).sum(axis=1), n_hits)


def _steps(score: FloatArray) -> tuple[npt.NDArray[np.int64], int]:
    """Number each window's step as the threshold falls; many scores share a step."""
    if len(score) > MOST_STEPS:
        borders = np.unique(np.quantile(score, np.linspace(0, 1, MOST_STEPS), method="lower"))
        score = np.searchsorted(borders, score, side="right").astype(np.float64)
    levels, number = np.unique(-score, return_inverse=True)
    return number.astype(np.int64), len(levels)


def _interval(value: float | None, drawn: FloatArray, units: int) -> Interval | None:
    if value is None or not np.isfinite(drawn).any():
        return None
    return share_interval(value, drawn, units)
