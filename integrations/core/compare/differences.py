"""Intervals of the difference between two runs, by the units that were drawn together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from integrations.core.compare.contenders import Contender, IntArray
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.figures_of_merit import Counts, counts_by_unit, headline

RESAMPLES = 10_000
FloatArray = npt.NDArray[np.float64]


def accuracy_difference(difference: IntArray, windows: int, level: float = 0.95) -> Interval:
    """Give the difference of two accuracies with its interval.

    Agresti & Min (2005) add half an observation to each cell of the paired table, which keeps the
    interval honest where runs hardly differ; here over units of several windows, with Student's t
    for few units. Where every unit is one window it is their interval.

    Args:
        difference: Recognised windows of the one run minus those of the other, per unit.
        windows: Test windows in all.
        level: Coverage.
    """
    units = len(difference)
    per_unit = windows / units
    total, value = windows + 2 * per_unit, float(difference.sum()) / windows
    centre = float(difference.sum()) / total
    spread = float((difference.astype(np.float64) ** 2).sum()) + per_unit**2
    variance = spread - float(difference.sum()) ** 2 / (units + 2)
    quantile = special.stdtrit(units - 1, (1 + level) / 2) if units > 1 else np.inf
    half = float(quantile * np.sqrt(max(0.0, variance)) / total)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Interval(value=value, low=min(low, value), high=max(high, value))


def counts_of(contender: Contender, unit: IntArray) -> Counts:
    """Count a run's hits per unit, for ``macro_f1_difference``."""
    test = contender.test
    return counts_by_unit(test.truth, test.predicted, unit, test.probability.shape[1])


def macro_f1_difference(
    ours: Counts, theirs: Counts, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Give the difference of two macro-F1 scores with its 95 % paired bootstrap interval.

    Units are drawn with replacement, the same ones for both runs. Units with the same counts are
    interchangeable, so one multinomial draw over the distinct ones stands for all of them.
    """
    table = np.concatenate([ours.hit, ours.true, ours.said, theirs.hit, theirs.said], axis=1)
    value = float(_macro_f1(table.sum(0)[None, :])[0])
    rng = np.random.default_rng([seed, 0xC0DE])
    distinct, times = _distinct(table, rng)
    drawn = rng.multinomial(len(table), times / len(table), size=resamples).astype(np.float64)
    low, high = np.quantile(_macro_f1(drawn @ distinct), [0.025, 0.975]).tolist()
    return Interval(value=value, low=min(low, value), high=max(high, value))


def _distinct(table: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Rows that differ, and how often each occurs; told apart by one random projection."""
    _, first, times = np.unique(
        table @ rng.random(table.shape[1]), return_index=True, return_counts=True
    )
    return table[first], times.astype(np.float64)


def _macro_f1(tables: FloatArray) -> FloatArray:
    hit, true, said, other_hit, other_said = np.split(tables, 5, axis=1)
    ours = headline(Counts(hit, true, said))["macro_f1"]
    return np.asarray(ours - headline(Counts(other_hit, true, other_said))["macro_f1"])
