"""How far probabilities can be believed: reliability curve, calibration error, Brier score.

The expected calibration error is taken over bins of equal numbers of windows (Nguyen & O'Connor
2015), freed of the excess that few windows give it by chance (bootstrap; Efron & Tibshirani 1993,
ch. 10), and compared with what a perfectly calibrated model would show on as many units.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.calibration import SMALLEST_PROBABILITY
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.resampling import Resampling, over, share_interval

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MOST_BINS = 15
WINDOWS_A_BIN = 20


class ReliabilityBin(Frozen):
    """Windows of about the same confidence.

    Attributes:
        confidence: Mean probability given to the class that was named.
        accuracy: Share of them that were named rightly.
    """

    confidence: float
    accuracy: Interval
    windows: int


class BrierParts(Frozen):
    """Murphy's (1973) parts of the Brier score over bins of each class's probability.

    ``reliability - resolution + uncertainty + within_bins`` is the score; the last part is what
    binning blurs (Stephenson et al. 2008).
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


class Reliability(Frozen):
    """The calibration of one part.

    Attributes:
        ece: Expected calibration error, freed of its excess by chance; 0 is its floor.
        ece_plain: The same as most software gives it, too large with few windows.
        ece_by_chance: What a perfectly calibrated model stays below in 95 of 100 test parts
            like this one; an ``ece_plain`` below it shows nothing.
        brier: Mean over windows of the summed squared errors of all classes, 0 to 2.
        log_loss: In nats.
        overconfidence: Mean confidence less accuracy; above 0 the model is too sure of itself.
        unit_name: What the intervals resample.
    """

    bins: tuple[ReliabilityBin, ...]
    ece: Interval
    ece_plain: float
    ece_by_chance: float
    brier: Interval
    brier_parts: BrierParts | None
    log_loss: Interval
    overconfidence: Interval
    windows: int
    unit_name: str
    n_units: int

    @property
    def shown_to_be_off(self) -> bool:
        """The calibration error is more than chance would give."""
        return self.ece_plain > self.ece_by_chance


def reliability(
    part: Predictions, draws: Resampling, *, with_parts: bool = True
) -> Reliability | None:
    """Measure the calibration of a part; None without windows.

    Args:
        part: The windows.
        draws: For the intervals.
        with_parts: Take the Brier score apart too, which takes longest with many classes.
    """
    if not len(part.truth):
        return None
    confidence = part.probability.max(axis=1)
    right = (part.predicted == part.truth).astype(np.float64)
    number, n_bins = _equal_bins(confidence, _bins_for(len(right)))
    rows = _by_bin(number, n_bins, np.stack([confidence, right, np.ones_like(right)], axis=1))
    sums = draws.sums(rows).reshape(draws.n_units, n_bins, 3)
    drawn = draws.drawn(sums.reshape(draws.n_units, -1)).reshape(-1, n_bins, 3)
    ece, plain, chance = _calibration_error(sums.sum(axis=0), drawn)
    brier, loss, excess = _means(part, confidence, right, draws)
    return Reliability(
        bins=_bins(sums.sum(axis=0), drawn, sums),
        ece=ece,
        ece_plain=plain,
        ece_by_chance=chance,
        brier=brier,
        brier_parts=brier_parts(part) if with_parts else None,
        log_loss=loss,
        overconfidence=excess,
        windows=len(right),
        unit_name=draws.unit_name,
        n_units=draws.n_units,
    )


