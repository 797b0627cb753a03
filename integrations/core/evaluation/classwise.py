"""Each class's figures with intervals, and how sure the model was of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.figures_of_merit import counts_by_unit
from integrations.core.evaluation.resampling import Resampling, over, share_interval

FloatArray = npt.NDArray[np.float64]
HISTOGRAM_BINS = 10


class ClassFigures(Frozen):
    """One class on the test part; figures are None where nothing defines them.

    Attributes:
        precision: None when no window was given to the class.
        recall: None without test windows.
        units: Test groups (or recordings) that hold the class; few make rough intervals.
        sureness: Counts of its windows by the probability given to it, ten equal steps from 0 to 1.
    """

    name: str
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    windows: int
    recordings: int
    units: int
    sureness: tuple[int, ...]


def class_figures(
    part: Predictions, classes: tuple[str, ...], draws: Resampling
) -> tuple[ClassFigures, ...]:
    """Measure every class; one without test windows keeps its row."""
    counts = counts_by_unit(part.truth, part.predicted, draws.number, len(classes))
    hit, true, said = (draws.drawn(each) for each in (counts.hit, counts.true, counts.said))
    totals = [each.sum(axis=0) for each in (counts.hit, counts.true, counts.said)]
    figures = {
        "precision": (over(totals[0], totals[2]), over(hit, said)),
        "recall": (over(totals[0], totals[1]), over(hit, true)),
        "f1": (over(2 * totals[0], totals[1] + totals[2]), over(2 * hit, true + said)),
    }
    units = ((counts.true + counts.said) > 0).sum(axis=0)
    holding = (counts.true > 0).sum(axis=0)
    rows = []
    for i, name in enumerate(classes):
        tested = bool(totals[1][i])
        mine = {
            key: _interval(values[i], drawn[:, i], int(units[i]), tested)
            for key, (values, drawn) in figures.items()
        }
        rows.append(
            ClassFigures(
                name=name,
                windows=int(totals[1][i]),
                recordings=len(np.unique(part.recording[part.truth == i])),
                units=int(holding[i]),
                sureness=_sureness(part.probability[part.truth == i, i]),
                **mine,
            )
        )
    return tuple(rows)


def _interval(value: float, drawn: FloatArray, units: int, tested: bool) -> Interval | None:
    if not tested or not np.isfinite(value):
        return None
    return share_interval(float(value), drawn, units)


def _sureness(probability: FloatArray) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(probability, 0, 1), HISTOGRAM_BINS, (0.0, 1.0))
    return tuple(counts.tolist())
