"""Scores of journal bearings: shaft-order lines, their ratios, bursts and the sense of precession.

Whirl stands at 0.38–0.49 of shaft speed and whip at the rotor's critical speed, looseness makes
half orders and many harmonics, starved films and cavitation make bursts at high frequencies;
forward and backward motion part in the full spectrum of X + iY (Bently & Hatch 2002, chapter 8).
Everything is a logarithm of a ratio within the window: no amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.signal.lines import (
    ComplexArray,
    FloatArray,
    hann_smoothed,
    local_floor,
    median,
    squared_magnitude,
    transformed,
)

FLOOR_BINS = 24
TOLERANCE = 0.01
"""Relative half width of a line; speeds are not stated better."""
BELOW = (0.2, 0.49)
"""Orders among which the strongest line below half the shaft speed is sought."""
NEAR, WIDE = 1, 6
"""Bins either side that make up a sharp line, and that a wandering one spreads over."""
TINY = np.float32(1e-20)
BANDS = 8
LOWEST_BAND = 0.01
"""Lower border of the floor's logarithmic bands, as a share of the Nyquist frequency."""
HIGH_BANDS = ((0.125, 0.3), (0.3, 0.5), (0.5, 0.95))
"""Where bursts are looked for, as shares of the Nyquist frequency."""


@dataclass(frozen=True)
class Stretch:
    """A line or a stretch of orders in which the highest line counts."""

    name: str
    low: float
    high: float
    of_critical: bool = False


STRETCHES = (
    Stretch("0.12–0.30×", 0.12, 0.30),
    Stretch("0.38–0.49×", 0.38, 0.49),
    Stretch("0.5×", 0.5, 0.5),
    Stretch("1×", 1, 1),
    Stretch("1.5×", 1.5, 1.5),
    Stretch("2×", 2, 2),
    Stretch("2.5×", 2.5, 2.5),
    *(Stretch(f"{order}×", order, order) for order in range(3, 11)),
)
CRITICAL = (
    Stretch("critical speed", 0.97, 1.03, of_critical=True),
    Stretch("2× critical speed", 1.94, 2.06, of_critical=True),
)
CROSSED = ("0.12–0.30×", "0.38–0.49×", "1×", "2×", "critical speed")
"""Lines whose precession is told where X and Y exist."""
AXIAL = ("1×", "2×")


def stretches(critical: bool) -> tuple[Stretch, ...]:
    """Give the lines looked at, with those of the rotor where its critical speed is known."""
    return (*STRETCHES, *(CRITICAL if critical else ()))


def channel_names(critical: bool) -> tuple[str, ...]:
    """Name the scores of one channel."""
    lines = [stretch.name for stretch in stretches(critical)]
    return (
        *(f"{name} over its floor" for name in lines),
        *(f"{name} against 1×" for name in lines if name != "1×"),
        *(f"floor band {i + 1} of {BANDS}" for i in range(BANDS)),
        "floor against lines",
        *(f"strongest line below 0.49×: {fact}" for fact in BELOW_FACTS),
        *(f"{kind}, high band {i + 1}" for i in range(len(HIGH_BANDS)) for kind in BURSTS),
    )


BELOW_FACTS = ("order", "its double", "sharpness")
BURSTS = ("burst kurtosis", "burst crest", "bursts at 1×")


def pair_names(critical: bool) -> tuple[str, ...]:
    """Name the scores of X and Y together."""
    known = {stretch.name for stretch in stretches(critical)}
    crossed = [name for name in CROSSED if name in known]
    return (
        *(f"forward against backward at {name}" for name in crossed),
        *(f"Y against X at {name}" for name in crossed),
    )


def axial_names() -> tuple[str, ...]:
    """Name the scores of axial against radial motion."""
    return tuple(f"axial against radial at {name}" for name in AXIAL)


@dataclass(frozen=True)
class Spectra:
    """One channel's spectrum and the heights of its lines.

    Attributes:
        full: Hann-windowed spectrum, shape (n, bins).
        power: Its squared magnitude.
        floor: Local median of the power.
        heights: Power of each stretch's highest line, shape (n, stretches).
    """

    full: ComplexArray
    power: FloatArray
    floor: FloatArray
    heights: FloatArray


