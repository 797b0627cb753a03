"""Noise of a known level, channels that die, and what a model makes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from integrations.core.contract import Predictions
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.evaluation.store import ResultError
from integrations.core.figures.measured import channel_bars, missing_bars, noise_curve
from integrations.core.robustness.spoilt import AddNoise, Colour, KillChannels, SpoiltDataset
from integrations.core.robustness.sweep import (
    ROBUSTNESS,
    SNR_DB,
    Robustness,
    read_robustness,
    sweep,
    write_robustness,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WINDOW = 64
RATE = 1000.0


class LoudestTone:
    """Names the class whose tone is loudest in the first channel: right while noise is low."""

    classes = ("high", "low")
    channels = ("a", "b", "c")
    window_samples = WINDOW
    sampling_rate_hz: float | None = RATE

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        """Compare the power at both tones."""
        power = np.abs(np.fft.rfft(gather(data, windows)[:, 0], axis=1))[:, [16, 4]]
        return np.asarray((power + 1e-9) / (power + 1e-9).sum(axis=1, keepdims=True))

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        """Give the samples themselves."""
        return gather(data, windows)[:, 0]


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    rng = np.random.default_rng(0)
    time = np.arange(10 * WINDOW)
    with DatasetWriter(tmp_path / "tones", name="tones", channels=("a", "b", "c")) as writer:
        for g in range(16):
            label, cycles = ("low", 4) if g % 2 else ("high", 16)
            tone = np.sin(2 * np.pi * cycles * time / WINDOW)
            floor = 0.05 * rng.standard_normal((3, len(time)))
            writer.add(tone + floor + 3.0, Recording(f"r{g}", label, f"g{g}", 0, RATE))
    return Dataset(tmp_path / "tones")


def said_of(data: Dataset) -> Predictions:
    recording = np.repeat(np.arange(16), 10)
    start = np.tile(np.arange(10) * WINDOW, 16)
    truth = np.array([("high", "low").index(r.label) for r in data.info.recordings])[recording]
    probability = LoudestTone().probability(data, WindowIndex(recording, start, WINDOW))
    return Predictions(recording, start, truth, probability)


def swept(data: Dataset, seed: int = 0) -> Robustness:
    return sweep(LoudestTone(), data, said_of(data), seed=seed, made_at=NOW, say=lambda *_: None)


@pytest.mark.parametrize("colour", list(Colour))
@pytest.mark.parametrize("snr_db", [20.0, 0.0, -5.0])
def test_noise_has_the_level_asked_for(data: Dataset, colour: Colour, snr_db: float) -> None:
    clean = data.signal(0).astype(np.float64)
    noise = SpoiltDataset(data, AddNoise(snr_db, colour, seed=1)).signal(0) - clean
    measured = 10 * np.log10(clean.var(axis=1) / noise.var(axis=1))
    assert measured == pytest.approx(np.full(3, snr_db), abs=0.1)


def test_own_noise_has_the_recordings_floor_and_not_its_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 64 * 1024
    rough = np.convolve(rng.standard_normal(n), np.ones(8) / 8, mode="same")
    line = 3 * np.sin(2 * np.pi * 0.25 * np.arange(n))
    with DatasetWriter(tmp_path / "rough", name="rough", channels=("a",)) as writer:
        writer.add(rough + line, Recording("r", "x", "g", 0, RATE))
    data = Dataset(tmp_path / "rough")
    noise = SpoiltDataset(data, AddNoise(0.0, Colour.OWN, 1)).signal(0)[0] - data.signal(0)[0]
    power = np.abs(np.fft.rfft(noise.reshape(64, 1024), axis=1)).mean(axis=0)
    assert power[5:30].mean() > 5 * power[240:280].mean()  # falls as the floor does
    assert power[256] < 2 * power[[246, 266]].mean()  # no line at a quarter of the rate


def test_the_same_seed_gives_the_same_noise_and_another_another(data: Dataset) -> None:
    first, again, other = (
        SpoiltDataset(data, AddNoise(0.0, Colour.WHITE, seed)).signal(3) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0.0


def test_dead_channels_stand_still_and_the_rest_is_untouched(data: Dataset) -> None:
    spoilt = SpoiltDataset(data, KillChannels(frozenset({1}))).signal(2)
    assert np.ptp(spoilt[1]) == 0.0
    assert spoilt[1, 0] == pytest.approx(data.signal(2)[1].mean(), rel=1e-4)
    assert np.array_equal(spoilt[[0, 2]], data.signal(2)[[0, 2]])


def test_a_sweep_finds_what_noise_costs_and_which_channel_is_missed(data: Dataset) -> None:
    found = swept(data)
    assert found.reproduced
    assert found.clean_accuracy.value == 1.0
    assert [point.snr_db for point in found.of_kind("white")] == list(SNR_DB)
    assert found.of_kind("white")[-1].accuracy.value > 0.8  # a tone survives much white noise
    worst = found.worst_channel
    assert worst is not None
    assert worst.missing == (("a",),)
    assert worst.drop.value == pytest.approx(0.5, abs=0.01)
    assert [len(point.missing[0]) for point in found.of_kind("channels")] == [1, 1, 1, 2]
    assert found.holds_to_db("white") is not None


def test_a_sweep_is_repeated_by_its_seed_and_kept_whole(data: Dataset, tmp_path: Path) -> None:
    found = swept(data, seed=4)
    assert swept(data, seed=4) == found
    write_robustness(tmp_path / ROBUSTNESS, found)
    assert read_robustness(tmp_path / ROBUSTNESS) == found
    (tmp_path / ROBUSTNESS).write_text("[]")
    with pytest.raises(ResultError, match="Measure them again"):
        read_robustness(tmp_path / ROBUSTNESS)


def test_charts_say_the_finding(data: Dataset) -> None:
    found = swept(data)
    noise, channels, missing = noise_curve(found), channel_bars(found), missing_bars(found)
    assert noise is not None
    assert channels is not None
    assert missing is not None
    assert "dB" in noise.title
    assert channels.title.startswith("Without “a” accuracy falls by 50.0 points")
    assert missing.categories == ("none", "1 of 3", "2 of 3")
