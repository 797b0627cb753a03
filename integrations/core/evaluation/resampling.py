"""Draws of whole groups (or recordings), made once and used for every figure of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluate import ENOUGH_UNITS, resampling_unit
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.figures_of_merit import wilson

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RESAMPLES = 1000
_CELLS = 1 << 21


@dataclass(frozen=True)
class Resampling:
    """The bootstrap of one part of the data (Efron 1979), by whole units.

    Attributes:
        number: Which unit each window belongs to, shape (n,), from 0.
        weights: How often each draw takes each unit, shape (draws, units).
        unit_name: What a unit is: "groups", "recordings" or "windows".
        notes: What the intervals cannot say.
    """

    number: IntArray
    weights: npt.NDArray[np.float32]
    unit_name: str
    notes: tuple[str, ...] = ()

    @property
    def n_units(self) -> int:
        """How many units there are to draw from."""
        return int(self.weights.shape[1])

    @property
    def method(self) -> str:
        """How the intervals were made, in words."""
        return f"95 % bootstrap over {self.n_units} {self.unit_name}, {len(self.weights)} resamples"

    def first(self, draws: int) -> Resampling:
        """Give the same bootstrap with fewer draws, for figures that cost more."""
        return replace(self, weights=self.weights[:draws])

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up columns per unit, shape (units, columns).

        Args:
            values: One row per window, shape (n, columns).
        """
        columns = [np.bincount(self.number, column, self.n_units) for column in values.T]
        return np.stack(columns, axis=1) if columns else np.zeros((self.n_units, 0))

    def drawn(self, sums: FloatArray) -> FloatArray:
        """Give the sums of each draw, shape (draws, columns)."""
        return np.asarray(self.weights @ sums.astype(np.float32), dtype=np.float64)

    def counted(self, step: IntArray, n_steps: int, chosen: npt.NDArray[np.bool_]) -> FloatArray:
        """Count the chosen windows of each step in every draw, shape (draws, n_steps)."""
        if self.n_units * n_steps <= _CELLS:
            cell = self.number * n_steps + step
            cells: FloatArray = np.bincount(cell, chosen, self.n_units * n_steps).astype(np.float64)
            return self.drawn(cells.reshape(self.n_units, n_steps))
        mine, number = step[chosen], self.number[chosen]
        rows = (np.bincount(mine, drawn[number], n_steps) for drawn in self.weights)
        return np.stack(list(rows))


def resampling(
    part: Predictions, info: DatasetInfo, seed: int = 0, draws: int = RESAMPLES
) -> Resampling:
    """Draw the units of a part; the same seed gives the same intervals."""
    unit, name, notes = resampling_unit(part, info)
    units, number = np.unique(unit, return_inverse=True)
    rng = np.random.default_rng([seed, 0x5EED])
    return Resampling(
        number.astype(np.int64), drawn_weights(len(units), draws, rng), name, tuple(notes)
    )


def unit_for_class(part: Predictions, k: int, coarse: Resampling) -> str:
    """Name the largest unit of which at least five hold a class; "windows" where none does."""
    inside = part.truth == k
    if coarse.unit_name == "windows" or _distinct(coarse.number[inside]) >= ENOUGH_UNITS:
        return coarse.unit_name
    return "recordings" if _distinct(part.recording[inside]) >= ENOUGH_UNITS else "windows"


def resampling_of(
    part: Predictions, unit_name: str, coarse: Resampling, seed: int = 0
) -> Resampling:
    """Draw "recordings" or "windows" as often as another bootstrap; that one where it does."""
    if unit_name == coarse.unit_name:
        return coarse
    unit = part.recording if unit_name == "recordings" else np.arange(len(part.truth))
    units, number = np.unique(unit, return_inverse=True)
    rng = np.random.default_rng([seed, 0x5EED])
    weights = drawn_weights(len(units), len(coarse.weights), rng)
    return Resampling(number.astype(np.int64), weights, unit_name)


def _distinct(values: IntArray) -> int:
    return len(np.unique(values))


def drawn_weights(n_units: int, draws: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw units with replacement; gives how often each was taken, shape (draws, units)."""
    if not n_units:
        return np.zeros((draws, 0), dtype=np.float32)
    taken = rng.integers(n_units, size=(draws, n_units)) + np.arange(draws)[:, None] * n_units
    counts = np.bincount(taken.ravel(), minlength=draws * n_units)
    return counts.reshape(draws, n_units).astype(np.float32)


def share_interval(value: float, drawn: FloatArray, n_units: int) -> Interval:
    """Give a share with its percentile interval; Wilson's where every draw agrees."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, [0.025, 0.975]).tolist() if len(known) else (value, value)
    if low == high:
        low, high = wilson(min(1.0, max(0.0, value)), n_units)
    return Interval(value=value, low=min(low, value), high=max(high, value))


def over(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide; what has nothing to divide by is not a number."""
    nowhere = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nowhere, where=whole > 0))
