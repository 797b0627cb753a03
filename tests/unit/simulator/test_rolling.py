"""Rolling-bearing signals: lines at the bearing's own orders, machines that differ."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from integrations.core.signal.machine import fault_orders
from integrations.core.simulator.config import ROLLING_CLASSES, SimulatorConfig
from integrations.core.simulator.machine import machine_of
from integrations.core.simulator.simulate import Simulated, make_dataset, simulate_one

PER_CLASS = 12
CONFIG = SimulatorConfig.model_validate(
    {
        "content": {"kind": "rolling", "signals_per_class": PER_CLASS, "machines": 12},
        "recording": {"samples": 32768},
        "operation": {"changing_share": 0.0},
    }
)
ORDER = {"inner race": "BPFI", "outer race": "BPFO", "ball": "2×BSF"}


@cache
def signals(label: str) -> tuple[Simulated, ...]:
    first = ROLLING_CLASSES.index(label) * PER_CLASS
    return tuple(simulate_one(CONFIG, first + number) for number in range(PER_CLASS))


def prominence(made: Simulated, order: float) -> float:
    """Envelope line near an order (bearings slip by up to 1.5 %) over the floor beside it."""
    samples = np.asarray(made.samples[0], dtype=np.float64)
    rate = CONFIG.rate_hz
    hz = np.fft.fftfreq(samples.size, 1 / rate)
    ringing = np.fft.ifft(np.where((hz > 1000) & (hz < 5500), 2 * np.fft.fft(samples), 0))
    envelope = np.abs(ringing)
    spectrum = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(samples.size)))
    orders = np.fft.rfftfreq(samples.size, 1 / rate) / (float(made.recording.fields["rpm"]) / 60)
    near = (orders > order * 0.98) & (orders < order * 1.005)
    beside = np.abs(orders / order - 1) < 0.15
    return float(spectrum[near].max() / np.median(spectrum[beside]))


@pytest.mark.parametrize("label", ORDER)
def test_a_fault_strikes_at_its_own_order(label: str) -> None:
    for made in signals(label):
        fields = made.recording.fields
        orders = {"BPFO": float(fields["BPFO"]), "BPFI": float(fields["BPFI"]),
                  "2×BSF": 2 * float(fields["BSF"])}  # fmt: skip
        assert prominence(made, orders[ORDER[label]]) > 8


def test_a_normal_bearing_has_no_fault_line() -> None:
    found = [
        prominence(made, float(made.recording.fields[name]))
        for made in signals("normal")
        for name in ("BPFO", "BPFI")
    ]
    assert np.median(found) < 4


def test_orders_follow_from_the_geometry_and_differ_between_machines() -> None:
    found = [machine_of(CONFIG, number).rolling for number in range(1, 13)]
    assert len({round(bearing.orders["BPFO"], 3) for bearing in found}) == 12
    for bearing in found:
        orders = bearing.orders
        assert orders["BPFO"] + orders["BPFI"] == pytest.approx(bearing.balls)
        assert orders["BPFO"] == pytest.approx(bearing.balls * orders["FTF"])
        assert 0.35 < orders["FTF"] < 0.45


def test_families_find_each_recordings_own_orders(tmp_path_factory: pytest.TempPathFactory) -> None:
    small = SimulatorConfig.model_validate(
        {"content": {"kind": "rolling", "signals_per_class": 2}, "recording": {"samples": 512}}
    )
    info = make_dataset(small, tmp_path_factory.mktemp("rolling") / "set")
    assert info.properties["bearing_kind"] == "rolling"
    for recording in info.recordings:
        found = fault_orders(info, recording)
        assert found["BPFO"] == recording.fields["BPFO"]
        assert found["2×BSF"] == pytest.approx(2 * float(recording.fields["BSF"]))


def test_an_inner_race_fault_is_carried_through_the_load_zone() -> None:
    """Strikes at BPFI are stronger once per turn: lines one order beside BPFI."""
    sides = [
        prominence(made, float(made.recording.fields["BPFI"]) + side)
        for made in signals("inner race")
        for side in (-1, 1)
    ]
    assert np.median(sides) > 4
