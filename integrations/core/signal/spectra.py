"""Spectra that vibration analysts read: amplitude, envelope, order, full; waterfall and orbit.

Light (NumPy and ``scipy.fft``): the web computes them for one recording at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
SHORTEST_TRANSFORM = 8192
"""Short windows are padded with zeros to this length: lines are then read between the bins."""
TAPER = 0.1
"""Share of a band over which its edges rise, so that the filter does not ring."""
OVERSAMPLING = 4
FLOOR_DB = -80.0


@dataclass(frozen=True)
class Spectrum:
    """Amplitude over frequency.

    Attributes:
        frequency: Ascending, shape (n,), in Hz (cycles per sample without a rate, or orders).
        amplitude: Peak amplitude of a sine there, in the unit of the samples, shape (n,).
    """

    frequency: Array
    amplitude: Array


@dataclass(frozen=True)
class Waterfall:
    """Spectra one after another.

    Attributes:
        position: Time of each spectrum in seconds (or speed in rpm), ascending, shape (m,).
        frequency: In Hz, shape (n,).
        level_db: Amplitude over the largest one in decibels, at least ``FLOOR_DB``, shape (m, n).
    """

    position: Array
    frequency: Array
    level_db: Array


@dataclass(frozen=True)
class Orbit:
    """The path of the shaft centre.

    Attributes:
        x, y: Displacement from the mean in both directions, shape (n,).
        pulses: When the tacho gave its pulses, in samples, shape (pulses,).
    """

    x: Array
    y: Array
    pulses: Array

    @property
    def keyphasor(self) -> tuple[Array, Array]:
        """Where the shaft stood at each tacho pulse."""
        at = np.arange(self.x.size)
        return np.interp(self.pulses, at, self.x), np.interp(self.pulses, at, self.y)

    def beginning(self, n_samples: int) -> Orbit:
        """Give the first samples of the path."""
        kept = self.pulses[self.pulses <= n_samples - 1]
        return Orbit(self.x[:n_samples], self.y[:n_samples], kept)


def amplitude_spectrum(samples: npt.ArrayLike, rate: float) -> Spectrum:
    """Give the amplitude spectrum of samples, shape (n,): Hann window, mean removed."""
    values = _centred(samples)
    window = _hann(values.size)
    length = fft.next_fast_len(max(values.size, SHORTEST_TRANSFORM), real=True)
    spectrum = np.abs(fft.rfft(values * window, length))
    return Spectrum(_frequencies(length, rate), np.asarray(2 * spectrum / window.sum()))


def envelope_spectrum(
    samples: npt.ArrayLike,
    rate: float,
    band: tuple[float, float] | None = None,
    prewhitened: bool = False,
) -> Spectrum:
    """Give the amplitude spectrum of the envelope (Randall & Antoni 2011).

    Args:
        samples: Shape (n,).
        rate: Samples per second.
        band: Limits in Hz of the band that is demodulated; None for all.
        prewhitened: Set all amplitudes equal first, see ``prewhiten``.
    """
    return amplitude_spectrum(envelope(samples, rate, band, prewhitened), rate)


def envelope(
    samples: npt.ArrayLike,
    rate: float,
    band: tuple[float, float] | None = None,
    prewhitened: bool = False,
) -> Array:
    """Give the magnitude of the analytic signal of a band, shape (n,); see envelope_spectrum."""
    values = prewhiten(samples) if prewhitened else _centred(samples)
    spectrum = fft.rfft(values)
    if band is not None:
        spectrum *= _pass(fft.rfftfreq(values.size, 1 / rate), band)
    analytic = np.zeros(values.size, dtype=np.complex128)
    analytic[: spectrum.size] = 2 * spectrum
    if values.size % 2 == 0:
        analytic[spectrum.size - 1] /= 2
    return np.asarray(np.abs(fft.ifft(analytic)), dtype=np.float64)


def prewhiten(samples: npt.ArrayLike) -> Array:
    """Set every spectral amplitude to one, keep the phases (cepstral prewhitening).

    Steady lines sink into the floor, impulses stay (Borghesani, Pennacchi, Randall, Sawalhi &
    Ricci 2013, MSSP 36).
    """
    values = _centred(samples)
    spectrum = fft.rfft(values)
    size = np.abs(spectrum)
    flat = spectrum / np.maximum(size, max(size.max(initial=0.0) * 1e-12, 1e-300))
    return np.asarray(fft.irfft(flat, values.size) * np.sqrt(values.size / 2), dtype=np.float64)


def prominence(spectrum: Spectrum, lines: npt.ArrayLike, tolerance: float = 0.02) -> Array:
    """Say how far lines stand over the floor around them: largest amplitude over local median.

    Args:
        spectrum: Where to look.
        lines: Frequencies, shape (k,).
        tolerance: Share of the frequency by which a line may be off (slip, rounded speed).

    Returns:
        Shape (k,); 0 where a line lies outside the spectrum.
    """
    step = spectrum.frequency[1] - spectrum.frequency[0] if spectrum.frequency.size > 1 else 1.0
    return np.array([_prominence(spectrum, f, max(tolerance * f, 2 * step)) for f in _flat(lines)])


def full_spectrum(x: npt.ArrayLike, y: npt.ArrayLike, rate: float) -> Spectrum:
    """Give the spectrum of the whirl ``x + jy``; forward (X towards Y) at positive frequencies.

    Bently & Hatch 2002, chapter 8. A circle of radius r run forward is one line of height r on the
    positive side; an ellipse has a line on either.
    """
    whirl = _centred(x) + 1j * _centred(y)
    window = _hann(whirl.size)
    length = fft.next_fast_len(max(whirl.size, SHORTEST_TRANSFORM))
    spectrum = np.abs(fft.fft(whirl * window, length)) / window.sum()
    frequency = fft.fftfreq(length, 1 / rate)
    order = np.argsort(frequency)
    return Spectrum(frequency[order], spectrum[order])


def orbit(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    rate: float,
    filter_hz: float | None = None,
    pulses: npt.ArrayLike = (),
) -> Orbit:
    """Give the path of the shaft centre.

    Args:
        x: Samples of one probe, shape (n,).
        y: Samples of the other one, a quarter turn ahead.
        rate: Samples per second.
        filter_hz: Keep only the motion at this frequency (the 1×-filtered orbit); None for all.
        pulses: Positions of tacho pulses in samples, see ``tacho_pulses``.
    """
    path = [_centred(x), _centred(y)]
    if filter_hz is not None:
        path = [_only(values, rate, filter_hz) for values in path]
    return Orbit(path[0], path[1], _flat(pulses))


def tacho_pulses(tacho: npt.ArrayLike) -> Array:
    """Give where a tacho signal rises through its middle, in (fractional) samples."""
    values = _flat(tacho)
    low, high = values.min(initial=0.0), values.max(initial=0.0)
    if values.size < 2 or high <= low:
        return np.empty(0)
    middle = (low + high) / 2
    rises = np.flatnonzero((values[:-1] < middle) & (values[1:] >= middle))
    share = (middle - values[rises]) / (values[rises + 1] - values[rises])
    return np.asarray(rises + share, dtype=np.float64)


def shaft_angle(n_samples: int, rate: float, shaft_hz: float, pulses: npt.ArrayLike = ()) -> Array:
    """Give the revolutions done at each sample, shape (n_samples,).

    Args:
        n_samples: How many.
        rate: Samples per second.
        shaft_hz: Mean speed; used alone when there are fewer than two pulses.
        pulses: One per revolution, in samples; before the first and after the last the speed of
            the nearest revolution holds.
    """
    at, place = np.arange(n_samples, dtype=np.float64), _flat(pulses)
    if place.size < 2:
        return np.asarray(at * shaft_hz / rate, dtype=np.float64)
    first, last = place[1] - place[0], place[-1] - place[-2]
    before = np.ceil(place[0] / first) + 1
    after = np.ceil((n_samples - place[-1]) / last) + 1
    place = np.concatenate([[place[0] - before * first], place, [place[-1] + after * last]])
    turns = np.concatenate(
        [[-before], np.arange(place.size - 2), [place.size - 3 + after]], dtype=np.float64
    )
    return np.asarray(np.interp(at, place, turns), dtype=np.float64)


def order_spectrum(samples: npt.ArrayLike, angle: npt.ArrayLike) -> Spectrum:
    """Give the amplitude spectrum over orders, the samples resampled to equal shaft angles.

    Args:
        samples: Shape (n,).
        angle: Revolutions at each sample, ascending, shape (n,); see ``shaft_angle``.

    Returns:
        ``frequency`` in multiples of the shaft speed.
    """
    values, turns = _centred(samples), _flat(angle)
    fine = fft.irfft(fft.rfft(values), values.size * OVERSAMPLING) * OVERSAMPLING
    step = np.arange(fine.size) / OVERSAMPLING
    even = np.linspace(turns[0], turns[-1], values.size)
    position = np.interp(even, turns, np.arange(values.size))
    per_turn = (values.size - 1) / (turns[-1] - turns[0])
    return amplitude_spectrum(np.interp(position, step, fine), per_turn)


def waterfall(
    samples: npt.ArrayLike, rate: float, spectra: int = 48, columns: int = 256
) -> Waterfall:
    """Give spectra over the time of one recording, neighbours overlapping by half.

    Args:
        samples: Shape (n,).
        rate: Samples per second.
        spectra: How many at most.
        columns: Frequencies at most; of several bins the largest amplitude is kept.
    """
    values = _centred(samples)
    length = max(16, 2 * values.size // (spectra + 1))
    starts = np.arange(0, max(1, values.size - length + 1), max(1, length // 2))
    pieces = [values[start : start + length] for start in starts]
    return cascade(pieces, rate, (starts + length / 2) / rate, columns)


def cascade(
    pieces: list[Array], rate: float, position: npt.ArrayLike, columns: int = 256
) -> Waterfall:
    """Put the spectra of pieces (or of recordings at several speeds) one behind another.

    Args:
        pieces: Samples, each of shape (n,).
        rate: Samples per second of all.
        position: Time or speed of each, ascending, shape (len(pieces),).
        columns: Frequencies at most.
    """
    longest = max(piece.size for piece in pieces)
    length = fft.next_fast_len(max(longest, 2 * columns), real=True)
    rows = np.stack([_spectrum_of_length(piece, length) for piece in pieces])
    frequency = _frequencies(length, rate)
    size = -(-frequency.size // columns)
    count = frequency.size // size
    largest = rows[:, : count * size].reshape(len(pieces), count, size).max(axis=2)
    centre = frequency[: count * size].reshape(count, size).mean(axis=1)
    top = max(float(largest.max(initial=0.0)), 1e-300)
    level = 20 * np.log10(np.maximum(largest / top, 10 ** (FLOOR_DB / 20)))
    return Waterfall(_flat(position), centre, level)


def _spectrum_of_length(piece: Array, length: int) -> Array:
    values = _centred(piece)
    window = _hann(values.size)
    return np.asarray(2 * np.abs(fft.rfft(values * window, length)) / window.sum())


def _prominence(spectrum: Spectrum, line: float, half: float) -> float:
    distance = np.abs(spectrum.frequency - line)
    near, around = distance <= half, (distance > half) & (distance <= max(8 * half, line / 4))
    if not near.any() or not around.any() or line > spectrum.frequency[-1]:
        return 0.0
    floor = float(np.median(spectrum.amplitude[around]))
    return float(spectrum.amplitude[near].max()) / floor if floor > 0 else 0.0


def _only(values: Array, rate: float, frequency: float) -> Array:
    """Keep one line by fitting its sine and cosine."""
    phase = 2 * np.pi * frequency * np.arange(values.size) / rate
    basis = np.stack([np.cos(phase), np.sin(phase)], axis=1)
    weights, *_ = np.linalg.lstsq(basis, values, rcond=None)
    return np.asarray(basis @ weights, dtype=np.float64)


def _pass(frequency: Array, band: tuple[float, float]) -> Array:
    low, high = band
    edge = max(TAPER * (high - low), 1e-12)
    rise = np.clip((frequency - low) / edge + 0.5, 0, 1)
    fall = np.clip((high - frequency) / edge + 0.5, 0, 1)
    return np.asarray(np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2)


def _hann(size: int) -> Array:
    return np.asarray(np.hanning(size + 2)[1:-1], dtype=np.float64)


def _frequencies(length: int, rate: float) -> Array:
    return np.asarray(fft.rfftfreq(length, 1 / rate), dtype=np.float64)


def _centred(samples: npt.ArrayLike) -> Array:
    values = _flat(samples)
    return values - values.mean() if values.size else values


def _flat(values: npt.ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64).ravel()
