"""A data set seen through noise or with dead channels; nothing is written, nothing is copied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import Dataset, FloatArray

SEGMENT = 1024
MEDIAN_BINS = 31
KEPT_RECORDINGS = 2
Spoil = Callable[[FloatArray, int], FloatArray]


class Colour(StrEnum):
    """Which spectrum added noise has."""

    WHITE = "white"
    OWN = "own"
    """That of the recording itself without its lines: more of what disturbs it already."""


class SpoiltDataset(Dataset):
    """Gives every recording changed by a function of its samples and its index."""

    def __init__(self, clean: Dataset, spoil: Spoil) -> None:
        self.folder = clean.folder
        self.info = clean.info
        self._samples = None
        self._changed = lru_cache(KEPT_RECORDINGS)(lambda i: spoil(clean.signal(i), i))

    def signal(self, index: int) -> FloatArray:
        """Give one recording, changed, shape (channels, n_samples), float32, read-only."""
        return self._changed(index)


@dataclass(frozen=True)
class AddNoise:
    """Gaussian noise at a signal-to-noise ratio, the same for the same seed and recording.

    Attributes:
        snr_db: Power of each channel (about its mean) over that of the noise, in decibel.
        seed: Each recording draws from a stream of its own.
    """

    snr_db: float
    colour: Colour
    seed: int

    def __call__(self, signal: FloatArray, index: int) -> FloatArray:
        """Give the recording with noise."""
        rng = np.random.default_rng([self.seed, index])
        noise = rng.standard_normal(signal.shape)
        if self.colour is Colour.OWN:
            noise = _coloured(noise, signal)
        power = np.var(signal, axis=1, keepdims=True, dtype=np.float64)
        spread = noise.std(axis=1, keepdims=True)
        level = np.sqrt(power / 10 ** (self.snr_db / 10))
        scaled = np.divide(noise * level, spread, out=np.zeros_like(noise), where=spread > 0)
        return _read_only(signal + scaled)


@dataclass(frozen=True)
class KillChannels:
    """Channels that say nothing: they stand still at their mean value."""

    channels: frozenset[int]

    def __call__(self, signal: FloatArray, _index: int) -> FloatArray:
        """Give the recording with these channels dead."""
        dead = np.array(signal)
        for channel in self.channels:
            dead[channel] = signal[channel].mean(dtype=np.float64)
        return _read_only(dead)


def _coloured(noise: npt.NDArray[np.float64], signal: FloatArray) -> npt.NDArray[np.float64]:
    """Shape white noise like a recording's spectrum with its lines taken out."""
    n = signal.shape[1]
    wanted = np.fft.rfftfreq(n)
    spectrum = np.fft.rfft(noise, axis=1)
    for channel, floor in enumerate(_noise_floor(signal)):
        known = np.linspace(0.0, 0.5, len(floor))
        spectrum[channel] *= np.sqrt(np.interp(wanted, known, floor))
    return np.asarray(np.fft.irfft(spectrum, n, axis=1))


def _noise_floor(signal: FloatArray) -> npt.NDArray[np.float64]:
    """Power over frequency without lines: median over time, then over neighbouring bins."""
    size = min(SEGMENT, signal.shape[1])
    count = signal.shape[1] // size
    pieces = signal[:, : count * size].reshape(len(signal), count, size).astype(np.float64)
    pieces = (pieces - pieces.mean(axis=2, keepdims=True)) * np.hanning(size)
    power = np.median(np.abs(np.fft.rfft(pieces, axis=2)) ** 2, axis=1)
    half = min(MEDIAN_BINS, power.shape[1]) // 2
    padded = np.pad(power, ((0, 0), (half, half)), mode="reflect")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=1)
    return np.asarray(np.median(around, axis=2))


def _read_only(signal: npt.NDArray[np.generic]) -> FloatArray:
    changed = np.ascontiguousarray(signal, dtype=np.float32)
    changed.setflags(write=False)
    return changed
