"""What more data would bring: a power law through runs on nested shares of the training groups.

Errors of learning machines fall with the amount of data as ``floor + scale * n ** -exponent``
(Hestness et al. 2017; Viering & Loog 2023 review when they do not). The intervals carry the spread
over seeds and subsets and how little a few shares pin the law down; what lies beyond the data is an
extrapolation all the same, and all runs share one test part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.compare.repeats import mean_interval
from integrations.core.evaluation.evaluation import Frozen, Interval

DRAWS = 1000
CLASS_DRAWS = 300
EXPONENTS = np.geomspace(0.05, 3.0, 30)
LEAST_SHARES = 3
DOUBLE = 2.0
CLEARLY = 2.0
"""Scatter about the law that is so many times that between seeds is no accident of few shares."""
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """One run of a learning curve.

    Attributes:
        windows: Training windows.
        groups: Training groups.
        score: Macro F1 on the test part.
        by_class: F1 of each class that has test windows.
    """

    experiment_id: int
    share: float
    windows: int
    groups: int
    score: float
    by_class: Mapping[str, float]


class CurvePoint(Frozen):
    """The runs on one share.

    Attributes:
        amount: Training windows, mean over the runs (subsets differ a little).
        scores: Macro F1 of each run.
        mean: With its t interval over seeds and subsets; as wide as the value for one run.
    """

    share: float
    amount: float
    groups: float
    scores: tuple[float, ...]
    mean: Interval
    experiment_ids: tuple[int, ...]


class PowerLaw(Frozen):
    """``score = 1 - floor - scale * (amount / whole) ** -exponent``."""

    floor: float
    scale: float
    exponent: float
    whole: float

    def score(self, amount: float) -> float:
        """Give the macro F1 at a number of training windows."""
        return float(1 - self.floor - self.scale * (amount / self.whole) ** -self.exponent)


class HungryClass(Frozen):
    """The class that twice the data would help most, with the gain of its F1."""

    name: str
    gain: Interval


class LearningCurve(Frozen):
    """A measured curve with what it predicts.

    Attributes:
        law: None with fewer than three shares.
        at_double: Macro F1 predicted for twice the training data, an extrapolation.
        gain: ``at_double`` less what the law gives for the whole data.
        hungriest: None where no class is shown to gain.
        expected: Runs the study has; some may still train.
    """

    study_id: int
    points: tuple[CurvePoint, ...]
    law: PowerLaw | None
    at_double: Interval | None
    gain: Interval | None
    hungriest: HungryClass | None
    expected: int

    @property
    def finished(self) -> int:
        """Count the runs behind it."""
        return sum(len(point.scores) for point in self.points)


def learning_curve(
    study_id: int, runs: Sequence[Trained], expected: int, seed: int = 0
) -> LearningCurve:
    """Put the finished runs of a study together.

    Args:
        study_id: The study.
        runs: Those that have finished, with the run it was made about.
        expected: How many there will be.
        seed: Of the draws behind the intervals.
    """
    points = _points(runs)
    if len(points) < LEAST_SHARES:
        return LearningCurve(
            study_id=study_id, points=points, law=None, at_double=None, gain=None,
            hungriest=None, expected=expected,
        )  # fmt: skip
    amounts = np.array([point.amount for point in points])
    scores = [point.scores for point in points]
    law, drawn = _fit(amounts, scores, seed, DRAWS)
    doubled = np.asarray([_at(drawn, DOUBLE), _at(drawn, DOUBLE) - _at(drawn, 1.0)])
    at_double = law.score(DOUBLE * law.whole)
    return LearningCurve(
        study_id=study_id,
        points=points,
        law=law,
        at_double=_within_bounds(_around(at_double, doubled[0])),
        gain=_around(at_double - law.score(law.whole), doubled[1]),
        hungriest=_hungriest(runs, points, amounts, seed),
        expected=expected,
    )


def _points(runs: Sequence[Trained]) -> tuple[CurvePoint, ...]:
    by_share: dict[float, list[Trained]] = {}
    for run in sorted(runs, key=lambda run: (run.share, run.experiment_id)):
        by_share.setdefault(run.share, []).append(run)
    return tuple(_point(share, same) for share, same in by_share.items())


def _point(share: float, runs: Sequence[Trained]) -> CurvePoint:
    scores = tuple(run.score for run in runs)
    alone = Interval(value=scores[0], low=scores[0], high=scores[0])
    mean = mean_interval(scores) or alone
    return CurvePoint(
        share=share,
        amount=float(np.mean([run.windows for run in runs])),
        groups=float(np.mean([run.groups for run in runs])),
        scores=scores,
        mean=Interval(value=mean.value, low=max(0.0, mean.low), high=min(1.0, mean.high)),
        experiment_ids=tuple(run.experiment_id for run in runs),
    )


def _fit(
    amounts: FloatArray, scores: Sequence[Sequence[float]], seed: int, draws: int
) -> tuple[PowerLaw, tuple[FloatArray, FloatArray, FloatArray]]:
    """Fit the law to the means, and to means drawn from what the runs leave open."""
    relative = amounts / amounts[-1]
    weight = np.array([len(each) for each in scores], dtype=np.float64)
    errors = np.array([[1 - float(np.mean(each)) for each in scores]])
    floor, scale, exponent = _laws(relative, errors, weight)
    law = PowerLaw(
        floor=float(floor[0]), scale=float(scale[0]), exponent=float(exponent[0]),
        whole=float(amounts[-1]),
    )  # fmt: skip
    spread, freedom = _spread(scores, errors[0] - _errors((floor, scale, exponent), relative)[0])
    rng = np.random.default_rng([seed, 0xC07E])
    # The spread itself is known from few runs only, so it is drawn too (as in a t interval).
    wider = np.sqrt(freedom / rng.chisquare(freedom, size=(draws, 1)))
    noise = rng.standard_normal((draws, len(amounts))) * wider * spread / np.sqrt(weight)
    return law, _laws(relative, np.clip(errors + noise, 0.0, 1.0), weight)


def _spread(scores: Sequence[Sequence[float]], residual: FloatArray) -> tuple[float, int]:
    """Standard deviation of one run: between seeds, or about the law where that is larger.

    Means that lie farther from the law than seeds explain say that the law does not hold well.
    """
    weight = np.array([len(each) for each in scores], dtype=np.float64)
    about = max(1, len(scores) - LEAST_SHARES)
    misfit = float(np.sqrt((weight * residual**2).sum() / about))
    freedom = sum(len(each) - 1 for each in scores)
    if freedom == 0:
        return misfit, about
    total = sum(float(((np.asarray(each) - np.mean(each)) ** 2).sum()) for each in scores)
    between = float(np.sqrt(total / freedom))
    return (between, freedom) if misfit <= CLEARLY * between else (misfit, about)


def _laws(
    relative: FloatArray, errors: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least squares with floor and scale not below 0, for each row of errors.

    Args:
        relative: Amounts as shares of the whole, shape (s,).
        errors: Shape (draws, s).
        weight: Runs behind each, shape (s,).

    Returns:
        Floor, scale and exponent, each of shape (draws,).
    """
    x = relative[None, :] ** -EXPONENTS[:, None]
    total = weight.sum()
    mean_x, mean_e = x @ weight / total, errors @ weight / total
    centred = (x - mean_x[:, None]) * weight
    slope = errors @ centred.T / (centred * (x - mean_x[:, None])).sum(axis=1)
    slope = np.maximum(slope, 0.0)
    floor = mean_e[:, None] - slope * mean_x
    through_zero = errors @ (x * weight).T / (x * x * weight).sum(axis=1)
    slope = np.where(floor < 0, np.maximum(through_zero, 0.0), slope)
    floor = np.maximum(floor, 0.0)
    predicted = floor[..., None] + slope[..., None] * x[None]
    loss = ((errors[:, None, :] - predicted) ** 2 * weight).sum(axis=-1)
    best = loss.argmin(axis=1)
    rows = np.arange(len(errors))
    return floor[rows, best], slope[rows, best], EXPONENTS[best]


