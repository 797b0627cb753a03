"""Charts of one recording: its wave and its spectrum, thinned to what a screen can show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.figures.chart import Axis, Lines, Series

MAX_POINTS = 1600
SPECTRUM_SAMPLES = 1 << 17


def wave_chart(
    samples: npt.NDArray[np.float32], rate: float | None, name: str, unit: str, *, key: str = "wave"
) -> Lines:
    """Draw a signal over time; of long ones the lowest and highest value per pixel column."""
    at, values = thin_extremes(samples, MAX_POINTS)
    x_axis = Axis("Time", "s") if rate else Axis("Sample")
    x = at / rate if rate else at
    return Lines(
        key=key,
        title=f"Wave of {name}",
        x_axis=x_axis,
        y_axis=Axis("Value", unit),
        series=(Series(name, x.tolist(), values.tolist()),),
        help="Long recordings are drawn by their lowest and highest values, so that no spike is "
        "lost.",
    )


def spectrum_chart(
    samples: npt.NDArray[np.float32],
    rate: float | None,
    name: str,
    unit: str,
    *,
    key: str = "spectrum",
) -> Lines:
    """Draw the amplitude spectrum (Hann window, mean removed), peaks kept when thinned."""
    part = np.asarray(samples[:SPECTRUM_SAMPLES], dtype=np.float64)
    part = part - part.mean()
    window = np.hanning(part.size + 2)[1:-1]
    transformed = np.abs(np.fft.rfft(part * window))
    amplitude = np.asarray(2 * transformed / window.sum(), dtype=np.float64)
    frequency = np.asarray(np.fft.rfftfreq(part.size, 1 / rate if rate else 1.0), np.float64)
    x, y = thin_peaks(frequency[1:], amplitude[1:], MAX_POINTS)
    return Lines(
        key=key,
        title=f"Spectrum of {name}",
        x_axis=Axis("Frequency", "Hz" if rate else "per sample"),
        y_axis=Axis("Amplitude", unit),
        series=(Series(name, x.tolist(), y.tolist()),),
        help="Amplitude of each frequency, Hann window, mean removed; at most the first "
        f"{SPECTRUM_SAMPLES} samples.",
    )


def thin_extremes(
    samples: npt.NDArray[np.float32], points: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give positions and values of the extremes of equal pieces, at most ``points`` in all."""
    values = np.asarray(samples, dtype=np.float64)
    if values.size <= points:
        return np.arange(values.size, dtype=np.float64), values
    size = -(-values.size // (points // 2))
    count = values.size // size
    pieces = values[: count * size].reshape(count, size)
    start = np.arange(count) * size
    at = np.sort(np.stack([start + pieces.argmin(axis=1), start + pieces.argmax(axis=1)], axis=1))
    flat = at.ravel()
    return flat.astype(np.float64), values[flat]


def thin_peaks(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], points: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Keep the largest value of equal pieces, at most ``points`` in all."""
    if y.size <= points:
        return x, y
    size = -(-y.size // points)
    count = y.size // size
    best = y[: count * size].reshape(count, size).argmax(axis=1) + np.arange(count) * size
    return x[best], y[best]
