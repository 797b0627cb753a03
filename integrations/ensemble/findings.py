"""What is worth knowing of a finished ensemble: who contributes, who agrees, what was possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import EarlierRun, Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluate import resampling_unit
from integrations.core.evaluation.figures_of_merit import counts_of_all, per_class, wilson
from integrations.ensemble.combine import FloatArray, log_loss
from integrations.ensemble.config import EnsembleConfig
from integrations.ensemble.methods import Ballots, Combined, without

RESAMPLES = 2000
STANDINGS = ("Oracle", "This ensemble", "Best on test", "Best on val.", "Mean member")
"""The member that is best on test is known only afterwards, so beating it is the harder test."""


def findings(
    config: EnsembleConfig,
    info: DatasetInfo,
    runs: Sequence[EarlierRun],
    given: Ballots,
    bag: Sequence[int],
    combined: Combined,
    together: Predictions,
    members: FloatArray,
) -> dict[str, Any]:
    """Give the values that the panels draw.

    Args:
        config: Of the ensemble.
        info: The data set.
        runs: The members.
        given: What they said about the validation part.
        bag: Members used, with repetition.
        combined: The fitted combination.
        together: Its test predictions.
        members: The members' test probabilities, shape (members, n, classes).
    """
    right = members.argmax(axis=2) == together.truth
    together_right = together.predicted == together.truth
    afterwards, before = int(right.mean(axis=1).argmax()), given.order[0]
    standing = np.stack(
        [
            right.any(axis=0) | together_right,
            together_right,
            right[afterwards],
            right[before],
            right.mean(axis=0),
        ]
    )
    unit, unit_name, _ = resampling_unit(together, info)
    figures, gain = _with_intervals(standing.astype(np.float64), unit, config.seed)
    return {
        "member_ids": [run.id for run in runs],
        "member_names": [run.name for run in runs],
        "member_families": [run.family for run in runs],
        "weights": combined.weights,
        "loss_rise": _loss_rises(config, given, bag, combined),
        "agreement": _agreement(members),
        "error_correlation": _error_correlation(right),
        "standing": figures,
        "gain": gain,
        "interval_unit": unit_name,
        "best_members": [afterwards, before],
        "class_f1": _class_f1(members, together),
    }


def _loss_rises(
    config: EnsembleConfig, given: Ballots, bag: Sequence[int], combined: Combined
) -> FloatArray:
    """Rise of the validation log loss when a member is left out and the rest is fitted anew."""
    rises = np.zeros(len(given.members))
    if len(combined.used) > 1:
        whole = log_loss(combined.validation, given.truth)
        for number in combined.used:
            rises[number] = without(config.combination, given, bag, number) - whole
    return rises


def _agreement(members: FloatArray) -> FloatArray:
    """Share of test windows on which two members decide alike, shape (members, members)."""
    said = members.argmax(axis=2)
    return np.array([[float((one == other).mean()) for other in said] for one in said])


def _error_correlation(right: npt.NDArray[np.bool_]) -> FloatArray:
    """Correlation of the members' errors over test windows; NaN where one never or always errs."""
    centred = right - right.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1))
    product = centred @ centred.T / right.shape[1]
    scale = np.outer(spread, spread)
    unknown = np.full_like(product, np.nan)
    return np.asarray(np.divide(product, scale, out=unknown, where=scale > 0))


def _with_intervals(
    correct: FloatArray, unit: npt.NDArray[np.int64], seed: int
) -> tuple[FloatArray, FloatArray]:
    """Accuracy of each row with its 95 % interval, and the gain of row 1 over row 2.

    Args:
        correct: How right each standing is on each window, shape (standings, n).
        unit: What is resampled (group, recording or window) per window, shape (n,).
        seed: Of the bootstrap.

    Returns:
        Rows (value, low, high), shape (standings, 3); and the gain, shape (3,), from the same
        resamples, so that what the two have in common cancels.
    """
    _, number = np.unique(unit, return_inverse=True)
    sizes = np.bincount(number).astype(np.float64)
    sums = np.stack([np.bincount(number, row) for row in correct])
    shares = np.full(len(sizes), 1 / len(sizes))
    drawn = np.random.default_rng([seed, 0xE5E]).multinomial(len(sizes), shares, size=RESAMPLES)
    resampled = (drawn @ sums.T) / (drawn @ sizes)[:, None]
    rows = [
        _interval(float(row.mean()), values, len(sizes))
        for row, values in zip(correct, resampled.T, strict=True)
    ]
    difference = resampled[:, 1] - resampled[:, 2]
    low, high = np.quantile(difference, [0.025, 0.975]).tolist()
    gain = float(correct[1].mean() - correct[2].mean())
    return np.array(rows), np.array([gain, min(low, gain), max(high, gain)])


def _interval(value: float, drawn: FloatArray, n_units: int) -> tuple[float, float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    if low == high:
        low, high = wilson(value, n_units)
    return value, min(low, value), max(high, value)


def _class_f1(members: FloatArray, together: Predictions) -> FloatArray:
    """Test F1 of each class, the members' rows first, the ensemble's last."""
    n_classes = members.shape[2]
    said = [*members.argmax(axis=2), together.predicted]
    return np.stack([per_class(counts_of_all(together.truth, each, n_classes))[2] for each in said])
