"""Removes bands of frequency from windows, so that one can ask a model again without them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from integrations.core.data.dataset import FloatArray, Recording
from integrations.core.signal.machine import shaft_hz

BANDS = 32
ORDERS = (
    (0.38, 0.48),
    (0.485, 0.515),
    *((order - 0.03, order + 0.03) for order in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10)),
)
"""Multiples of the shaft speed that analysts look at: oil whirl, half order, 1× to 10×."""
NARROWEST_BINS = 1.5


def band_edges(samples: int) -> npt.NDArray[np.float64]:
    """Borders of bands from 0 to half the sampling rate, in cycles per sample.

    Logarithmic, so that low frequencies, where orders lie close together, are resolved, and none
    narrower than two lines of the window's spectrum.
    """
    lines = samples // 2
    narrowest = min(2, lines)
    inner = [narrowest]
    for edge in np.round(np.geomspace(narrowest, lines, BANDS + 1)).tolist():
        if inner[-1] + narrowest <= edge <= lines - narrowest:
            inner.append(int(edge))
    edges = [0, *(edge for edge in inner if edge < lines), lines]
    return np.array(edges, dtype=np.float64) / samples


def cycles_per_sample(recording: Recording) -> float:
    """Shaft speed relative to the sampling rate; NaN where one of them is unknown."""
    speed = shaft_hz(recording)
    return speed / recording.sampling_rate_hz if speed and recording.sampling_rate_hz else np.nan


def order_bands(shaft: float, samples: int) -> npt.NDArray[np.float64]:
    """Bands of ORDERS in cycles per sample, shape (orders, 2).

    NaN where a band lies above half the sampling rate or two bands would share a spectral line.
    """
    orders = np.array(ORDERS)
    centre, half = orders.mean(axis=1) * shaft, np.ptp(orders, axis=1) / 2 * shaft
    half = np.maximum(half, NARROWEST_BINS / samples)
    bands = np.stack([centre - half, centre + half], axis=1)
    resolved = shaft * samples >= 2 * NARROWEST_BINS / 0.5
    usable = resolved & (bands[:, 1] < 0.5) & (bands[:, 0] > 0)
    return np.where(usable[:, None], bands, np.nan)


def without_band(windows: FloatArray, bands: npt.NDArray[np.float64]) -> FloatArray:
    """Take a band of frequencies out of each window.

    Args:
        windows: Shape (n, channels, samples).
        bands: Lowest and highest frequency per window in cycles per sample, shape (n, 2).
    """
    samples = windows.shape[2]
    spectrum = fft.rfft(windows, axis=2)
    frequency = fft.rfftfreq(samples)
    inside = (frequency >= bands[:, :1]) & (frequency < bands[:, 1:])
    inside[:, 0] = False  # the mean is no vibration
    spectrum[np.broadcast_to(inside[:, None], spectrum.shape)] = 0
    return np.asarray(fft.irfft(spectrum, n=samples, axis=2), dtype=np.float32)
