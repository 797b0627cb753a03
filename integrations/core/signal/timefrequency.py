"""Time-frequency maps of many windows at once: Fourier, wavelet and Wigner–Ville, in float32.

All three give power over (frequency, time) with frequency in cycles per sample and time in
samples, so that a sampling rate (or samples per revolution) turns them into Hz or orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

FloatArray = npt.NDArray[np.float32]
ComplexArray = npt.NDArray[np.complex64]
MORLET_REACH = 4.0
"""Deviations of the Morlet wavelet's Gaussian that are kept; beyond, its gain is below 0.04 %."""


@dataclass(frozen=True)
class TimeFrequency:
    """Power of windows over frequency and time.

    Attributes:
        power: Shape (n, rows, columns), not negative.
        frequency: Centre of each row in cycles per sample, rising, shape (rows,).
        time: Centre of each column in samples from the window's start, shape (columns,).
    """

    power: FloatArray
    frequency: FloatArray
    time: FloatArray


def stft(windows: FloatArray, frame: int, hop: int) -> TimeFrequency:
    """Power of the short-time Fourier transform under a Hann window, without the mean.

    After Allen & Rabiner 1977, "A unified approach to short-time Fourier analysis and synthesis".
    Frames lie wholly inside the window; a tone of amplitude 1 has power 1 at its frequency.

    Args:
        windows: Shape (n, samples).
        frame: Samples of a frame, even; the frequency resolution is two bins of 1 / frame.
        hop: Samples from one frame to the next.

    Returns:
        ``frame // 2`` rows (the bin at 0 is left out) and ``(samples - frame) // hop + 1`` columns.
    """
    taper = np.hanning(frame + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(windows, frame, axis=1)[:, ::hop]
    spectrum = fft.rfft(frames * taper, axis=2)[:, :, 1:]
    power = _power(spectrum) * np.float32((2 / taper.sum()) ** 2)
    return TimeFrequency(
        power=np.ascontiguousarray(power.swapaxes(1, 2)),
        frequency=(np.arange(1, frame // 2 + 1) / frame).astype(np.float32),
        time=(np.arange(frames.shape[1]) * hop + (frame - 1) / 2).astype(np.float32),
    )


def cwt(windows: FloatArray, frequencies: FloatArray, cycles: float, columns: int) -> TimeFrequency:
    """Power of the continuous wavelet transform with the analytic Morlet wavelet.

    After Torrence & Compo 1998, "A practical guide to wavelet analysis" (their ω0 is ``cycles``),
    scaled so that a tone of amplitude 1 has power 1. Each frequency is filtered in the Fourier
    domain over its own band only and brought back on a grid just fine enough for that band, which
    is several times cheaper than full-length transforms. The ends of a window are joined.

    Args:
        windows: Shape (n, samples).
        frequencies: Rising, in cycles per sample, above 0 and up to 0.5.
        cycles: Oscillations in the wavelet, about 6; more separates tones, fewer separates times.
        columns: Number of equal pieces of time that power is averaged over.
    """
    n, samples = windows.shape
    spectrum = fft.rfft(windows, axis=1)
    power = np.empty((n, len(frequencies), columns), dtype=np.float32)
    for row, frequency in enumerate(frequencies):
        band, gain = _morlet_band(float(frequency), cycles, samples)
        points = columns * _power_of_two(2 * len(gain) / columns)
        wave = fft.ifft(spectrum[:, band] * gain, n=points, axis=1)
        fine = _power(wave).reshape(n, columns, -1).mean(axis=2)
        power[:, row] = fine * np.float32((2 * points / samples) ** 2)
    width = samples / columns
    time = (np.arange(columns) + 0.5) * width - 0.5
    return TimeFrequency(power, np.asarray(frequencies, np.float32), time.astype(np.float32))


def wigner_ville(windows: FloatArray, rows: int, lags: int, hop: int, reach: int) -> TimeFrequency:
    """Smoothed pseudo Wigner–Ville distribution, its rare negative values set to 0.

    After Martin & Flandrin 1985, "Wigner–Ville spectral analysis of nonstationary processes": the
    distribution of the analytic signal, smoothed over time by one Hann window and over frequency
    by another on the lags, each chosen freely (a spectrogram ties the two together). The ends of
    a window are joined.

    Args:
        windows: Shape (n, samples), at least ``lags`` long.
        rows: Frequencies, evenly from 0 to 0.5 cycles per sample (centres of equal bands).
        lags: One-sided length of the lag window; more separates tones better.
        hop: Samples from one column to the next.
        reach: Half width of the smoothing over time, in columns.

    Returns:
        ``samples // hop`` columns.
    """
    lagged = _smoothed_products(analytic_signal(windows), lags, hop, reach)
    taper = np.hanning(2 * lags + 1)[lags:-1]
    weight = np.where(np.arange(lags) == 0, 1.0, 2.0) * taper
    frequency = (np.arange(rows) + 0.5) / (2 * rows)
    phase = 4 * np.pi * np.outer(np.arange(lags), frequency)
    weight = weight[:, None] / weight.sum()
    cosine, sine = (np.asarray(weight * f(phase), np.float32) for f in (np.cos, np.sin))
    power = lagged.real @ cosine + lagged.imag @ sine
    time = (np.arange(power.shape[1]) + 0.5) * hop - 0.5
    return TimeFrequency(
        power=np.ascontiguousarray(np.maximum(power, 0).swapaxes(1, 2)),
        frequency=frequency.astype(np.float32),
        time=time.astype(np.float32),
    )


def analytic_signal(windows: FloatArray) -> ComplexArray:
    """Give the analytic signal of windows, shape (n, samples), by its one-sided spectrum.

    After Marple 1999, "Computing the discrete-time analytic signal via FFT". The mean is left out.
    """
    samples = windows.shape[1]
    spectrum = fft.rfft(windows, axis=1)
    one_sided = np.zeros(windows.shape, dtype=np.complex64)
    one_sided[:, 1 : spectrum.shape[1]] = 2 * spectrum[:, 1:]
    if samples % 2 == 0:
        one_sided[:, samples // 2] = spectrum[:, -1]
    return np.asarray(fft.ifft(one_sided, axis=1), dtype=np.complex64)


def log_frequencies(lowest: float, highest: float, count: int) -> FloatArray:
    """Space frequencies evenly in octaves, both ends included."""
    return np.geomspace(lowest, highest, count).astype(np.float32)


def pool(image: TimeFrequency, rows: int, columns: int) -> TimeFrequency:
    """Average neighbouring rows and columns by whole factors until no more than these are left."""
    by_row = -(-image.power.shape[1] // rows)
    by_column = -(-image.power.shape[2] // columns)
    starts = np.arange(0, image.power.shape[1] - by_row + 1, by_row)
    power = image.power[:, : len(starts) * by_row, : image.power.shape[2] // by_column * by_column]
    n, height, width = power.shape
    grouped = power.reshape(n, height // by_row, by_row, width // by_column, by_column)
    return TimeFrequency(
        power=grouped.mean(axis=(2, 4)),
        frequency=image.frequency[:height].reshape(-1, by_row).mean(axis=1),
        time=image.time[:width].reshape(-1, by_column).mean(axis=1),
    )


def log_edges(bins: int, rows: int) -> tuple[int, ...]:
    """Edges of bands that grow evenly in octaves over so many bins, none empty.

    Args:
        bins: Frequency bins to divide.
        rows: Most bands; low ones that would be narrower than a bin are merged.
    """
    edges = (1 + bins) ** (np.arange(rows + 1) / rows) - 1
    return tuple(np.unique(np.round(edges).astype(int)).tolist())


def pool_octaves(image: TimeFrequency, rows: int) -> TimeFrequency:
    """Average rows into bands that grow evenly in octaves, so that low frequencies stay apart."""
    edges = np.array(log_edges(image.power.shape[1], rows))
    counts = np.diff(edges).astype(np.float32)
    power = np.add.reduceat(image.power, edges[:-1], axis=1) / counts[None, :, None]
    frequency = np.add.reduceat(image.frequency, edges[:-1]) / counts
    return TimeFrequency(np.asarray(power, np.float32), frequency.astype(np.float32), image.time)


def _power(values: ComplexArray) -> FloatArray:
    return np.asarray(values.real**2 + values.imag**2, dtype=np.float32)


def _power_of_two(least: float) -> int:
    return 1 << max(0, int(np.ceil(np.log2(max(least, 1.0)))))


def _morlet_band(frequency: float, cycles: float, samples: int) -> tuple[slice, FloatArray]:
    """Spectrum bins that a wavelet passes, and its gain there."""
    width = frequency / cycles
    first = max(1, int(np.floor((frequency - MORLET_REACH * width) * samples)))
    last = min(samples // 2, int(np.ceil((frequency + MORLET_REACH * width) * samples)))
    first = min(first, last)
    bins = np.arange(first, last + 1) / samples
    gain = np.exp(-0.5 * ((bins - frequency) / width) ** 2)
    return slice(first, last + 1), gain.astype(np.float32)


def _smoothed_products(signal: ComplexArray, lags: int, hop: int, reach: int) -> ComplexArray:
    """Products z(t+lag) z*(t-lag) smoothed over time, shape (n, columns, lags).

    The Hann window spans ``2 * reach`` columns; each column's block is summed against every piece
    of it in one matrix product and the pieces are then added at their places.
    """
    n, samples = signal.shape
    columns = samples // hop
    wrapped = np.concatenate([signal[:, -lags:], signal, signal[:, :lags]], axis=1)
    taper = np.hanning(2 * reach * hop + 2)[1:-1]
    pieces = (taper / taper.sum()).reshape(2 * reach, hop).T.astype(np.float32)
    offset = -(hop // 2)  # puts the window's middle on the middle of its column
    out = np.zeros((n, columns, lags), dtype=np.complex64)
    used = columns * hop
    for lag in range(lags):
        ahead = wrapped[:, lags + lag : lags + lag + samples]
        behind = wrapped[:, lags - lag : lags - lag + samples]
        product = np.roll(ahead * behind.conj(), offset, axis=1)[:, :used]
        sums = product.reshape(n, columns, hop) @ pieces
        for piece in range(2 * reach):
            out[:, :, lag] += np.roll(sums[:, :, piece], reach - piece, axis=1)
    return out
