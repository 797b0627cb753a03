"""Carrying out an import: values unchanged, tones in place after resampling, gaps mended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.data import convert as converting
from integrations.core.data.convert import Skipped, convert, interpolate, resample_ratio
from integrations.core.data.dataset import Dataset
from integrations.core.data.inspect import inspect_upload
from integrations.core.data.options import ImportOptions
from integrations.core.data.readers import ReadError
from tests.support.recordings import put


def run(folder: Path, target: Path, options: ImportOptions) -> tuple[Dataset, list[Skipped]]:
    _, skipped = convert(folder, inspect_upload(folder, options), options, target)
    return Dataset(target), skipped


def test_values_and_fingerprint_survive_the_import(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(2, 4000)).astype(np.float32)
    (tmp_path / "up").mkdir()
    np.save(tmp_path / "up" / "a.npy", values)
    data, skipped = run(tmp_path / "up", tmp_path / "set", ImportOptions(name="two"))
    np.testing.assert_array_equal(data.signal(0), values)
    data.verify()
    assert skipped == []


def test_a_recording_larger_than_memory_goes_through_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converting, "IN_MEMORY_BYTES", 1000)
    (tmp_path / "up").mkdir()
    np.save(tmp_path / "up" / "a.npy", np.arange(600_000.0))
    data, _ = run(tmp_path / "up", tmp_path / "set", ImportOptions())
    np.testing.assert_array_equal(data.signal(0)[0], np.arange(600_000, dtype=np.float32))


def test_class_runs_are_cut_at_the_right_rows_across_blocks(tmp_path: Path) -> None:
    n = 300_000
    rows = "".join(f"{i},{'b' if i >= 131_072 + 7 else 'a'}\n" for i in range(n))
    put(tmp_path, "up/a.csv", ("x,label\n" + rows).encode())
    data, _ = run(tmp_path / "up", tmp_path / "set", ImportOptions())
    assert [r.label for r in data.info.recordings] == ["a", "b"]
    assert data.signal(0)[0, -1] == 131_078
    assert data.signal(1)[0, 0] == 131_079


@pytest.mark.parametrize(("rate", "target"), [(48000, 12000), (12000, 48000), (44100, 16000)])
def test_a_tone_keeps_its_frequency_and_height_when_resampled(
    tmp_path: Path, rate: int, target: int
) -> None:
    tone = 3 * np.sin(2 * np.pi * 997 * np.arange(2 * rate) / rate)
    (tmp_path / "up").mkdir()
    np.savez(tmp_path / "up" / "a.npz", x=tone, fs=rate)
    data, _ = run(tmp_path / "up", tmp_path / "set", ImportOptions(target_sampling_rate_hz=target))
    signal = data.signal(0)[0]
    assert data.info.recordings[0].sampling_rate_hz == target
    assert signal.size == 2 * target
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    assert np.fft.rfftfreq(signal.size, 1 / target)[spectrum.argmax()] == pytest.approx(
        997, abs=0.5
    )
    middle = signal[target // 2 : -target // 2]
    assert np.sqrt(2) * middle.std() == pytest.approx(3, rel=0.01)


def test_a_tone_above_the_new_limit_is_filtered_away(tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    tone = np.sin(2 * np.pi * 9000 * np.arange(96000) / 48000)
    np.savez(tmp_path / "up" / "a.npz", x=tone, fs=48000)
    data, _ = run(tmp_path / "up", tmp_path / "set", ImportOptions(target_sampling_rate_hz=12000))
    assert np.abs(data.signal(0)[0, 500:-500]).max() < 0.01


@given(st.integers(1, 200_000), st.integers(1, 500))
def test_whole_number_rates_always_go_together(base: int, factor: int) -> None:
    up, down = resample_ratio(base * factor, base)
    assert (up, down) == (1, factor)


def test_rates_without_a_small_ratio_get_a_sentence() -> None:
    with pytest.raises(ReadError, match="whole numbers"):
        resample_ratio(48000.0123, 11999.0007)


def test_gaps_are_bridged_by_a_line() -> None:
    channel = np.array([np.nan, 1, np.nan, np.inf, 4, np.nan], dtype=np.float32)
    interpolate(channel)
    assert channel.tolist() == [1, 1, 2, 3, 4, 4]
    with pytest.raises(ReadError, match="no good value"):
        interpolate(np.full(3, np.nan, dtype=np.float32))


def test_nothing_good_is_said_with_the_first_reason(tmp_path: Path) -> None:
    put(tmp_path, "up/a.csv", b"")
    with pytest.raises(ReadError, match=r"a\.csv: The file is empty"):
        run(tmp_path / "up", tmp_path / "set", ImportOptions())
