"""Scores of rolling bearings: how exceptional each fault's comb is in the envelope spectrum.

The spectrum is whitened by its local floor (Sawalhi & Randall 2008), the squared envelope of
whole and half bands is transformed (Randall & Antoni 2011), and the mean height of four harmonics
at a fault's order is compared with the same comb at orders where nothing is expected, in the same
window. What results has no amplitude and the same meaning on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.signal.lines import (
    ComplexArray,
    FloatArray,
    hann_smoothed,
    local_floor,
    log_prominence,
    median,
    squared_magnitude,
    transformed,
)

IntArray = npt.NDArray[np.int64]
HARMONICS = 4
WHITENING_BINS, FLOOR_BINS = 32, 24
VIEWS = (("whole band", ((0.0, 1.0),)), ("half bands", ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))))
"""Name and bands (shares of the Nyquist frequency) whose envelope spectra are averaged."""

STEP, REACH = 0.003, 0.3
"""Spacing and half width (in logarithm) of the orders a comb is compared with."""
SLIP = (-0.015, 0.005)
"""Rolling elements slip: real fault lines lie up to 1.5 % below the kinematic ones."""
BLIND = 0.025
"""Orders this near the fault's own are not taken for the comparison."""
SPREAD_FLOOR = 0.02
RELATIVE = np.exp(np.arange(-round(REACH / STEP), round(REACH / STEP) + 1) * STEP).astype(
    np.float32
)


@dataclass(frozen=True)
class Comb:
    """Lines expected together: harmonics of one order, or their sidebands.

    Attributes:
        line: The fault order's name, "" for the shaft itself.
        sideband: The modulating order's name, "" for the shaft; None for no sidebands.
    """

    name: str
    line: str
    sideband: str | None = None


SHAFT = ""


def combs(lines: tuple[str, ...]) -> tuple[Comb, ...]:
    """Give the combs that can be looked for when these fault orders are known.

    The cage turns too slowly to have a comb of its own in windows of usual length; it modulates
    what the balls do.
    """
    found = [Comb(name, name) for name in lines if name != "FTF"]
    found += [Comb(f"{name} ± shaft", name, SHAFT) for name in ("BPFO", "BPFI") if name in lines]
    if {"2×BSF", "FTF"} <= set(lines):
        found.append(Comb("2×BSF ± FTF", "2×BSF", "FTF"))
    return (*found, Comb("shaft", SHAFT))


def rolling_scores(
    windows: FloatArray,
    sampling_rate_hz: float,
    shaft_hz: FloatArray,
    orders: dict[str, FloatArray],
) -> FloatArray:
    """Score every comb in every view.

    Args:
        windows: Shape (n, samples), best a few dozen at a time.
        sampling_rate_hz: Of all windows.
        shaft_hz: Revolutions per second, shape (n,).
        orders: Fault name to multiples of the shaft speed, shape (n,).

    Returns:
        Shape (n, views × combs): 0 where a comb is no higher than its neighbours, about 1 at two
        standard deviations above them, growing logarithmically.
    """
    bins_per_turn = shaft_hz * windows.shape[1] / sampling_rate_hz
    highest = max((float((order * bins_per_turn).max()) for order in orders.values()), default=0.0)
    bins = int((highest * HARMONICS + float(bins_per_turn.max())) * np.exp(REACH)) + FLOOR_BINS
    spectra = _envelope_spectra(windows, min(bins, windows.shape[1] // 4))
    known = {**orders, SHAFT: np.ones_like(shaft_hz)}
    scores = [
        _exceptional(_comb_heights(spectra, comb, known, bins_per_turn), comb.line == SHAFT)
        for comb in combs(tuple(orders))
    ]
    return np.stack(scores, axis=-1).swapaxes(0, 1).reshape(len(windows), -1)


def _envelope_spectra(windows: FloatArray, bins: int) -> FloatArray:
    """Log prominence of the squared envelope's lines, shape (views, n, bins); bin 0 is 0."""
    spectrum = transformed(windows - windows.mean(axis=1, keepdims=True))
    spectrum[:, 0] = 0
    whitened = spectrum / (local_floor(np.abs(spectrum), WHITENING_BINS) + np.float32(1e-30))
    spectra = np.zeros((len(VIEWS), len(windows), bins), dtype=np.float32)
    for view, (_, bands) in zip(spectra, VIEWS, strict=True):
        for low, high in bands:
            borders = (round(share * windows.shape[1] / 2) for share in (low, high))
            lines = _squared_envelope(whitened[:, slice(*borders)], bins)
            view += log_prominence(lines, FLOOR_BINS) / len(bands)
    spectra[:, :, 0] = 0
    return spectra


def _squared_envelope(band: ComplexArray, bins: int) -> FloatArray:
    """First lines of the squared envelope over its mean, made at the band's own low rate."""
    squared = squared_magnitude(band)
    mean = squared.mean(axis=1, keepdims=True)
    relative = squared / np.maximum(mean, np.finfo(np.float32).tiny) - (mean > 0)
    lines = transformed(relative)[:, : bins + 1]
    return np.asarray(np.abs(hann_smoothed(lines))[:, :bins] / np.float32(squared.shape[1]))


def _comb_heights(
    spectra: FloatArray, comb: Comb, orders: dict[str, FloatArray], bins_per_turn: FloatArray
) -> FloatArray:
    """Mean log prominence of a comb's lines at all compared orders, shape (views, n, orders)."""
    bins = spectra.shape[-1]
    base = (orders[comb.line] * bins_per_turn)[:, None] * RELATIVE
    beside = 0 if comb.sideband is None else (orders[comb.sideband] * bins_per_turn)[:, None]
    places = [
        harmonic * base + offset * beside
        for harmonic in range(1, HARMONICS + 1)
        for offset in ((0,) if comb.sideband is None else (-1, 1))
    ]
    first = np.arange(0, len(base) * bins, bins, dtype=np.int32)[:, None]
    flat = spectra.reshape(len(spectra), -1)
    total = np.zeros((len(spectra), *base.shape), dtype=np.float32)
    counted = np.zeros(base.shape, dtype=np.float32)
    for place in places:
        at = np.rint(place).astype(np.int32)
        inside = (at > 0) & (at < bins)
        total += flat.take(at * inside + first, axis=1)
        counted += inside
    return np.asarray(total / np.maximum(counted, 1))


def _exceptional(heights: FloatArray, exact: bool) -> FloatArray:
    """Robust z score of the comb among its neighbours, on a scale that saturates."""
    below, above = (-1, 1) if exact else (round(SLIP[0] / STEP), round(SLIP[1] / STEP))
    kept = heights.shape[-1] - (above - below)
    best = heights[..., :kept]
    for shift in range(1, above - below + 1):
        best = np.maximum(best, heights[..., shift : shift + kept])
    centre, blind = heights.shape[-1] // 2 + below, round(BLIND / STEP)
    others = np.concatenate([best[..., : centre - blind], best[..., centre + blind + 1 :]], axis=-1)
    middle = median(others)
    spread = 1.4826 * median(np.abs(others - middle[..., None])) + SPREAD_FLOOR
    above_noise = np.maximum(best[..., centre] - middle, 0)
    return np.asarray(np.arcsinh(above_noise / (2 * spread)))