class JournalChunk:
    """Windows of one channel each, at their own speeds.

    Args:
        samples: Of a window.
        sampling_rate_hz: Of all windows.
        shaft_hz: Shape (n,).
        critical_hz: Shape (n,), None where unknown.
    """

    def __init__(
        self,
        samples: int,
        sampling_rate_hz: float,
        shaft_hz: FloatArray,
        critical_hz: FloatArray | None,
    ) -> None:
        self.samples = samples
        self.bins_per_turn = shaft_hz * np.float32(samples / sampling_rate_hz)
        self.stretches = stretches(critical_hz is not None)
        self.at = self._bins(critical_hz, samples / sampling_rate_hz)

    def spectra(self, windows: FloatArray) -> Spectra:
        """Transform one channel, shape (n, samples)."""
        full = hann_smoothed(transformed(windows - windows.mean(axis=1, keepdims=True)))
        power = full.real**2 + full.imag**2 + TINY
        return Spectra(full, power, local_floor(power, FLOOR_BINS), self._highest(power))

    def channel_scores(self, spectra: Spectra) -> FloatArray:
        """Score one channel, shape (n, len(channel_names))."""
        lines = np.log(spectra.heights)
        once = [stretch.name for stretch in self.stretches].index("1×")
        over_floor = lines - np.log(self._mean_floor(spectra.floor))
        against = np.delete(lines - lines[:, [once]], once, axis=1)
        return np.concatenate(
            [
                over_floor,
                against,
                self._floor_shares(spectra),
                self._strongest_below(spectra.power),
                self._bursts(spectra),
            ],
            axis=1,
        )

    def pair_scores(self, x: Spectra, y: Spectra) -> FloatArray:
        """Compare X with Y and forward with backward motion, shape (n, len(pair_names))."""
        forward, backward = x.full + 1j * y.full, x.full - 1j * y.full
        wanted = [i for i, stretch in enumerate(self.stretches) if stretch.name in CROSSED]
        ahead, behind = (
            self._highest(half.real**2 + half.imag**2 + TINY)[:, wanted]
            for half in (forward, backward)
        )
        sizes = np.log(y.heights[:, wanted]) - np.log(x.heights[:, wanted])
        return np.concatenate([np.log(ahead) - np.log(behind), sizes], axis=1)

    def axial_scores(self, axial: Spectra, radial: list[Spectra]) -> FloatArray:
        """Compare axial with radial motion, shape (n, len(axial_names))."""
        wanted = [i for i, stretch in enumerate(self.stretches) if stretch.name in AXIAL]
        beside = np.sum([each.heights[:, wanted] for each in radial], axis=0)
        return np.asarray(np.log(axial.heights[:, wanted]) - np.log(beside + TINY))

    def _bins(self, critical_hz: FloatArray | None, seconds: float) -> list[npt.NDArray[np.int32]]:
        """All bins of every stretch, shape (n, most bins of the stretch) each."""
        found = []
        for stretch in self.stretches:
            unit = self.bins_per_turn
            if stretch.of_critical and critical_hz is not None:
                unit = critical_hz * np.float32(seconds)
            low, high = stretch.low * (1 - TOLERANCE), stretch.high * (1 + TOLERANCE)
            found.append(_every_bin(low * unit, high * unit))
        return found

    def _highest(self, power: FloatArray) -> FloatArray:
        """Highest power within each stretch, shape (n, stretches)."""
        return np.stack([_taken(power, bins).max(axis=1) for bins in self.at], axis=1)

    def _mean_floor(self, floor: FloatArray) -> FloatArray:
        middles = [bins[:, [bins.shape[1] // 2]] for bins in self.at]
        return np.concatenate([_taken(floor, middle) for middle in middles], axis=1)

    def _strongest_below(self, power: FloatArray) -> FloatArray:
        """Whirl follows the shaft and wanders; whip has its own steady frequency and its double."""
        bins = _every_bin(BELOW[0] * self.bins_per_turn, BELOW[1] * self.bins_per_turn)
        best = _taken(power, bins).argmax(axis=1)[:, None]
        peak = np.take_along_axis(bins, best, axis=1)
        near = peak + np.arange(-NEAR, NEAR + 1, dtype=np.int32)
        lines = _taken(power, near)
        total = lines.sum(axis=1)
        centre = (lines * near).sum(axis=1) / total
        double = np.rint(2 * centre)[:, None].astype(np.int32) + np.arange(-2, 3, dtype=np.int32)
        around = _taken(power, peak + np.arange(-WIDE, WIDE + 1, dtype=np.int32)).sum(axis=1)
        order = centre / self.bins_per_turn
        twice = np.log(_taken(power, double).max(axis=1) / lines[:, NEAR])
        return np.stack([order, twice, np.log(total / around)], axis=1).astype(np.float32)

    def _floor_shares(self, spectra: Spectra) -> FloatArray:
        """Share of the floor's power in logarithmic bands, and of the floor in everything."""
        bins = spectra.floor.shape[1]
        borders = np.rint(bins * np.geomspace(LOWEST_BAND, 1, BANDS + 1)).astype(int)
        sums = np.stack(
            [spectra.floor[:, a : max(b, a + 1)].sum(axis=1) for a, b in pairwise(borders)]
        )
        total = sums.sum(axis=0)
        shares = np.log(sums / total + TINY)
        lines = np.log(total / spectra.power[:, 1:].sum(axis=1))
        return np.concatenate([shares, lines[None]]).T

    def _bursts(self, spectra: Spectra) -> FloatArray:
        """Kurtosis, crest and once-per-turn line of the envelope in high bands."""
        columns = []
        bins = spectra.full.shape[1]
        for low, high in HIGH_BANDS:
            band = spectra.full[:, round(low * bins) : round(high * bins)]
            squared = squared_magnitude(band)
            mean = np.maximum(squared.mean(axis=1, keepdims=True), TINY)
            relative = squared / mean
            columns += [
                np.log((relative**2).mean(axis=1) + TINY),
                np.log(relative.max(axis=1) + TINY),
                self._once_per_turn(relative),
            ]
        return np.stack(columns, axis=1)

    def _once_per_turn(self, squared_envelope: FloatArray) -> FloatArray:
        lines = np.abs(transformed(squared_envelope - 1))
        at = np.rint(self.bins_per_turn[:, None] + np.arange(-1, 2)).astype(np.int32)
        found = _taken(lines, at).max(axis=1)
        return np.asarray(np.log((found + TINY) / (median(lines[:, 1:64]) + TINY)))


def _every_bin(low: FloatArray, high: FloatArray) -> npt.NDArray[np.int32]:
    """Bins from low to high, shape (n, points); rows with fewer bins name some of them twice."""
    points = 2 + int(np.ceil((high - low).max()))
    share = np.linspace(0, 1, points, dtype=np.float32)
    return np.rint(low[:, None] + (high - low)[:, None] * share).astype(np.int32)


def _taken(values: FloatArray, bins: npt.NDArray[Any]) -> FloatArray:
    """Values at these bins of each row; bins beyond the ends take the last one."""
    return np.take_along_axis(values, np.clip(bins, 1, values.shape[1] - 1), axis=1)
