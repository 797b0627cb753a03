"""Order scores find the line that is there, whatever the level, the speed, the rate or the rig."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from integrations.core.config import DataConfig
from integrations.core.data.dataset import Dataset, DatasetInfo, DatasetWriter, Recording
from integrations.core.data.windows import windows_of
from integrations.core.signal.machine import bearing_kind, fault_orders, shaft_hz
from integrations.core.signal.orders import missing_for_scores, physics_scores, score_names

ORDERS = {"bpfo": 3.585, "bpfi": 5.415, "bsf": 2.357, "ftf": 0.398}
LINES = {"BPFO": 3.585, "BPFI": 5.415, "2×BSF": 4.714}
SAMPLES = 8192


def struck(order: float, shaft: float, rate: float = 12_000.0, level: float = 1.0) -> np.ndarray:
    """A resonance struck at an order of the shaft, in noise."""
    rng = np.random.default_rng(int(100 * order + shaft))
    time = np.arange(SAMPLES) / rate
    since = (time * order * shaft + 0.3) % 1 / (order * shaft)
    ring = np.exp(-since * 800) * np.sin(2 * np.pi * 0.27 * rate * since)
    return level * (ring + 0.3 * rng.standard_normal(SAMPLES))


def dataset(
    folder: Path,
    signals: list[np.ndarray],
    fields: list[dict[str, str | float]],
    rate: float | None = 12_000.0,
    channels: tuple[str, ...] = ("DE",),
    **properties: object,
) -> Dataset:
    with DatasetWriter(folder, name="rig", channels=channels, properties=properties) as writer:
        for number, (signal, facts) in enumerate(zip(signals, fields, strict=True)):
            writer.add(signal, Recording(f"r{number}", "a", "g", 0, rate, fields=facts))
    return Dataset(folder)


def scores(data: Dataset) -> list[dict[str, float]]:
    samples = min(recording.n_samples for recording in data.info.recordings)
    table = physics_scores(data, windows_of(data.info, DataConfig(window_samples=samples)))
    return [dict(zip(score_names(data.info), row.tolist(), strict=True)) for row in table]


@pytest.mark.parametrize("line", list(LINES))
@pytest.mark.parametrize("shaft", [17.0, 29.9, 50.0])
def test_the_struck_order_has_the_largest_score(tmp_path: Path, line: str, shaft: float) -> None:
    data = dataset(tmp_path, [struck(LINES[line], shaft)], [{"rpm": 60 * shaft}], **ORDERS)
    (found,) = scores(data)
    for view in ("whole band", "half bands"):
        alone = {name: found[f"{name}, {view}"] for name in LINES}
        assert max(alone, key=lambda name: alone[name]) == line
        assert alone[line] > 1.5


@pytest.mark.parametrize("level", [1e-15, 1e-3, 1e15])
def test_scores_hold_no_amplitude(tmp_path: Path, level: float) -> None:
    signals = [struck(3.585, 30.0), struck(3.585, 30.0, level=level)]
    plain, scaled = scores(dataset(tmp_path, signals, [{"rpm": 1800}] * 2, **ORDERS))
    assert scaled == pytest.approx(plain, abs=0.02)


def test_slip_of_one_percent_keeps_the_line(tmp_path: Path) -> None:
    data = dataset(tmp_path, [struck(3.585 * 0.99, 30.0)], [{"rpm": 1800}], **ORDERS)
    assert scores(data)[0]["BPFO, whole band"] > 1.5


def test_windows_score_the_same_alone_and_among_others(tmp_path: Path) -> None:
    signals = [struck(3.585, s) for s in (20.0, 30.0, 45.0)]
    data = dataset(tmp_path, signals, [{"rpm": 60 * s} for s in (20.0, 30.0, 45.0)], **ORDERS)
    index = windows_of(data.info, DataConfig(window_samples=SAMPLES))
    together = physics_scores(data, index)
    alone = np.concatenate([physics_scores(data, index.take(np.array([i]))) for i in range(3)])
    assert np.allclose(together, alone, atol=1e-4)


def test_two_rigs_with_different_bearings_share_a_data_set(tmp_path: Path) -> None:
    other = {"balls": 12, "ball diameter": 10, "pitch diameter": 50, "rpm": 1500.0}
    outer = 12 / 2 * (1 - 10 / 50)
    signals = [struck(3.585, 30.0), struck(outer, 25.0)]
    data = dataset(tmp_path, signals, [{"rpm": 1800, **ORDERS}, other])
    assert bearing_kind(data.info) == "rolling"
    assert all(found["BPFO, whole band"] > 1.5 for found in scores(data))


@pytest.mark.parametrize("name", ["rpm", "Speed_RPM", "speed (rpm)", "Shaft speed"])
def test_shaft_speed_is_read_under_its_usual_names(name: str) -> None:
    value = 30.0 if name == "Shaft speed" else "1800"
    assert shaft_hz(Recording("r", "a", "g", 1, fields={name: value})) == 30.0


def test_fields_of_a_recording_win_over_properties() -> None:
    recording = Recording("r", "a", "g", 1, fields={"BPFO": 4.0})
    info = DatasetInfo("rig", "signal", ("x",), (recording,), properties=dict(ORDERS))
    found = fault_orders(info, recording)
    assert found["BPFO"] == 4.0
    assert found["2×BSF"] == pytest.approx(4.714)


def test_what_is_missing_is_said_in_words(tmp_path: Path) -> None:
    data = dataset(tmp_path, [np.ones(64), np.ones(64)], [{"rpm": 900}, {}], **ORDERS)
    assert missing_for_scores(data.info) == ("rpm of 1 recording",)
    assert score_names(data.info) == ()
    assert physics_scores(data, windows_of(data.info, DataConfig(window_samples=64))).size == 0


def test_journal_scores_tell_whirl_and_its_sense_of_rotation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * 50.0 * np.arange(4096) / 4096.0
    turn = np.stack([np.cos(angle), np.sin(angle)])
    whirl = np.stack([np.cos(0.44 * angle), np.sin(0.44 * angle)])
    noise = 0.05 * rng.standard_normal((2, 2, 4096))
    signals = [turn + whirl + noise[0], turn + whirl * [[1], [-1]] + noise[1]]
    facts: dict[str, str | float] = {"rpm": 3000}
    data = dataset(tmp_path, signals, [facts, facts], 4096.0, ("X", "Y"), bearing_kind="journal")
    forward, backward = scores(data)
    assert forward["X: 0.38–0.49× over its floor"] > 5
    assert forward["X: 0.5× over its floor"] < 3
    assert forward["X: strongest line below 0.49×: order"] == pytest.approx(0.44, abs=0.005)
    assert forward["forward against backward at 0.38–0.49×"] > 2
    assert backward["forward against backward at 0.38–0.49×"] < -2


@pytest.mark.parametrize("kind", ["journal", "rolling"])
@pytest.mark.parametrize("samples", [16, 100, 1024])
def test_awkward_windows_have_finite_scores(tmp_path: Path, kind: str, samples: int) -> None:
    signals = [np.zeros(samples), np.full(samples, 3e37), np.eye(1, samples)[0]]
    data = dataset(tmp_path, signals, [{"rpm": 1800}] * 3, bearing_kind=kind, **ORDERS)
    assert all(np.isfinite(list(found.values())).all() for found in scores(data))
