"""Spectra of signals whose answer is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from integrations.core.signal.kurtogram import kurtogram
from integrations.core.signal.spectra import (
    FLOOR_DB,
    Array,
    Spectrum,
    amplitude_spectrum,
    cascade,
    envelope_spectrum,
    full_spectrum,
    orbit,
    order_spectrum,
    prewhiten,
    prominence,
    shaft_angle,
    tacho_pulses,
    waterfall,
)

RATE = 12_000.0
SECONDS = 2
TIME = np.arange(int(RATE * SECONDS)) / RATE
NOISE = np.random.default_rng(0).normal(size=TIME.size)
SHAFT = 29.5


def peak(spectrum: Spectrum, above: float = 5.0) -> float:
    shown = np.where(spectrum.frequency > above, spectrum.amplitude, 0.0)
    return float(spectrum.frequency[shown.argmax()])


def impulses(every_hz: float, ringing_hz: float) -> Array:
    """Impacts that ring and die out, as a damaged race gives."""
    since = (TIME * every_hz % 1) / every_hz
    return np.asarray(np.exp(-since * 900) * np.sin(2 * np.pi * ringing_hz * since))


def test_a_sine_reads_its_amplitude_and_frequency() -> None:
    spectrum = amplitude_spectrum(2.5 * np.sin(2 * np.pi * 500 * TIME) + 7, RATE)
    assert peak(spectrum) == pytest.approx(500, abs=1)
    assert spectrum.amplitude.max() == pytest.approx(2.5, rel=0.01)
    assert spectrum.frequency[0] == 0
    assert spectrum.frequency[-1] == RATE / 2


def test_a_short_window_is_read_between_its_bins() -> None:
    short = np.sin(2 * np.pi * 503 * TIME[:1024])
    assert peak(amplitude_spectrum(short, RATE)) == pytest.approx(503, abs=1.5)


def test_modulated_noise_shows_its_modulation_only_in_the_envelope() -> None:
    samples = (1 + 0.8 * np.cos(2 * np.pi * 105 * TIME)) * NOISE
    assert peak(envelope_spectrum(samples, RATE)) == pytest.approx(105, abs=0.6)
    assert peak(amplitude_spectrum(samples, RATE)) != pytest.approx(105, abs=0.6)


def test_the_band_finds_impacts_that_another_band_drowns() -> None:
    loud = 20 * (1 + np.cos(2 * np.pi * 60 * TIME)) * np.sin(2 * np.pi * 700 * TIME)
    samples = impulses(107.4, 3400) + 0.05 * NOISE + loud
    assert peak(envelope_spectrum(samples, RATE)) == pytest.approx(60, abs=0.6)
    assert peak(envelope_spectrum(samples, RATE, (2800, 4000))) == pytest.approx(107.4, abs=0.6)


def test_prewhitening_lets_steady_lines_sink() -> None:
    samples = 5 * np.sin(2 * np.pi * 1000 * TIME) + NOISE
    assert prominence(amplitude_spectrum(samples, RATE), 1000)[0] > 100
    assert prominence(amplitude_spectrum(prewhiten(samples), RATE), 1000)[0] < 10
    assert np.isfinite(prewhiten(np.zeros(64))).all()


def test_prominence_is_large_on_a_line_and_small_beside_it() -> None:
    spectrum = envelope_spectrum(impulses(107.4, 3400) + 0.05 * NOISE, RATE)
    on, beside, outside = prominence(spectrum, [107.4, 160.0, 9000.0])
    assert on > 20
    assert beside < 6
    assert outside == 0


def test_a_forward_circle_stands_on_the_positive_side_alone() -> None:
    x, y = np.cos(2 * np.pi * SHAFT * TIME), np.sin(2 * np.pi * SHAFT * TIME)
    forward, backward = full_spectrum(2 * x, 2 * y, RATE), full_spectrum(x, -y, RATE)
    assert forward.frequency[forward.amplitude.argmax()] == pytest.approx(SHAFT, abs=0.5)
    assert forward.amplitude.max() == pytest.approx(2, rel=0.01)
    assert forward.amplitude[forward.frequency < -5].max() < 0.01
    assert backward.frequency[backward.amplitude.argmax()] == pytest.approx(-SHAFT, abs=0.5)


def test_the_filtered_orbit_keeps_one_line_and_its_keyphasor_stands_still() -> None:
    turn = 2 * np.pi * SHAFT * TIME
    x, y = np.cos(turn) + np.cos(0.45 * turn), np.sin(turn) + 0.3 * NOISE
    pulses = np.arange(0, TIME.size, RATE / SHAFT)
    path = orbit(x, y, RATE, SHAFT, pulses)
    assert np.hypot(path.x, path.y) == pytest.approx(1, abs=0.03)
    assert path.keyphasor[0] == pytest.approx(1, abs=0.03)
    assert path.keyphasor[1] == pytest.approx(0, abs=0.03)
    assert path.beginning(1000).pulses.max() < 1000
    assert np.hypot(*(orbit(x, y, RATE).x, orbit(x, y, RATE).y)).max() > 1.5


def test_tacho_pulses_are_found_between_samples() -> None:
    tacho = np.where((TIME * SHAFT + 0.75) % 1 < 0.1, 5.0, 0.0)
    assert np.diff(tacho_pulses(tacho)) == pytest.approx(RATE / SHAFT, abs=1.1)
    assert tacho_pulses(np.zeros(100)).size == 0
    assert tacho_pulses([]).size == 0


def test_orders_stay_sharp_while_the_speed_rises() -> None:
    turns = 20 * TIME + 5 * TIME**2
    samples = np.sin(2 * np.pi * 3.6 * turns)
    pulses = np.interp(np.arange(1, int(turns[-1])), turns, np.arange(TIME.size))
    angle = shaft_angle(TIME.size, RATE, 30.0, pulses)
    tracked = order_spectrum(samples, angle)
    assert peak(tracked, above=0.2) == pytest.approx(3.6, abs=0.02)
    assert tracked.amplitude.max() > 0.9
    assert amplitude_spectrum(samples, RATE).amplitude.max() < 0.3


def test_without_pulses_the_given_speed_makes_the_orders() -> None:
    spectrum = order_spectrum(
        np.sin(2 * np.pi * 2 * SHAFT * TIME), shaft_angle(TIME.size, RATE, SHAFT)
    )
    assert peak(spectrum, above=0.2) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("ringing_hz", [1700, 3400, 4800])
def test_the_kurtogram_finds_the_impulsive_band(ringing_hz: float) -> None:
    found = kurtogram(impulses(107.4, ringing_hz) + 0.2 * NOISE, RATE)
    level, centre, kurtosis = found.best
    low, high = found.band(level, centre)
    assert low < ringing_hz < high
    assert kurtosis > 1
    assert high - low < RATE / 3


def test_the_kurtogram_of_noise_is_flat_and_has_the_levels_of_the_paper() -> None:
    found = kurtogram(NOISE, RATE)
    assert found.levels[:6] == (0, 1, 1.6, 2, 2.6, 3)
    assert found.n_bands[:6] == (1, 2, 3, 4, 6, 8)
    assert max(abs(float(row.max())) for row in found.kurtosis[:6]) < 0.5
    assert found.band(3, 5999.9) == (4500, 6000)


@pytest.mark.parametrize("samples", [np.zeros(300), np.ones(16), NOISE[:17]])
def test_short_and_silent_recordings_give_finite_spectra(samples: Array) -> None:
    assert all(np.isfinite(row).all() for row in kurtogram(samples, 1.0).kurtosis)
    assert np.isfinite(waterfall(samples, 1.0).level_db).all()
    assert np.isfinite(
        envelope_spectrum(samples, 1.0, (0.1, 0.2), prewhitened=True).amplitude
    ).all()
    assert np.isfinite(full_spectrum(samples, samples, 1.0).amplitude).all()


def test_the_waterfall_follows_a_rising_line() -> None:
    turns = 500 * TIME + 400 * TIME**2
    found = waterfall(np.sin(2 * np.pi * turns), RATE)
    strongest = found.frequency[found.level_db.argmax(axis=1)]
    assert strongest == pytest.approx(500 + 800 * found.position, abs=60)
    assert found.level_db.max() == 0
    assert found.level_db.min() == FLOOR_DB
    assert found.position.size <= 48
    assert found.frequency.size <= 256


def test_a_cascade_takes_pieces_of_several_lengths() -> None:
    pieces = [np.sin(2 * np.pi * 50 * TIME[:n]) for n in (3000, 5000)]
    found = cascade(pieces, RATE, [600.0, 900.0])
    assert found.level_db.shape == (2, found.frequency.size)
    assert found.level_db.max(axis=1) == pytest.approx([0, 0], abs=0.2)


def test_spectra_load_without_scipy_signal_and_torch() -> None:
    code = (
        "import sys, integrations.core.signal.spectra, integrations.core.signal.kurtogram;"
        "print([n for n in ('torch', 'sklearn', 'scipy.signal') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
