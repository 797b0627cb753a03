"""Features say what they are called after, whatever the unit, the length or the rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from integrations.core.config import DataConfig
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.data.windows import windows_of
from integrations.core.signal.features import compute_features
from integrations.core.signal.plan import plan_features
from integrations.core.signal.transforms import transform

RATE_HZ = 1000.0


def features_of(
    tmp_path: Path,
    signal: np.ndarray,
    rate: float | None = RATE_HZ,
    properties: dict[str, object] | None = None,
    **fields: float,
) -> dict[str, float]:
    with DatasetWriter(tmp_path / "set", name="one", channels=["x"], properties=properties) as w:
        w.add(signal, Recording("r", "a", "g", 0, rate, fields=dict(fields)))
    data = Dataset(tmp_path / "set")
    config = DataConfig(window_samples=signal.shape[-1])
    table = compute_features(data, windows_of(data.info, config))
    names = [feature.name for feature in plan_features(data.info).features]
    return dict(zip(names, table[0].tolist(), strict=True))


def test_time_features_of_noise_match_scipy(tmp_path: Path) -> None:
    x = np.random.default_rng(0).laplace(3.0, 2.0, 4096).astype(np.float32)
    found = features_of(tmp_path, x)
    assert found["mean"] == pytest.approx(x.mean(), rel=1e-4)
    assert found["RMS"] == pytest.approx(x.std(), rel=1e-4)
    assert found["skewness"] == pytest.approx(stats.skew(x), abs=1e-3)
    assert found["kurtosis"] == pytest.approx(stats.kurtosis(x, fisher=False), rel=1e-3)
    assert found["peak to peak"] == pytest.approx(np.ptp(x), rel=1e-4)
    assert found["crest factor"] == pytest.approx(abs(x - x.mean()).max() / x.std(), rel=1e-3)


def test_sine_has_its_line_crest_and_flat_envelope(tmp_path: Path) -> None:
    x = 2 * np.cos(2 * np.pi * 100 * np.arange(1000) / RATE_HZ)
    found = features_of(tmp_path, x)
    assert found["strongest line"] == pytest.approx(100, abs=0.5)
    assert found["spectral centroid"] == pytest.approx(100, abs=1)
    assert found["RMS"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert found["crest factor"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert found["zero crossings"] == pytest.approx(0.2, abs=0.01)
    assert found["envelope mean"] == pytest.approx(2, rel=1e-3)
    assert found["envelope deviation"] < 0.01
    assert found["spectral flatness"] < 0.01


def test_modulation_shows_as_the_envelopes_line(tmp_path: Path) -> None:
    t = np.arange(2000) / RATE_HZ
    found = features_of(tmp_path, (1 + 0.5 * np.sin(2 * np.pi * 7 * t)) * np.sin(600 * np.pi * t))
    assert found["envelope strongest line"] == pytest.approx(7, abs=0.5)
    assert found["envelope line prominence"] > 50


def test_flat_spectrum_has_high_entropy_and_flatness(tmp_path: Path) -> None:
    found = features_of(tmp_path, np.random.default_rng(1).standard_normal(8192))
    assert found["spectral entropy"] > 0.9
    assert 0.4 < found["spectral flatness"] < 0.7


@pytest.mark.parametrize("scale", [1e-18, 1e-7, 1.0, 1e9, 1e18])
def test_shape_features_do_not_depend_on_the_unit(tmp_path: Path, scale: float) -> None:
    x = np.random.default_rng(2).standard_normal(512)
    plain = features_of(tmp_path / "1", x)
    scaled = features_of(tmp_path / "2", x * scale)
    for name in ("kurtosis", "crest factor", "Hjorth mobility", "spectral centroid"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-2), name
    assert scaled["RMS"] == pytest.approx(plain["RMS"] * scale, rel=1e-3)


@pytest.mark.parametrize("samples", [4, 5, 7, 8, 29, 150])
@pytest.mark.parametrize("kind", ["constant", "zero", "ramp", "impulse", "huge"])
def test_awkward_windows_give_finite_features(tmp_path: Path, samples: int, kind: str) -> None:
    made = {
        "constant": np.full(samples, 3.0),
        "zero": np.zeros(samples),
        "ramp": np.arange(samples, dtype=float),
        "impulse": np.eye(1, samples)[0],
        "huge": np.array([3e38, -3e38] * samples)[:samples],
    }
    with np.errstate(over="ignore", invalid="ignore"):
        found = features_of(tmp_path, made[kind])
    assert np.isfinite(list(found.values())).all()


def test_at_least_36_features_with_distinct_names(tmp_path: Path) -> None:
    found = features_of(tmp_path, np.random.default_rng(0).standard_normal(256))
    assert len(found) >= 36


def test_every_channel_has_its_own_features(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((2, 256))
    with DatasetWriter(tmp_path, name="two", channels=["X", "Y"]) as w:
        w.add(x, Recording("r", "a", "g", 0, RATE_HZ))
    names = [feature.name for feature in plan_features(Dataset(tmp_path).info).features]
    assert len(names) == len(set(names)) == 2 * 41
    assert {"X: RMS", "Y: RMS"} <= set(names)


def test_rates_of_recordings_are_respected_one_by_one(tmp_path: Path) -> None:
    t = np.arange(1000)
    with DatasetWriter(tmp_path, name="two rates", channels=["x"]) as w:
        for rate in (1000.0, 4000.0):
            w.add(np.sin(2 * np.pi * 0.1 * t), Recording(f"{rate}", "a", "g", 0, rate))
    data = Dataset(tmp_path)
    table = compute_features(data, windows_of(data.info, DataConfig(window_samples=1000)))
    names = [feature.name for feature in plan_features(data.info).features]
    lines = table[:, names.index("strongest line")]
    assert lines == pytest.approx([100, 400], rel=0.01)


@pytest.mark.parametrize(
    "properties", [{"bearing_orders": {"BPFO": 3.58}}, {"bpfo": 3.58, "note": "6205"}]
)
def test_fault_lines_are_found_where_speed_and_geometry_are_known(
    tmp_path: Path, properties: dict[str, object]
) -> None:
    t = np.arange(4000) / RATE_HZ
    struck = (np.sin(2 * np.pi * 3.58 * 10 * t) > 0.99) * np.sin(2 * np.pi * 300 * t)
    found = features_of(tmp_path, struck, properties=properties, rpm=600.0)
    assert found["BPFO prominence"] > 0.5


def test_no_fault_lines_without_speed(tmp_path: Path) -> None:
    found = features_of(tmp_path, np.ones(256), properties={"bearing_orders": {"BPFO": 3.58}})
    assert not [name for name in found if "prominence" in name and "BPFO" in name]


def test_envelope_equals_scipys_analytic_signal() -> None:
    from scipy.signal import hilbert

    for samples in (255, 256):
        x = np.random.default_rng(0).standard_normal((3, samples)).astype(np.float32)
        chunk = transform(x.copy(), RATE_HZ)
        expected = np.abs(hilbert(chunk.centred, axis=1))
        assert np.allclose(chunk.envelope, expected, atol=1e-4)