def brier_parts(part: Predictions) -> BrierParts:
    """Take the Brier score apart, class by class."""
    n, n_classes = part.probability.shape
    total = np.zeros(4)
    for k in range(n_classes):
        said, happened = part.probability[:, k], (part.truth == k).astype(np.float64)
        number, n_bins = _equal_bins(said, _bins_for(n))
        size = np.bincount(number, minlength=n_bins)
        mean = np.bincount(number, said, n_bins) / size
        share = np.bincount(number, happened, n_bins) / size
        base = float(happened.mean())
        off = (size * (mean - share) ** 2).sum() / n
        told = (size * (share - base) ** 2).sum() / n
        score = float(((said - happened) ** 2).mean())
        total += [off, told, base * (1 - base), score - (off - told + base * (1 - base))]
    return BrierParts(
        reliability=total[0], resolution=total[1], uncertainty=total[2], within_bins=total[3]
    )


def _bins_for(n: int) -> int:
    return max(1, min(MOST_BINS, n // WINDOWS_A_BIN))


def _equal_bins(values: FloatArray, wanted: int) -> tuple[IntArray, int]:
    """Number the bins of values; equal values share a bin, so there may be fewer than wanted."""
    borders = np.unique(np.quantile(values, np.linspace(0, 1, wanted + 1)[1:-1], method="lower"))
    _, number = np.unique(np.searchsorted(borders, values, side="left"), return_inverse=True)
    return number.astype(np.int64), int(number.max()) + 1


def _by_bin(number: IntArray, n_bins: int, values: FloatArray) -> FloatArray:
    """Spread columns over the bins, shape (n, n_bins * columns)."""
    spread = np.zeros((len(number), n_bins, values.shape[1]))
    spread[np.arange(len(number)), number] = values
    return spread.reshape(len(number), -1)


def _calibration_error(whole: FloatArray, drawn: FloatArray) -> tuple[Interval, float, float]:
    total = whole[:, 2].sum()
    gap = (whole[:, 0] - whole[:, 1]) / total
    gaps = (drawn[..., 0] - drawn[..., 1]) / np.maximum(drawn[..., 2].sum(axis=1), 1)[:, None]
    plain = float(np.abs(gap).sum())
    errors = np.abs(gaps).sum(axis=1)
    by_chance = float(np.quantile(np.abs(gaps - gap).sum(axis=1), 0.95))
    value = max(0.0, 2 * plain - float(errors.mean()))
    # Reflected about the plain figure: resampling adds the same excess that the figure has itself.
    low, high = (2 * plain - np.quantile(errors, [0.975, 0.025])).tolist()
    low = 0.0 if plain <= by_chance else max(0.0, low)
    return (
        Interval(value=value, low=min(low, value), high=max(high, value)),
        plain,
        by_chance,
    )


def _bins(whole: FloatArray, drawn: FloatArray, sums: FloatArray) -> tuple[ReliabilityBin, ...]:
    shares = over(drawn[..., 1], drawn[..., 2])
    units = (sums[..., 2] > 0).sum(axis=0)
    return tuple(
        ReliabilityBin(
            confidence=float(confidence / size),
            accuracy=share_interval(float(right / size), shares[:, i], int(units[i])),
            windows=int(size),
        )
        for i, (confidence, right, size) in enumerate(whole.tolist())
    )


def _means(
    part: Predictions, confidence: FloatArray, right: FloatArray, draws: Resampling
) -> tuple[Interval, Interval, Interval]:
    rows = np.arange(len(right))
    true = np.clip(part.probability[rows, part.truth], SMALLEST_PROBABILITY, 1.0)
    score = (part.probability**2).sum(axis=1) + 1 - 2 * part.probability[rows, part.truth]
    columns = np.stack([score, -np.log(true), confidence - right, np.ones_like(right)], axis=1)
    sums = draws.sums(columns)
    drawn = draws.drawn(sums)
    whole = sums.sum(axis=0)
    values = whole[:3] / whole[3]
    low, high = np.nanquantile(over(drawn[:, :3], drawn[:, 3:]), [0.025, 0.975], axis=0)
    brier, loss, excess = (
        Interval(value=v, low=min(a, v), high=max(b, v))
        for v, a, b in zip(values.tolist(), low.tolist(), high.tolist(), strict=True)
    )
    return brier, loss, excess
