"""One class as an alarm: what each threshold catches and what it raises in vain.

The threshold is chosen on validation windows; the test windows say what it is worth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.evaluation import Frozen
from integrations.core.evaluation.figures_of_merit import wilson
from integrations.core.evaluation.resampling import Resampling, over

FloatArray = npt.NDArray[np.float64]
THRESHOLDS_A_SIDE = 60


class Rates(Frozen):
    """What happens at each threshold on one part.

    Attributes:
        caught: Share of the class's windows that raise the alarm, one per threshold.
        false: Share of all other windows that raise it.
        windows_of_class: How many windows of the class there are.
        other_windows: How many others.
    """

    caught: tuple[float, ...]
    false: tuple[float, ...]
    windows_of_class: int
    other_windows: int


class Doubt(Frozen):
    """How uncertain the rates of the test part are, one entry per threshold.

    Attributes:
        caught_low: 95 % interval by group.
        caught_error: Standard error of ``Rates.caught``.
        together: Covariance of both rates, for the interval of an expected cost.
    """

    caught_low: tuple[float, ...]
    caught_high: tuple[float, ...]
    false_low: tuple[float, ...]
    false_high: tuple[float, ...]
    caught_error: tuple[float, ...]
    false_error: tuple[float, ...]
    together: tuple[float, ...]


class OperatingPoints(Frozen):
    """Everything the threshold explorer needs about one class.

    Attributes:
        thresholds: The alarm is raised at this probability or above, ascending.
        prevalence: Share of the class among the test windows.
    """

    class_name: str
    thresholds: tuple[float, ...]
    validation: Rates
    test: Rates
    doubt: Doubt
    prevalence: float
    unit_name: str
    n_units: int


def operating_points(
    test: Predictions, validation: Predictions, class_name: str, k: int, draws: Resampling
) -> OperatingPoints | None:
    """Measure a class at a hundred thresholds; None where a part lacks the class or all others.

    Args:
        test: Test predictions.
        validation: Where the thresholds come from.
        class_name: For people.
        k: Index of the class.
        draws: Of the test part.
    """
    if not (_both_sides(test, k) and _both_sides(validation, k)):
        return None
    thresholds = _thresholds(validation, k)
    sums = draws.sums(_columns(test, k, thresholds))
    return OperatingPoints(
        class_name=class_name,
        thresholds=_rounded(thresholds, 6),
        validation=_rates(validation, k, thresholds),
        test=_rates(test, k, thresholds),
        doubt=_doubt(sums, draws),
        prevalence=float((test.truth == k).mean()),
        unit_name=draws.unit_name,
        n_units=draws.n_units,
    )


def _both_sides(part: Predictions, k: int) -> bool:
    return bool((part.truth == k).any() and (part.truth != k).any())


def _thresholds(validation: Predictions, k: int) -> FloatArray:
    """Between the validation scores, so that none lies exactly on a threshold."""
    score, inside = validation.probability[:, k], validation.truth == k
    steps = np.linspace(0, 1, THRESHOLDS_A_SIDE)
    kept = [np.quantile(score[side], steps, method="nearest") for side in (inside, ~inside)]
    levels = np.unique(np.round(np.concatenate(kept), 6))
    between = (levels[1:] + levels[:-1]) / 2
    return np.concatenate([[0.0], between, [1.0 + 1e-6]])


def _columns(part: Predictions, k: int, thresholds: FloatArray) -> FloatArray:
    """Per window: raised and of the class, raised and not, of the class, not."""
    inside = (part.truth == k)[:, None]
    raised = part.probability[:, k, None] >= thresholds
    return np.concatenate([raised & inside, raised & ~inside, inside, ~inside], axis=1).astype(
        np.float64
    )


def _rates(part: Predictions, k: int, thresholds: FloatArray) -> Rates:
    inside = part.truth == k
    score = part.probability[:, k]
    caught, false = (
        1 - np.searchsorted(np.sort(score[side]), thresholds, side="left") / side.sum()
        for side in (inside, ~inside)
    )
    return Rates(
        caught=_rounded(caught),
        false=_rounded(false),
        windows_of_class=int(inside.sum()),
        other_windows=int((~inside).sum()),
    )


def _doubt(sums: FloatArray, draws: Resampling) -> Doubt:
    n = (sums.shape[1] - 2) // 2
    drawn = draws.drawn(sums)
    caught = over(drawn[:, :n], drawn[:, -2:-1])
    false = over(drawn[:, n : 2 * n], drawn[:, -1:])
    known = np.isfinite(caught).all(axis=1) & np.isfinite(false).all(axis=1)
    caught, false = caught[known], false[known]
    whole = sums.sum(axis=0)
    holding = (int((sums[:, -2] > 0).sum()), int((sums[:, -1] > 0).sum()))
    caught_bounds = _bounds(caught, whole[:n] / whole[-2], holding[0])
    false_bounds = _bounds(false, whole[n : 2 * n] / whole[-1], holding[1])
    together = ((caught - caught.mean(axis=0)) * (false - false.mean(axis=0))).mean(axis=0)
    return Doubt(
        caught_low=_rounded(caught_bounds[0]),
        caught_high=_rounded(caught_bounds[1]),
        false_low=_rounded(false_bounds[0]),
        false_high=_rounded(false_bounds[1]),
        caught_error=_rounded(caught.std(axis=0)),
        false_error=_rounded(false.std(axis=0)),
        together=_rounded(together, 9),
    )


def _bounds(drawn: FloatArray, rates: FloatArray, units: int) -> tuple[FloatArray, FloatArray]:
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    for i in np.flatnonzero(low == high):
        low[i], high[i] = wilson(float(rates[i]), units)
    return np.minimum(low, rates), np.maximum(high, rates)


def _rounded(values: FloatArray, digits: int = 5) -> tuple[float, ...]:
    return tuple(np.round(values, digits).tolist())
