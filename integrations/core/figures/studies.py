"""Charts of studies: a learning curve with its power law, and the mean course of repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from integrations.core.compare.repeats import mean_interval
from integrations.core.evaluation.learning_curve import DOUBLE, LearningCurve, PowerLaw
from integrations.core.figures.chart import Axis, Chart, Lines, Marker, Series

LAW_POINTS = 40
MEASURED, PREDICTED, FITTED = 0, 3, 7


def learning_curve_chart(curve: LearningCurve) -> Lines | None:
    """Macro F1 over the training windows; None before a run has finished."""
    if not curve.points:
        return None
    amounts = [point.amount for point in curve.points]
    series = [
        Series(
            "Mean (95 %)",
            amounts,
            [point.mean.value for point in curve.points],
            low=[point.mean.low for point in curve.points],
            high=[point.mean.high for point in curve.points],
            colour=MEASURED,
        ),
        Series(
            "Each run",
            [point.amount for point in curve.points for _ in point.scores],
            [score for point in curve.points for score in point.scores],
            points=True,
            colour=MEASURED,
        ),
        *_law_series(curve),
    ]
    whole = (Marker("all of the training part", x=amounts[-1]),) if curve.law else ()
    return Lines(
        key="learning_curve",
        title=_title(curve),
        x_axis=Axis("Training windows"),
        y_axis=Axis("Macro F1 on the test part", percent=True),
        series=tuple(series),
        markers=whole,
        help="Each point is a training of its own on a share of the training groups; validation "
        "and test part are the same for all. The band is the 95 % t interval over seeds and "
        "subsets. The dashed line is a fitted power law, an "
        "extrapolation beyond the data.",
    )


def _law_series(curve: LearningCurve) -> list[Series]:
    law, there = curve.law, curve.at_double
    if law is None or there is None:
        return []
    first = curve.points[0].amount
    amounts = np.geomspace(first, DOUBLE * law.whole, LAW_POINTS).tolist()
    end = DOUBLE * law.whole
    return [
        Series(
            "Power law", amounts, [law.score(amount) for amount in amounts], dashed=True,
            colour=FITTED,
        ),
        Series(
            "Twice the data (95 %)",
            _bar(law, end), [there.value] * 2, low=[there.low] * 2, high=[there.high] * 2,
            colour=PREDICTED,
        ),
    ]  # fmt: skip


def _bar(law: PowerLaw, end: float) -> list[float]:
    """Give a short stretch at the end, so that an interval there can be seen."""
    return [end - 0.06 * law.whole, end]


def _title(curve: LearningCurve) -> str:
    if curve.gain is None:
        return "More training data so far"
    if curve.gain.low > 0:
        return "More training data would still help"
    return "More training data is not shown to help"


def mean_course_chart(courses: Sequence[Sequence[float]], metric: str, key: str) -> Chart | None:
    """Mean of a metric over the epochs of repeats, with its t interval; None without values.

    Args:
        courses: One list of values per run, by epoch; runs may end at different epochs.
        metric: As people say it, e.g. "Validation accuracy".
        key: Of the chart.
    """
    longest = max((len(course) for course in courses), default=0)
    at = [[c[i] for c in courses if i < len(c) and np.isfinite(c[i])] for i in range(longest)]
    least = min(2, len(courses))  # where one run alone went on, there is no mean
    kept = [(i + 1.0, values) for i, values in enumerate(at) if len(values) >= least > 0]
    if not kept:
        return None
    means = [float(np.mean(values)) for _, values in kept]
    bounds = [mean_interval(values) for _, values in kept]
    epochs = [epoch for epoch, _ in kept]
    percent = "accuracy" in metric.lower() or "f1" in metric.lower()
    # What cannot be below nothing or above all is not drawn there, however few the runs.
    least_possible = 0.0 if min(min(values) for _, values in kept) >= 0 else -np.inf
    most_possible = 1.0 if percent else np.inf
    low = [max(least_possible, b.low) if b else m for b, m in zip(bounds, means, strict=True)]
    high = [min(most_possible, b.high) if b else m for b, m in zip(bounds, means, strict=True)]
    lines = [
        Series(f"Mean of {len(courses)} runs, 95 %", epochs, means, low=low, high=high, colour=0)
    ]
    return Lines(
        key=key,
        title=f"{metric}: mean of {len(courses)} runs",
        x_axis=Axis("Epoch"),
        y_axis=Axis(metric, percent=percent),
        series=tuple(lines),
        help="The band is the 95 % t interval of the mean over the runs that reached the epoch.",
    )
