"""Shaped random motion, ringing, the sensor path and what the measuring chain adds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from integrations.core.simulator.machine import SensorPath
from integrations.core.simulator.oil_film import Array
from integrations.core.simulator.streams import Stream

Spectrum = npt.NDArray[np.complex128]
AC_COUPLING_HZ = 1.0
IMPULSES_PER_S = 2.0


def band_noise(
    stream: Stream, shape: tuple[int, int], rate_hz: float, low_hz: float, high_hz: float
) -> Array:
    """Noise between two frequencies with soft edges, root mean square 1, shape (channels, n)."""
    top = min(high_hz, 0.47 * rate_hz)
    return _shaped(stream, shape, _band(shape[1], rate_hz, min(low_hz, 0.5 * top), top))


def film_noise(stream: Stream, shape: tuple[int, int], rate_hz: float) -> Array:
    """Slow random motion of the journal in its film, falling with frequency, rms 1."""
    return _shaped(stream, shape, _film(shape[1], rate_hz))


def pink_noise(stream: Stream, shape: tuple[int, int], rate_hz: float) -> Array:
    """1/f noise of the electronics, root mean square 1."""
    return _shaped(stream, shape, _pink(shape[1], rate_hz))


def ringing(strikes: Array, rate_hz: float, frequency_hz: float, decay_s: float) -> Array:
    """Let every strike ring: a decaying sine of size 1 per unit strike, shape as ``strikes``."""
    response = _ring(strikes.shape[-1], rate_hz, frequency_hz, decay_s)
    return np.fft.irfft(np.fft.rfft(strikes) * response, strikes.shape[-1])


def through_path(motion: Array, path: SensorPath, rate_hz: float) -> Array:
    """Send motion through a sensor path: coupling, resonance, anti-alias filter and gain."""
    response = _response(motion.shape[-1], path, rate_hz)
    return np.fft.irfft(np.fft.rfft(motion) * response, motion.shape[-1])


def sensor_noise(stream: Stream, shape: tuple[int, int], rate_hz: float, mains_hz: float) -> Array:
    """White and 1/f noise, mains hum and impulses, root mean square about 1 without the last."""
    n = shape[1]
    white = stream.standard_normal(shape)
    pink = pink_noise(stream, shape, rate_hz)
    start = stream.uniform(0, 2 * np.pi, (shape[0], 1))
    hum = np.sin(2 * np.pi * mains_hz / rate_hz * np.arange(n) + start)
    noise = 0.88 * white + 0.40 * pink + 0.36 * hum
    for _ in range(stream.poisson(IMPULSES_PER_S * n / rate_hz)):
        channel, at = stream.integers(shape[0]), stream.integers(n)
        noise[channel, at] += stream.uniform(4, 8) * (1 if stream.uniform() < 0.5 else -1)
    return np.asarray(noise)


def quantised(signal: Array, finest: float) -> Array:
    """Round to the converter's steps: the largest power of two not above ``finest``.

    It also makes the samples equal on processors whose sines differ in the last bit.
    """
    step = float(2.0 ** np.floor(np.log2(finest)))
    return np.asarray(np.rint(signal / step) * step)


def _shaped(stream: Stream, shape: tuple[int, int], magnitude: Array) -> Array:
    return np.fft.irfft(np.fft.rfft(stream.standard_normal(shape)) * magnitude, shape[1])


def _unit_power(magnitude: Array, n: int) -> Array:
    power = 2 * (magnitude**2).sum() / n
    scaled = magnitude / np.sqrt(power)
    scaled.flags.writeable = False
    return np.asarray(scaled)


@lru_cache(maxsize=64)
def _band(n: int, rate_hz: float, low_hz: float, high_hz: float) -> Array:
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    inside = (
        1 / np.sqrt(1 + (low_hz / np.maximum(f, 1e-9)) ** 12) / np.sqrt(1 + (f / high_hz) ** 12)
    )
    return _unit_power(inside, n)


@lru_cache(maxsize=8)
def _film(n: int, rate_hz: float) -> Array:
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    return _unit_power(np.where(f > 2, 1 / (1 + (f / 120) ** 2), 0.0), n)


@lru_cache(maxsize=8)
def _pink(n: int, rate_hz: float) -> Array:
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    return _unit_power(np.where(f > 0.5, 1 / np.sqrt(np.maximum(f, 0.5)), 0.0), n)


def _ring(n: int, rate_hz: float, frequency_hz: float, decay_s: float) -> Spectrum:
    t = np.arange(min(n, int(8 * decay_s * rate_hz) + 1)) / rate_hz
    kernel = np.exp(-t / decay_s) * np.sin(2 * np.pi * frequency_hz * t)
    return np.fft.rfft(kernel, n)


@lru_cache(maxsize=512)
def _response(n: int, path: SensorPath, rate_hz: float) -> Spectrum:
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    at, cutoff = path.resonance * rate_hz, path.cutoff * rate_hz
    coupling = 1j * f / (1j * f + AC_COUPLING_HZ)
    width = 1j * f * at / path.quality
    resonance = 1 + path.height * width / (at**2 - f**2 + width)
    x = 1j * f / cutoff
    low_pass = 1 / ((1 + x) * (1 + x + x**2))
    return np.asarray(path.gain * coupling * resonance * low_pass)