def _errors(laws: tuple[FloatArray, FloatArray, FloatArray], relative: npt.ArrayLike) -> FloatArray:
    floor, scale, exponent = (each[:, None] for each in laws)
    return np.asarray(floor + scale * np.asarray(relative, dtype=np.float64) ** -exponent)


def _at(laws: tuple[FloatArray, FloatArray, FloatArray], relative: float) -> FloatArray:
    return np.asarray(1 - _errors(laws, [relative])[:, 0])


def _within_bounds(score: Interval) -> Interval:
    return Interval(value=score.value, low=max(0.0, score.low), high=min(1.0, score.high))


def _around(value: float, drawn: FloatArray) -> Interval:
    """Give the wider of percentile and reflected limits: at a floor of 0 the former fall short."""
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Interval(
        value=value, low=min(low, 2 * value - high, value), high=max(high, 2 * value - low, value)
    )


def _hungriest(
    runs: Sequence[Trained], points: Sequence[CurvePoint], amounts: FloatArray, seed: int
) -> HungryClass | None:
    """Name the class of the largest gain among those shown to gain."""
    names = sorted(set.intersection(*(set(run.by_class) for run in runs)))
    by_id = {run.experiment_id: run for run in runs}
    found = []
    for name in names:
        scores = [[by_id[i].by_class[name] for i in point.experiment_ids] for point in points]
        law, drawn = _fit(amounts, scores, seed, CLASS_DRAWS)
        value = law.score(DOUBLE * law.whole) - law.score(law.whole)
        gain = _around(value, _at(drawn, DOUBLE) - _at(drawn, 1.0))
        if gain.low > 0:
            found.append(HungryClass(name=name, gain=gain))
    return max(found, key=lambda hungry: hungry.gain.value, default=None)
