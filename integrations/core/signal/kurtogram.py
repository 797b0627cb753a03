"""The fast kurtogram: which frequency band is the most impulsive (Antoni 2007, MSSP 21).

Centre frequencies and bandwidths are those of the paper's 1/3-binary tree. The bands are cut out of
one Fourier transform instead of running a tree of short filters: the same map, sharper edges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]
HIGHEST_LEVEL = 7
SAMPLES_PER_LEVEL = 128
"""Each halving of the bandwidth halves the independent values a kurtosis is estimated from."""


@dataclass(frozen=True)
class Kurtogram:
    """Spectral kurtosis over level and frequency.

    Attributes:
        levels: 0, 1, 1.6, 2, 2.6 …: the band is halved (or divided by three) at each.
        n_bands: How many bands each level has.
        kurtosis: Of each level's bands from low to high frequency; 0 for Gaussian noise.
        rate: Samples per second.
    """

    levels: tuple[float, ...]
    n_bands: tuple[int, ...]
    kurtosis: tuple[Array, ...]
    rate: float

    def band(self, level: int, frequency: float) -> tuple[float, float]:
        """Give the limits in Hz of the band of the level-th level that holds a frequency."""
        width = self.rate / 2 / self.n_bands[level]
        index = min(self.n_bands[level] - 1, max(0, int(frequency // width)))
        return index * width, (index + 1) * width

    @property
    def best(self) -> tuple[int, float, float]:
        """Position of the level, centre frequency in Hz and kurtosis of the most impulsive band."""
        tops = [float(row.max()) for row in self.kurtosis]
        level = int(np.argmax(tops))
        width = self.rate / 2 / self.n_bands[level]
        return level, (int(self.kurtosis[level].argmax()) + 0.5) * width, tops[level]


def kurtogram(samples: npt.ArrayLike, rate: float) -> Kurtogram:
    """Give the kurtogram of samples, shape (n,), with as many levels as their number allows."""
    values = np.asarray(samples, dtype=np.float64).ravel()
    spectrum = fft.rfft(values - values.mean())[: values.size // 2]
    deepest = min(HIGHEST_LEVEL, max(1, int(math.log2(max(2, values.size / SAMPLES_PER_LEVEL)))))
    levels, counts = [0.0], [1]
    for level in range(1, deepest + 1):
        levels += [float(level), level + 0.6]
        counts += [2**level, 3 * 2 ** (level - 1)]
    del levels[-1], counts[-1]
    rows = tuple(_spectral_kurtosis(spectrum, count) for count in counts)
    return Kurtogram(tuple(levels), tuple(counts), rows, rate)


def _spectral_kurtosis(spectrum: npt.NDArray[np.complex128], n_bands: int) -> Array:
    """Kurtosis of each band's complex envelope, less the 2 of complex Gaussian noise."""
    size = spectrum.size // n_bands
    power = np.abs(fft.ifft(spectrum[: size * n_bands].reshape(n_bands, size), axis=1)) ** 2
    mean = power.mean(axis=1)
    ratio = (power**2).mean(axis=1) / np.maximum(mean**2, 1e-300)
    return np.where(mean > 0, ratio - 2.0, 0.0)
