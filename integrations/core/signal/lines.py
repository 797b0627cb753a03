"""Lines of a spectrum over their local floor, without amplitude and comparable between machines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ComplexArray = npt.NDArray[np.complex64]
SMALL = np.float32(1e-7)


def local_floor(amplitude: FloatArray, block: int) -> FloatArray:
    """Median of neighbouring bins, joined linearly between blocks.

    Args:
        amplitude: Shape (..., bins).
        block: Bins per median; wide enough that lines are the minority.
    """
    bins = amplitude.shape[-1]
    count = max(1, bins // block)
    if count == 1:
        return np.broadcast_to(median(amplitude)[..., None], amplitude.shape)
    size = bins // count
    blocks = amplitude[..., : count * size].reshape(*amplitude.shape[:-1], count, size)
    medians = median(blocks)
    position = np.clip((np.arange(bins) - (size - 1) / 2) / size, 0, count - 1)
    left = np.minimum(position.astype(np.int64), count - 2)
    share = (position - left).astype(np.float32)
    return np.asarray(medians[..., left] * (1 - share) + medians[..., left + 1] * share)


def log_prominence(amplitude: FloatArray, block: int) -> FloatArray:
    """Logarithm (nepers) of each bin over the local floor, 0 where there is no signal."""
    return np.asarray(np.log((amplitude + SMALL) / (local_floor(amplitude, block) + SMALL)))


def median(values: FloatArray) -> FloatArray:
    """Upper median over the last axis, several times faster than NumPy's."""
    middle = values.shape[-1] // 2
    return np.asarray(np.partition(values, middle, axis=-1)[..., middle])


def transformed(values: FloatArray) -> ComplexArray:
    """Spectrum over the last axis, in float32.

    NumPy's own transform loads at once, which the web page that names the scores needs.
    """
    return np.asarray(np.fft.rfft(values, axis=-1), dtype=np.complex64)


def squared_magnitude(band: ComplexArray) -> FloatArray:
    """Squared envelope of a band of positive frequencies, at the band's own low rate."""
    padded = np.zeros((*band.shape[:-1], fast_length(2 * band.shape[-1])), dtype=np.complex64)
    padded[..., : band.shape[-1]] = band
    analytic = np.fft.ifft(padded, axis=-1)
    return np.asarray(analytic.real**2 + analytic.imag**2, dtype=np.float32)


def fast_length(least: int) -> int:
    """Smallest 2ⁿ, 3·2ⁿ or 5·2ⁿ from ``least`` on, which transforms quickly."""
    power = 1 << max(0, (least - 1).bit_length())
    shorter = (power * part // 8 for part in (5, 6) if power >= 8)
    return next((length for length in shorter if length >= least), power)


def hann_smoothed(spectrum: ComplexArray) -> ComplexArray:
    """Apply the Hann window to the time signal as a convolution in frequency (Harris 1978)."""
    smooth = np.float32(0.5) * spectrum
    smooth[..., 1:-1] -= np.float32(0.25) * (spectrum[..., :-2] + spectrum[..., 2:])
    return np.asarray(smooth)
