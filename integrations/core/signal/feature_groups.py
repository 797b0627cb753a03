"""The standard condition-monitoring features, each group one function over a chunk of windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from integrations.core.signal.lines import median
from integrations.core.signal.plan import ENVELOPE, SPECTRUM, TIME, Feature
from integrations.core.signal.transforms import TINY, FloatArray, Transformed


def time_features(chunk: Transformed) -> list[FloatArray]:
    """Amplitude, shape and Hjorth (1970) statistics of the waveform."""
    x = chunk.centred
    magnitude = np.abs(x)
    mean_absolute = magnitude.mean(axis=1)
    rms, skewness, kurtosis = _moments(x)
    peak = magnitude.max(axis=1)
    root = np.sqrt(magnitude).mean(axis=1)
    mobility, complexity = _hjorth(x, rms)
    return [
        chunk.mean,
        chunk.scale,
        peak * chunk.scale,
        (x.max(axis=1) - x.min(axis=1)) * chunk.scale,
        mean_absolute * chunk.scale,
        skewness,
        kurtosis,
        _ratio(peak, rms),
        _ratio(rms, mean_absolute),
        _ratio(peak, mean_absolute),
        _ratio(peak, root * root),
        (np.signbit(x[:, 1:]) != np.signbit(x[:, :-1])).mean(axis=1, dtype=np.float32),
        mobility,
        complexity,
    ]


def spectrum_features(chunk: Transformed) -> list[FloatArray]:
    """Moments, entropy, flatness, roll-offs and the strongest line of the power spectrum."""
    total = chunk.power.sum(axis=1, keepdims=True)
    share = chunk.power / np.maximum(total, TINY)
    cumulated = share.cumsum(axis=1)
    centroid, spread, skewness, kurtosis = _weighted_moments(share, chunk.frequency_hz)
    return [
        centroid,
        spread,
        skewness,
        kurtosis,
        _entropy(share),
        _flatness(share),
        chunk.frequency_hz[(cumulated < 0.50).sum(axis=1).clip(max=share.shape[1] - 1)],
        chunk.frequency_hz[(cumulated < 0.85).sum(axis=1).clip(max=share.shape[1] - 1)],
        chunk.frequency_hz[share.argmax(axis=1)],
    ]


def envelope_features(chunk: Transformed) -> list[FloatArray]:
    """Statistics of the envelope (Hilbert) and of its spectrum, where impacts show."""
    mean = chunk.envelope.mean(axis=1)
    deviation, skewness, kurtosis = _moments(chunk.envelope - mean[:, None])
    lines = chunk.envelope_spectrum
    share = lines / np.maximum(lines.sum(axis=1, keepdims=True), TINY)
    return [
        mean * chunk.scale,
        deviation * chunk.scale,
        skewness,
        kurtosis,
        _ratio(chunk.envelope.max(axis=1), np.sqrt(mean**2 + deviation**2)),
        share @ chunk.frequency_hz,
        _entropy(share),
        _flatness(share),
        chunk.frequency_hz[lines.argmax(axis=1)],
        _ratio(lines.max(axis=1), lines.mean(axis=1)),
    ]


def band_energies(chunk: Transformed, edges_hz: FloatArray) -> list[FloatArray]:
    """Logarithm of the energy between neighbouring edges, in decades."""
    borders = np.searchsorted(chunk.frequency_hz, edges_hz)
    cumulated = np.zeros((len(chunk.power), chunk.power.shape[1] + 1), dtype=np.float64)
    np.cumsum(chunk.power, axis=1, out=cumulated[:, 1:])
    energy = np.diff(cumulated[:, borders], axis=1) / chunk.centred.shape[1] ** 2
    level = 2 * np.log10(chunk.scale + np.finfo(np.float32).tiny)
    return list((np.log10(energy + float(TINY)) + level[:, None]).astype(np.float32).T)


def order_prominences(
    chunk: Transformed, shaft_hz: FloatArray, orders: FloatArray
) -> list[FloatArray]:
    """Height of each fault's first three harmonics over the local median of the envelope spectrum.

    Randall & Antoni (2011) describe why bearing faults show as lines of the envelope.

    Args:
        chunk: Windows.
        shaft_hz: Revolutions per second of each window, shape (n,).
        orders: Multiples of the shaft speed, shape (n, faults).
    """
    bins = orders * (shaft_hz / chunk.frequency_hz[1])[:, None]
    return [
        np.mean(
            [_prominence(chunk.envelope_spectrum, harmonic * fault) for harmonic in (1, 2, 3)],
            axis=0,
            dtype=np.float32,
        )
        for fault in bins.T
    ]


def _prominence(lines: FloatArray, place: FloatArray) -> FloatArray:
    """Largest of three bins over the median of 25, 0 where the line is beyond the spectrum."""
    last = lines.shape[1] - 1
    centre = np.rint(place).astype(np.int64)
    around = np.clip(centre[:, None] + np.arange(-12, 13), 1, last)
    near = np.take_along_axis(lines, around, axis=1)
    height = np.log10(_ratio(near[:, 11:14].max(axis=1), median(near)) + TINY)
    return np.asarray(np.where((centre > 0) & (centre < last), height, 0), dtype=np.float32)


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a / np.maximum(b, TINY))


def _moments(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    squared = x * x
    variance = squared.mean(axis=1)
    deviation = np.sqrt(variance)
    third = np.einsum("ij,ij->i", squared, x) / x.shape[1]
    fourth = np.einsum("ij,ij->i", squared, squared) / x.shape[1]
    return deviation, _ratio(third, deviation**3), _ratio(fourth, variance**2)


def _hjorth(x: FloatArray, rms: FloatArray) -> tuple[FloatArray, FloatArray]:
    first = x[:, 1:] - x[:, :-1]
    second = first[:, 1:] - first[:, :-1]
    slope = np.sqrt(np.einsum("ij,ij->i", first, first) / first.shape[1])
    bend = np.sqrt(np.einsum("ij,ij->i", second, second) / max(1, second.shape[1]))
    mobility = _ratio(slope, rms)
    return mobility, _ratio(_ratio(bend, slope), mobility)


def _weighted_moments(share: FloatArray, at: FloatArray) -> tuple[FloatArray, ...]:
    centroid = share @ at
    raw = [share @ (at**power) for power in (2, 3, 4)]
    variance = np.maximum(raw[0] - centroid**2, 0)
    spread = np.sqrt(variance)
    third = raw[1] - 3 * centroid * raw[0] + 2 * centroid**3
    fourth = raw[2] - 4 * centroid * raw[1] + 6 * centroid**2 * raw[0] - 3 * centroid**4
    safe = np.maximum(spread, 1e-4 * at[-1])
    return centroid, spread, third / safe**3, fourth / safe**4


def _entropy(share: FloatArray) -> FloatArray:
    return np.asarray(-(share * np.log(share + TINY)).sum(axis=1) / np.log(share.shape[1]))


def _flatness(share: FloatArray) -> FloatArray:
    return _ratio(np.exp(np.log(share + TINY).mean(axis=1)), share.mean(axis=1))


GROUPS: tuple[tuple[tuple[Feature, ...], Callable[[Transformed], list[FloatArray]]], ...] = (
    (TIME, time_features),
    (SPECTRUM, spectrum_features),
    (ENVELOPE, envelope_features),
)
