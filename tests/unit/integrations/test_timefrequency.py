"""Time-frequency maps put known signals where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.signal.timefrequency import (
    TimeFrequency,
    analytic_signal,
    cwt,
    log_edges,
    log_frequencies,
    pool,
    pool_octaves,
    stft,
    wigner_ville,
)

SAMPLES = 1024
TIME = np.arange(SAMPLES)


def all_maps(signal: np.ndarray) -> dict[str, TimeFrequency]:
    windows = signal.astype(np.float32)[None]
    return {
        "stft": stft(windows, 128, 16),
        "cwt": cwt(windows, log_frequencies(0.02, 0.45, 96), 6.0, 64),
        "wigner_ville": wigner_ville(windows, 128, 64, 16, 2),
    }


def chirp(first: float, last: float) -> tuple[np.ndarray, np.ndarray]:
    """A linear chirp and its frequency in cycles per sample at each sample."""
    frequency = first + (last - first) * TIME / SAMPLES
    return np.cos(2 * np.pi * np.cumsum(frequency)), frequency


def ridge(image: TimeFrequency) -> np.ndarray:
    return image.frequency[image.power[0].argmax(axis=0)]


@pytest.mark.parametrize("name", ["stft", "cwt", "wigner_ville"])
@pytest.mark.parametrize("cycles", [40, 128, 300])
def test_ridge_of_a_tone_lies_at_its_frequency(name: str, cycles: int) -> None:
    frequency = cycles / SAMPLES
    image = all_maps(np.cos(2 * np.pi * frequency * TIME))[name]
    assert ridge(image) == pytest.approx(frequency, rel=0.05, abs=0.006)
    assert np.median(image.power[0].max(axis=0)) == pytest.approx(1.0, rel=0.3)


@pytest.mark.parametrize("name", ["stft", "cwt", "wigner_ville"])
def test_ridge_follows_a_chirp(name: str) -> None:
    signal, frequency = chirp(0.05, 0.35)
    image = all_maps(signal)[name]
    inside = (image.time > 128) & (image.time < SAMPLES - 128)
    expected = np.interp(image.time, TIME, frequency)
    assert ridge(image)[inside] == pytest.approx(expected[inside], rel=0.1, abs=0.012)


@pytest.mark.parametrize("name", ["stft", "cwt", "wigner_ville"])
def test_an_impulse_is_found_at_its_time(name: str) -> None:
    signal = np.zeros(SAMPLES)
    signal[600] = 1.0
    image = all_maps(signal)[name]
    high = image.power[0][image.frequency > 0.2].sum(axis=0)
    assert (high * image.time).sum() / high.sum() == pytest.approx(600, abs=12)


def test_wigner_ville_is_sharper_on_a_chirp_than_the_stft() -> None:
    """Its lags and its time smoothing are chosen apart; an STFT frame blurs both at once."""
    maps = all_maps(chirp(0.05, 0.45)[0])

    def spread(image: TimeFrequency) -> float:
        inside = (image.time > 200) & (image.time < SAMPLES - 200)
        power = image.power[0][:, inside]
        centre = ridge(image)[inside]
        squared = (image.frequency[:, None] - centre) ** 2
        return float(np.sqrt((power * squared).sum() / power.sum()))

    assert spread(maps["wigner_ville"]) < 0.8 * spread(maps["stft"])


def test_louder_signals_have_more_power_in_every_map() -> None:
    tone = np.cos(2 * np.pi * 0.125 * TIME)
    for quiet, loud in zip(all_maps(tone).values(), all_maps(10 * tone).values(), strict=True):
        assert loud.power == pytest.approx(100 * quiet.power, rel=1e-2, abs=1e-2)
        assert quiet.power.min() >= 0


@pytest.mark.parametrize("name", ["stft", "cwt", "wigner_ville"])
def test_silence_has_no_power(name: str) -> None:
    image = all_maps(np.zeros(SAMPLES))[name]
    assert not image.power.any()


def test_maps_of_a_batch_are_those_of_its_windows() -> None:
    windows = np.random.default_rng(0).standard_normal((3, 256)).astype(np.float32)
    whole = wigner_ville(windows, 32, 16, 8, 1)
    assert whole.power[1:2] == pytest.approx(wigner_ville(windows[1:2], 32, 16, 8, 1).power)
    frequencies = log_frequencies(0.05, 0.4, 10)
    assert cwt(windows, frequencies, 6, 32).power[2:] == pytest.approx(
        cwt(windows[2:], frequencies, 6, 32).power
    )


def test_analytic_signal_has_the_envelope_of_a_modulated_tone() -> None:
    envelope = 1 + 0.5 * np.cos(2 * np.pi * 4 / SAMPLES * TIME)
    signal = (envelope * np.cos(2 * np.pi * 0.25 * TIME)).astype(np.float32)
    assert np.abs(analytic_signal(signal[None]))[0] == pytest.approx(envelope, abs=1e-3)


def test_pooling_averages_whole_factors_only() -> None:
    image = TimeFrequency(
        np.arange(30, dtype=np.float32).reshape(1, 5, 6),
        np.arange(5, dtype=np.float32),
        np.arange(6, dtype=np.float32),
    )
    small = pool(image, 3, 3)
    assert small.power.shape == (1, 2, 3)
    assert small.power[0, 0, 0] == pytest.approx((0 + 1 + 6 + 7) / 4)
    assert small.frequency.tolist() == [0.5, 2.5]
    assert small.time.tolist() == [0.5, 2.5, 4.5]


def test_octaves_keep_low_rows_apart_and_lose_no_power() -> None:
    edges = log_edges(512, 64)
    assert edges[:4] == (0, 1, 2, 3)
    assert edges[-1] == 512
    image = stft(np.random.default_rng(1).standard_normal((1, 4096)).astype(np.float32), 1024, 256)
    small = pool_octaves(image, 64)
    widths = np.diff(edges)[None, :, None]
    assert (small.power * widths).sum() == pytest.approx(image.power.sum(), rel=1e-4)
    assert len(small.frequency) == len(edges) - 1
    assert (np.diff(small.frequency) > 0).all()


@pytest.mark.parametrize("samples", [4, 16, 33, 128])
def test_short_windows_give_maps_too(samples: int) -> None:
    windows = np.ones((2, samples), dtype=np.float32)
    assert stft(windows, 4, 1).power.shape == (2, 2, samples - 3)
    assert cwt(windows, log_frequencies(0.1, 0.45, 4), 6.0, 4).power.shape == (2, 4, 4)
    assert wigner_ville(windows, 4, 2, 1, 2).power.shape == (2, 4, samples)
