"""How far the lines that a window should show stand over the noise beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import fft

from integrations.core.data.dataset import Dataset, DatasetInfo, FloatArray, Recording
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.signal.fault_lines import FaultLine, expected_lines
from integrations.core.signal.lines import local_floor
from integrations.core.signal.probes import tacho_channel

BLOCK = 16
LINE_OVER_FLOOR = 4.0
"""Noise alone is so far over its median once in 65 000 bins (Rayleigh)."""
POWER_OF_FLOOR = 1 / np.log(2)
"""Mean power of noise over the square of its median amplitude (Rayleigh)."""
LEAST_DB = -40.0
SLIP = 0.02
"""Lines lie up to so much beside the computed place."""
SHORTEST_TRANSFORM = 4096
CHUNK = 64
Array = npt.NDArray[np.float64]


def signal_to_noise_db(data: Dataset, index: WindowIndex) -> Array:
    """Measure windows in their best channel, the tacho left out.

    Where the lines of the window's true class are known (Randall 2011, chapter 5), the median of
    their harmonics over the floor beside them, in the spectrum of the prewhitened envelope or in
    that of the signal; figures are to be compared within a class. Elsewhere the power of all
    spectral lines over that of the noise between them, of the signal or of its squared envelope.

    Returns:
        In decibels, shape (len(index),), at least ``LEAST_DB``.
    """
    found = np.full(len(index), LEAST_DB)
    tacho = tacho_channel(data.info.channels)
    channels = [i for i in range(len(data.info.channels)) if i != tacho]
    order = np.argsort(index.recording, kind="stable")
    borders = np.flatnonzero(np.diff(index.recording[order])) + 1
    for of_recording in np.split(order, borders) if len(order) else []:
        recording = data.info.recordings[int(index.recording[of_recording[0]])]
        lines = true_lines(data.info, recording)
        for first in range(0, len(of_recording), CHUNK):
            rows = of_recording[first : first + CHUNK]
            windows = gather(data, index.take(rows))[:, channels]
            found[rows] = _ratio_db(windows, recording.sampling_rate_hz or 1.0, lines)
    return found


def true_lines(info: DatasetInfo, recording: Recording) -> tuple[FaultLine, ...]:
    """Give the lines that a recording's own class must show; () where none is known."""
    if not recording.sampling_rate_hz:
        return ()
    faults = f"{recording.label} {recording.fields.get('faults', '')}"
    half = recording.sampling_rate_hz / 2
    return tuple(line for line in expected_lines(info, recording, faults) if line.high < half)


def share_below(
    values: Array,
    klass: npt.NDArray[np.int64],
    reference: Array,
    reference_klass: npt.NDArray[np.int64],
) -> Array:
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


def _ratio_db(windows: FloatArray, rate: float, lines: Sequence[FaultLine]) -> Array:
    if windows.shape[1] == 0:
        return np.full(len(windows), LEAST_DB)
    if lines:
        power = _over_floor(windows, rate, lines) ** 2
    else:
        power = np.maximum(_lines_over_noise(windows), _lines_over_noise(_squared(windows)))
    with np.errstate(divide="ignore"):
        ratio = np.maximum(10 * np.log10(power.max(axis=1)), LEAST_DB)
    return np.asarray(ratio, dtype=np.float64)


def _over_floor(windows: FloatArray, rate: float, lines: Sequence[FaultLine]) -> Array:
    """Amplitude of the lines over the floor beside them, median over all, (n, channels)."""
    spectra: dict[str, tuple[Array, Array]] = {}
    heights = []
    for line in lines:
        if line.place not in spectra:
            shown = _prewhitened_envelope(windows) if line.place == "envelope" else windows
            spectra[line.place] = _spectrum(shown, rate)
        frequency, amplitude = spectra[line.place]
        heights += [
            _height(frequency, amplitude, number * line.low, number * line.high)
            for number in range(1, line.harmonics + 1)
            if number * line.high < rate / 2
        ]
    return np.asarray(np.median(heights, axis=0), dtype=np.float64)


def _height(frequency: Array, amplitude: Array, low: float, high: float) -> Array:
    centre, resolution = (low + high) / 2, frequency[1] - frequency[0]
    half = max((high - low) / 2, SLIP * centre, 2 * resolution)
    distance = np.abs(frequency - centre)
    near, beside = distance <= half, (distance > half) & (distance <= 6 * half)
    if not near.any() or not beside.any():
        return np.zeros(amplitude.shape[:-1])
    floor = np.median(amplitude[..., beside], axis=-1)
    top = amplitude[..., near].max(axis=-1)
    height = np.divide(top, floor, out=np.zeros_like(top), where=floor > 0)
    return np.asarray(height, dtype=np.float64)


def _spectrum(windows: npt.NDArray[np.floating], rate: float) -> tuple[Array, Array]:
    length = fft.next_fast_len(max(windows.shape[-1], SHORTEST_TRANSFORM), real=True)
    centred = windows - windows.mean(axis=-1, keepdims=True)
    amplitude = np.abs(fft.rfft(centred * _taper(windows.shape[-1]), length, axis=-1))
    return np.asarray(fft.rfftfreq(length, 1 / rate)), np.asarray(amplitude, dtype=np.float64)


def _prewhitened_envelope(windows: FloatArray) -> Array:
    """Magnitude of the analytic signal with all amplitudes set equal (Borghesani et al. 2013)."""
    spectrum = fft.fft(windows - windows.mean(axis=-1, keepdims=True), axis=-1)
    size = np.abs(spectrum)
    flat = spectrum / np.maximum(size, 1e-12 * size.max(axis=-1, keepdims=True) + 1e-30)
    return np.asarray(np.abs(fft.ifft(flat * _positive(windows.shape[-1]), axis=-1)))


def _lines_over_noise(windows: FloatArray) -> Array:
    """Power of what stands out of a spectrum over that of the rest, shape (n, channels)."""
    centred = windows - windows.mean(axis=-1, keepdims=True)
    amplitude = np.abs(fft.rfft(centred * _taper(windows.shape[-1]), axis=-1))[..., 1:]
    if amplitude.shape[-1] == 0:
        return np.zeros(amplitude.shape[:-1])
    floor = local_floor(amplitude.astype(np.float32), BLOCK)
    noise = POWER_OF_FLOOR * floor.astype(np.float64) ** 2
    line = amplitude > LINE_OVER_FLOOR * floor
    signal = np.where(line, amplitude.astype(np.float64) ** 2 - noise, 0.0).sum(axis=-1)
    total = noise.sum(axis=-1)
    ratio = np.divide(signal, total, out=np.zeros_like(signal), where=total > 0)
    return np.asarray(ratio, dtype=np.float64)


def _squared(windows: FloatArray) -> FloatArray:
    """Squared envelope."""
    spectrum = fft.fft(windows - windows.mean(axis=-1, keepdims=True), axis=-1)
    analytic = fft.ifft(spectrum * _positive(windows.shape[-1]), axis=-1)
    return np.asarray(np.abs(analytic) ** 2, dtype=np.float32)


def _positive(samples: int) -> FloatArray:
    keep = np.zeros(samples, dtype=np.float32)
    keep[: samples // 2 + 1] = 2
    return keep


def _taper(samples: int) -> FloatArray:
    return np.hanning(samples + 2)[1:-1].astype(np.float32)
