"""Spectra and envelopes of many windows at once, in float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

FloatArray = npt.NDArray[np.float32]
TINY = np.float32(1e-12)


@dataclass(frozen=True)
class Transformed:
    """One chunk of windows and what all feature groups need of it.

    Attributes:
        centred: Windows with mean 0 and RMS 1 (0 where constant), shape (n, samples).
        mean: Mean of each window, shape (n,).
        scale: RMS that was divided out, shape (n,); keeps tiny and huge units in float32's range.
        power: Power spectrum under a Hann window, shape (n, bins).
        frequency_hz: Frequency of each bin (cycles per sample where no rate is known).
        envelope: Magnitude of the analytic signal, shape (n, samples).
        envelope_spectrum: Amplitude spectrum of the centred envelope, shape (n, bins).
    """

    centred: FloatArray
    mean: FloatArray
    scale: FloatArray
    power: FloatArray
    frequency_hz: FloatArray
    envelope: FloatArray
    envelope_spectrum: FloatArray


def transform(windows: FloatArray, sampling_rate_hz: float) -> Transformed:
    """Transform a chunk of windows.

    Args:
        windows: Shape (n, samples), float32.
        sampling_rate_hz: Samples per second, or 1.0 where unknown.
    """
    mean = windows.mean(axis=1)
    centred = windows - mean[:, None]
    largest = np.maximum(np.abs(centred).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    centred /= largest
    rms = np.sqrt(np.einsum("ij,ij->i", centred, centred) / windows.shape[1])[:, None]
    centred /= np.maximum(rms, TINY)
    spectrum = fft.rfft(centred, axis=1)
    envelope = _envelope(spectrum, windows.shape[1])
    wave = envelope - envelope.mean(axis=1, keepdims=True)
    frequencies = fft.rfftfreq(windows.shape[1], 1.0 / sampling_rate_hz)
    return Transformed(
        centred=centred,
        mean=mean,
        scale=(largest * rms)[:, 0],
        power=_hann_power(spectrum),
        frequency_hz=frequencies.astype(np.float32),
        envelope=envelope,
        envelope_spectrum=np.abs(fft.rfft(wave, axis=1)) * np.float32(2 / windows.shape[1]),
    )


def _hann_power(spectrum: npt.NDArray[np.complex64]) -> FloatArray:
    """Apply the Hann window as its three-point convolution in frequency (Harris 1978)."""
    smooth = 0.5 * spectrum
    smooth[:, 1:-1] -= 0.25 * (spectrum[:, :-2] + spectrum[:, 2:])
    smooth[:, 0] = 0  # the mean is a feature of its own
    return np.asarray(smooth.real**2 + smooth.imag**2)


def _envelope(spectrum: npt.NDArray[np.complex64], samples: int) -> FloatArray:
    """Magnitude of the analytic signal by the one-sided spectrum (Marple 1999)."""
    analytic = np.zeros((spectrum.shape[0], samples), dtype=np.complex64)
    analytic[:, : spectrum.shape[1]] = 2 * spectrum
    analytic[:, 0] = spectrum[:, 0]
    if samples % 2 == 0:
        analytic[:, samples // 2] = spectrum[:, -1]
    return np.abs(fft.ifft(analytic, axis=1, overwrite_x=True))
