"""How far the lines of a window's spectrum, or of its envelope's, stand over the noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from integrations.core.data.dataset import Dataset, FloatArray
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.signal.lines import local_floor

BLOCK = 64
LINE_OVER_FLOOR = 4.0
"""Noise alone is so far over its median once in 65 000 bins (Rayleigh)."""
POWER_OF_FLOOR = 1 / np.log(2)
"""Mean power of noise over the square of its median amplitude (Rayleigh)."""
LEAST_DB = -40.0
CHUNK = 128


def signal_to_noise_db(data: Dataset, index: WindowIndex) -> npt.NDArray[np.float64]:
    """Measure windows: power of the spectral lines over the power of the noise between them.

    The larger figure of the spectrum and of the squared envelope's spectrum counts, and the
    best channel: tones show in the one, impacts in the other (Randall 2011, chapter 5).

    Returns:
        In decibels, shape (len(index),); ``LEAST_DB`` where no line stands out.
    """
    found = np.full(len(index), LEAST_DB)
    for first in range(0, len(index), CHUNK):
        rows = np.arange(first, min(first + CHUNK, len(index)))
        windows = gather(data, index.take(rows))
        power = np.maximum(_lines_over_noise(windows), _lines_over_noise(_envelope(windows)))
        with np.errstate(divide="ignore"):
            found[rows] = np.maximum(10 * np.log10(power.max(axis=1)), LEAST_DB)
    return found


def share_below(
    values: npt.NDArray[np.float64],
    klass: npt.NDArray[np.int64],
    reference: npt.NDArray[np.float64],
    reference_klass: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Give the share of the reference windows of the same class that lie lower; ties count half.

    Returns:
        Shape (n,); NaN where the class has no reference.
    """
    share = np.full(len(values), np.nan)
    for number in np.unique(klass).tolist():
        known = np.sort(reference[reference_klass == number])
        mine = klass == number
        if known.size:
            below = np.searchsorted(known, values[mine], side="left")
            up_to = np.searchsorted(known, values[mine], side="right")
            share[mine] = (below + up_to) / (2 * known.size)
    return share


def _lines_over_noise(windows: FloatArray) -> npt.NDArray[np.float64]:
    """Give signal over noise power per channel, shape (n, channels)."""
    samples = windows.shape[-1]
    centred = windows - windows.mean(axis=-1, keepdims=True)
    taper = np.hanning(samples + 2)[1:-1].astype(np.float32)
    amplitude = np.abs(fft.rfft(centred * taper, axis=-1))[..., 1:].astype(np.float32)
    if amplitude.shape[-1] == 0:
        return np.zeros(amplitude.shape[:-1])
    floor = local_floor(amplitude, BLOCK)
    noise = POWER_OF_FLOOR * floor.astype(np.float64) ** 2
    line = amplitude > LINE_OVER_FLOOR * floor
    signal = np.where(line, amplitude.astype(np.float64) ** 2 - noise, 0.0).sum(axis=-1)
    total = noise.sum(axis=-1)
    ratio = np.divide(signal, total, out=np.zeros_like(signal), where=total > 0)
    return np.asarray(ratio, dtype=np.float64)


def _envelope(windows: FloatArray) -> FloatArray:
    samples = windows.shape[-1]
    spectrum = fft.fft(windows - windows.mean(axis=-1, keepdims=True), axis=-1)
    keep = np.zeros(samples, dtype=np.float32)
    keep[: samples // 2 + 1] = 2
    return np.asarray(np.abs(fft.ifft(spectrum * keep, axis=-1)) ** 2, dtype=np.float32)
