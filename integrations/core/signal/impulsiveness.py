"""How impulsive a vibration is, whatever path it took to the sensor.

Cepstrum prewhitening sets every line of the spectrum to the same height and keeps its phase
(Borghesani, Pennacchi, Randall, Sawalhi & Ricci 2013): resonances and shaft harmonics go, impacts
stay. Three logarithms of ratios then tell a healthy bearing from a damaged one, not which.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from integrations.core.signal.lines import FloatArray

NAMES = ("impact kurtosis", "impact crest", "impact flatness")
SMALL = np.float32(1e-9)


def impulsiveness(windows: FloatArray) -> FloatArray:
    """Score windows, shape (n, samples) to (n, 3), float32; 0 where there is no signal."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = fft.rfft(centred, axis=1)
    spectrum[:, 0] = 0
    height = np.abs(spectrum)
    level = height.max(axis=1, keepdims=True, initial=0.0)
    spectrum /= height + np.where(level > 0, SMALL * level, np.float32(1))
    white = fft.irfft(spectrum, n=windows.shape[1], axis=1)
    deviation = np.sqrt((white**2).mean(axis=1, keepdims=True))
    there = deviation > 0
    size = np.abs(white) / np.where(there, deviation, np.float32(1))
    facts = np.stack([(size**4).mean(axis=1), size.max(axis=1), size.mean(axis=1)], axis=1)
    return np.asarray(np.log(np.where(there, facts, np.float32(1))), dtype=np.float32)
