"""Each class's figures with intervals, and how sure the model was of it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.figures_of_merit import counts_by_unit
from integrations.core.evaluation.resampling import (
    Resampling,
    over,
    resampling_of,
    share_interval,
    unit_for_class,
)

FloatArray = npt.NDArray[np.float64]
HISTOGRAM_BINS = 10
_Figures = dict[str, tuple[float, FloatArray]]


class ClassFigures(Frozen):
    """One class on the test part; figures are None where nothing defines them.

    Attributes:
        precision: None when no window was given to the class.
        recall: None without test windows.
        unit_name: What the intervals resample. Recordings stand in for groups, and windows for
            recordings, where fewer than five hold the class: then the intervals do not cover how
            groups (recordings) differ.
        units: How many of these hold the class.
        sureness: Counts of its windows by the probability given to it, ten equal steps from 0 to 1.
    """

    name: str
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    windows: int
    recordings: int
    unit_name: str
    units: int
    sureness: tuple[int, ...]


def class_figures(
    part: Predictions, info: DatasetInfo, draws: Resampling, seed: int = 0
) -> tuple[ClassFigures, ...]:
    """Measure every class; one without test windows keeps its row."""
    chosen = _draws_by_class(part, info, draws, seed)
    rows: dict[int, ClassFigures] = {}
    for mine, classes in chosen:
        figures, holding = _figures(part, mine, len(info.classes), classes)
        for position, k in enumerate(classes):
            rows[k] = _row(part, info.classes[k], k, figures[position], mine, holding[position])
    return tuple(rows[k] for k in range(len(info.classes)))


def _draws_by_class(
    part: Predictions, info: DatasetInfo, draws: Resampling, seed: int
) -> list[tuple[Resampling, list[int]]]:
    """Put classes together that resample the same units, so that these are drawn once."""
    classes: dict[str, list[int]] = defaultdict(list)
    for k in range(len(info.classes)):
        tested = (part.truth == k).any()
        classes[unit_for_class(part, k, draws) if tested else draws.unit_name].append(k)
    return [(resampling_of(part, name, draws, seed), members) for name, members in classes.items()]


def _figures(
    part: Predictions, draws: Resampling, n_classes: int, classes: list[int]
) -> tuple[list[_Figures], list[int]]:
    counts = counts_by_unit(part.truth, part.predicted, draws.number, n_classes)
    whole = [each[:, classes] for each in (counts.hit, counts.true, counts.said)]
    hit, true, said = (draws.drawn(each) for each in whole)
    hits, truths, saids = (each.sum(axis=0) for each in whole)
    # A draw without a class says nothing about it, not that nothing of it was found.
    said = np.where(true > 0, said, 0.0)
    pairs = {
        "precision": (over(hits, saids), over(hit, said)),
        "recall": (over(hits, truths), over(hit, true)),
        "f1": (over(2 * hits, truths + saids),
               over(2 * hit, np.where(true > 0, true + said, 0.0))),
    }  # fmt: skip
    figures = [
        {name: (float(value[i]), drawn[:, i]) for name, (value, drawn) in pairs.items()}
        for i in range(len(classes))
    ]
    return figures, (whole[1] > 0).sum(axis=0).tolist()


def _row(
    part: Predictions, name: str, k: int, figures: _Figures, draws: Resampling, holding: int
) -> ClassFigures:
    inside = part.truth == k
    tested = bool(inside.any())
    mine = {key: _interval(*pair, holding, tested) for key, pair in figures.items()}
    return ClassFigures(
        name=name,
        windows=int(inside.sum()),
        recordings=len(np.unique(part.recording[inside])),
        unit_name=draws.unit_name,
        units=holding,
        sureness=_sureness(part.probability[inside, k]),
        **mine,
    )


def _interval(value: float, drawn: FloatArray, units: int, tested: bool) -> Interval | None:
    if not tested or not np.isfinite(value):
        return None
    return share_interval(value, drawn, units)


def _sureness(probability: FloatArray) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(probability, 0, 1), HISTOGRAM_BINS, (0.0, 1.0))
    return tuple(counts.tolist())
