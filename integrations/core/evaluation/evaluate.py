"""Measures a finished run on its test part, with intervals that respect how data were collected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import FitResult, Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.splits import Split
from integrations.core.data.windows import group_indices
from integrations.core.evaluation.curves import pr_curve, roc_curve
from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation, Interval
from integrations.core.evaluation.figures_of_merit import (
    Counts,
    counts_by_unit,
    counts_of_all,
    headline,
    per_class,
    resample,
    wilson,
)

RESAMPLES = 2000
ENOUGH_UNITS = 5
"""Below this many groups their bootstrap says nothing; recordings, then windows, stand in."""


def evaluate(result: FitResult, split: Split, info: DatasetInfo, seed: int = 0) -> Evaluation:
    """Measure the test predictions of a run.

    Args:
        result: What the family's fit returned.
        split: The division it was trained on.
        info: The data set.
        seed: Of the bootstrap; the same seed gives the same intervals.
    """
    classes = info.classes
    unit, unit_name, notes = resampling_unit(result.test, info)
    counts = counts_by_unit(result.test.truth, result.test.predicted, unit, len(classes))
    intervals, method = _intervals(counts, unit_name, seed)
    intervals["recording_accuracy"] = _recording_accuracy(result.test)
    truth, probability = result.test.truth, result.test.probability
    one_vs_rest = [(name, truth == i, probability[:, i]) for i, name in enumerate(classes)]
    return Evaluation(
        classes=classes,
        split=split.summary,
        headline=intervals,
        validation=_plain_figures(result.validation, len(classes)),
        per_class=_class_rows(result.test, classes),
        confusion=_confusion(result.test, len(classes)),
        roc=tuple(roc_curve(*each) for each in one_vs_rest),
        pr=tuple(pr_curve(*each) for each in one_vs_rest),
        interval_method=method,
        notes=(*split.summary.notes, *notes),
    )


def recording_probabilities(
    test: Predictions,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Average a recording's windows: recording indices, true classes, mean probabilities."""
    recordings, first, number = np.unique(test.recording, return_index=True, return_inverse=True)
    total = np.zeros((len(recordings), test.probability.shape[1]))
    np.add.at(total, number, test.probability)
    return recordings, test.truth[first], total / np.bincount(number)[:, None]


def resampling_unit(
    test: Predictions, info: DatasetInfo
) -> tuple[npt.NDArray[np.int64], str, list[str]]:
    """Give what a bootstrap draws: its number per window, its name, and notes for the reader."""
    groups = group_indices(info)[test.recording]
    n_groups, n_recordings = len(np.unique(groups)), len(np.unique(test.recording))
    if n_groups >= ENOUGH_UNITS:
        return groups, "groups", []
    if n_recordings >= ENOUGH_UNITS:
        return (
            test.recording,
            "recordings",
            [
                f"Only {n_groups} test groups: the intervals come from resampling {n_recordings} "
                "recordings and do not cover how groups differ from one another."
            ],
        )
    return (
        np.arange(len(test.truth)),
        "windows",
        [
            f"Only {n_groups} test groups and {n_recordings} recordings: the intervals come from "
            "resampling windows and are too narrow."
        ],
    )


def _intervals(counts: Counts, unit_name: str, seed: int) -> tuple[dict[str, Interval], str]:
    rng = np.random.default_rng([seed, 0xB007])
    whole = headline(Counts(counts.hit.sum(0), counts.true.sum(0), counts.said.sum(0)))
    drawn = headline(resample(counts, RESAMPLES, rng))
    n_units = len(counts.true)
    method = f"95 % bootstrap over {n_units} test {unit_name}, {RESAMPLES} resamples"
    intervals: dict[str, Interval] = {}
    for name, figure in whole.items():
        value = float(figure)
        low, high = np.quantile(drawn[name], [0.025, 0.975]).tolist()
        if low == high:
            low, high = wilson(value, n_units)
            method = f"95 % Wilson interval over {n_units} test {unit_name}, which all agree"
        intervals[name] = Interval(value=value, low=min(low, value), high=max(high, value))
    return intervals, method


def _recording_accuracy(test: Predictions) -> Interval:
    _, truth, probability = recording_probabilities(test)
    share = float((probability.argmax(axis=1) == truth).mean()) if len(truth) else 0.0
    low, high = wilson(share, len(truth))
    return Interval(value=share, low=low, high=high)


def _plain_figures(part: Predictions, n_classes: int) -> dict[str, float]:
    counts = counts_of_all(part.truth, part.predicted, n_classes)
    return {name: float(value) for name, value in headline(counts).items()}


def _class_rows(test: Predictions, classes: tuple[str, ...]) -> tuple[ClassMetrics, ...]:
    counts = counts_of_all(test.truth, test.predicted, len(classes))
    precision, recall, f1 = per_class(counts)
    return tuple(
        ClassMetrics(
            name=name,
            precision=float(precision[i]),
            recall=float(recall[i]),
            f1=float(f1[i]),
            support=int(counts.true[i]),
            n_recordings=len(np.unique(test.recording[test.truth == i])),
        )
        for i, name in enumerate(classes)
    )


def _confusion(test: Predictions, n_classes: int) -> tuple[tuple[int, ...], ...]:
    cells = test.truth * n_classes + test.predicted
    table = np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)
    return tuple(tuple(row) for row in table.tolist())
