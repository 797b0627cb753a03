"""Each class shows what its physics says, and not what belongs to another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from integrations.core.simulator.conditions import condition_of
from integrations.core.simulator.config import JOURNAL_CLASSES, SimulatorConfig
from integrations.core.simulator.faults import MIXTURES, oil_whirl, resonance
from integrations.core.simulator.scene import Scene
from integrations.core.simulator.simulate import Simulated, simulate_one
from integrations.core.simulator.streams import of_signal

Array = npt.NDArray[np.float64]
PER_CLASS = 26
RATE = 4096.0
CONFIG = SimulatorConfig.model_validate(
    {
        "content": {"signals_per_class": PER_CLASS},
        "recording": {"samples": 8192},
        "operation": {"changing_share": 0.0},
        "severity": {"growing_share": 0.0},
        "noise": {"enabled": False},
    }
)


@cache
def signals(label: str) -> tuple[Simulated, ...]:
    first = JOURNAL_CLASSES.index(label) * PER_CLASS
    return tuple(simulate_one(CONFIG, first + number) for number in range(PER_CLASS))


def shaft(made: Simulated) -> float:
    return float(made.recording.fields["rpm"]) / 60


def lines(samples: npt.ArrayLike) -> tuple[Array, Array]:
    values = np.asarray(samples, dtype=np.float64)
    window = np.hanning(values.size)
    amplitude = np.abs(np.fft.rfft((values - values.mean()) * window)) * 2 / window.sum()
    return np.fft.rfftfreq(values.size, 1 / RATE).astype(np.float64), amplitude


def height(made: Simulated, order: float, channel: int = 0, width: float = 0.03) -> float:
    """Largest amplitude near an order."""
    hz, amplitude = lines(made.samples[channel])
    near = np.abs(hz / shaft(made) - order) <= width
    return float(amplitude[near].max())


def strongest(made: Simulated, low: float, high: float) -> float:
    """Order of the strongest line between two orders."""
    hz, amplitude = lines(made.samples[0])
    orders = hz / shaft(made)
    inside = (orders >= low) & (orders <= high)
    return float(orders[inside][amplitude[inside].argmax()])


def forward_share(made: Simulated, hz: float) -> float:
    """Share of the forward circle in the whirl at a frequency; 0.5 is a straight line."""
    x, y = (np.asarray(row, dtype=np.float64) for row in made.samples[:2])
    spectrum = np.abs(np.fft.fft((x - x.mean() + 1j * (y - y.mean())) * np.hanning(x.size)))
    at = round(hz * x.size / RATE)
    forward, backward = spectrum[at - 2 : at + 3].max(), spectrum[-at - 2 : -at + 3].max()
    return float(forward / (forward + backward))


def band(made: Simulated, low: float, high: float) -> float:
    hz, amplitude = lines(made.samples[0])
    return float(np.sqrt((amplitude[(hz >= low) & (hz < high)] ** 2).sum()))


def ratio(label: str, order: float, over: float) -> Array:
    return np.array([height(s, order) / height(s, over) for s in signals(label)])


def test_a_healthy_machine_turns_once_per_turn_and_hardly_twice() -> None:
    assert (ratio("normal", 2, 1) < 0.4).all()


def test_imbalance_raises_the_first_order_alone() -> None:
    healthy = np.array([height(s, 1) for s in signals("normal")])
    unbalanced = np.array([height(s, 1) for s in signals("imbalance")])
    assert (unbalanced > 2 * healthy).all()
    assert (ratio("imbalance", 2, 1) < 0.1).all()


def test_imbalance_turns_over_by_half_a_turn_above_the_critical_speed() -> None:
    below, above = resonance(0.5, 0.05), resonance(3.0, 0.05)
    assert below[1] < 0.2
    assert above[1] > 2.9
    assert resonance(1.0, 0.05)[0] == pytest.approx(10.0)
    assert above[0] == pytest.approx(1.125, rel=0.01)


def test_misalignment_is_mostly_twice_per_turn_and_axial() -> None:
    assert (ratio("misalignment", 2, 1) > 1).all()
    axial = np.array([height(s, 2, channel=2) for s in signals("misalignment")])
    healthy = np.array([height(s, 2, channel=2) for s in signals("normal")])
    assert (axial > 5 * healthy).all()


def test_whirl_runs_forward_at_038_to_048_of_shaft_speed() -> None:
    for made in signals("oil whirl"):
        order = strongest(made, 0.2, 0.8)
        assert 0.37 <= order <= 0.49
        assert forward_share(made, order * shaft(made)) > 0.85


def test_whirl_is_larger_in_a_lighter_film() -> None:
    sizes = []
    for s_number in (0.05, 0.15, 0.5, 2.0):
        condition = replace(condition_of(CONFIG, 0), sommerfeld=s_number)
        scene = Scene(condition, 4096, RATE, of_signal(0, 0), critical_hz=condition.speed_hz)
        sizes.append(float(np.abs(oil_whirl(scene, np.ones(4096))).max()))
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.7 * sizes[-1]


def test_whip_stays_below_half_of_shaft_speed_with_a_double_and_runs_forward() -> None:
    for made in signals("oil whip"):
        order = strongest(made, 0.2, 0.8)
        assert 1 / 4.0 < order < 1 / 2.4
        assert height(made, 2 * order) > 0.15 * height(made, order)
        assert forward_share(made, order * shaft(made)) > 0.85


def test_whip_stands_still_in_frequency_while_the_speed_ramps_and_whirl_follows() -> None:
    drift = {}
    for label in ("oil whirl", "oil whip"):
        config = CONFIG.model_copy(
            update={"operation": CONFIG.operation.model_copy(update={"changing_share": 1.0})}
        )
        first = JOURNAL_CLASSES.index(label) * PER_CLASS
        found = [_drift(simulate_one(config, first + number)) for number in range(PER_CLASS)]
        drift[label] = np.array([pair for pair in found if abs(pair[1]) > 0.02])
        assert len(drift[label]) >= 2
    whirl, whip = drift["oil whirl"], drift["oil whip"]
    assert np.sign(whirl[:, 0]).tolist() == np.sign(whirl[:, 1]).tolist()
    assert (np.abs(whip[:, 0]) < 0.005).all()


def _drift(made: Simulated) -> tuple[float, float]:
    """Relative change of the sub-synchronous line and of the speed over the record."""
    quarter = made.samples.shape[1] // 3
    found = []
    for part in (made.samples[:, :quarter], made.samples[:, -quarter:]):
        pulses = np.flatnonzero((part[3][1:] > 0.5) & (part[3][:-1] <= 0.5))
        speed = RATE * (len(pulses) - 1) / (pulses[-1] - pulses[0])
        padded = np.zeros(16 * quarter)
        padded[:quarter] = (part[0] - part[0].mean()) * np.hanning(quarter)
        hz, amplitude = np.fft.rfftfreq(padded.size, 1 / RATE), np.abs(np.fft.rfft(padded))
        inside = (hz > 0.2 * speed) & (hz < 0.6 * speed)
        found.append((hz[inside][amplitude[inside].argmax()], speed))
    (line_a, speed_a), (line_b, speed_b) = found
    return float(line_b / line_a - 1), float(speed_b / speed_a - 1)


def test_looseness_has_half_orders_and_many_harmonics_mostly_vertical() -> None:
    for made in signals("looseness"):
        floor = height(made, 0.75, channel=1, width=0.1)
        assert height(made, 1.5, channel=1) > 3 * floor
        assert height(made, 7, channel=1) > 2 * floor
        assert made.samples[1].std() > 1.5 * made.samples[0].std()


@pytest.mark.parametrize(
    ("label", "low", "high"),
    [("wear", 150, 600), ("lubrication", 700, 1200), ("cavitation", 1250, 1600)],
)
def test_rubbing_contact_and_collapse_are_broadband(label: str, low: float, high: float) -> None:
    healthy = np.array([band(s, low, high) for s in signals("normal")])
    faulty = np.array([band(s, low, high) for s in signals(label)])
    assert (faulty > 1.8 * healthy).all()


def test_contact_noise_swells_once_per_turn_and_wear_does_not() -> None:
    assert np.median([_swell(s, 700, 1200) for s in signals("lubrication")]) > 5
    assert np.median([_swell(s, 150, 600) for s in signals("wear")]) < 5


def _swell(made: Simulated, low: float, high: float) -> float:
    """Line at shaft speed over the floor, in the envelope of a band."""
    samples = np.asarray(made.samples[0], dtype=np.float64)
    spectrum = np.fft.fft(samples)
    hz = np.fft.fftfreq(samples.size, 1 / RATE)
    envelope = np.abs(np.fft.ifft(np.where((hz > low) & (hz < high), 2 * spectrum, 0)))
    at, amplitude = lines(envelope)
    near = np.abs(at - shaft(made)) < 1.5
    return float(amplitude[near].max() / np.median(amplitude[(at > 5) & (at < 200)]))


def test_cavitation_comes_in_bursts() -> None:
    def kurtosis(made: Simulated) -> float:
        rings = np.diff(np.asarray(made.samples[0], dtype=np.float64), 2)
        return float((rings**4).mean() / (rings**2).mean() ** 2)

    assert np.median([kurtosis(s) for s in signals("cavitation")]) > 6
    assert np.median([kurtosis(s) for s in signals("wear")]) < 5


def test_whirl_of_a_loose_fit_comes_and_goes() -> None:
    def unsteadiness(made: Simulated) -> float:
        samples = np.asarray(made.samples[0], dtype=np.float64)
        hz = np.fft.fftfreq(samples.size, 1 / RATE) / shaft(made)
        whirl = np.fft.ifft(np.where((hz > 0.34) & (hz < 0.54), np.fft.fft(samples), 0))
        return float(np.abs(whirl).std() / np.abs(whirl).mean())

    loose = np.median([unsteadiness(s) for s in signals("clearance")])
    assert loose > 2 * np.median([unsteadiness(s) for s in signals("oil whirl")])


def test_a_mixture_names_all_its_causes_and_holds_comparable_ones() -> None:
    for made in signals("mixed"):
        assert tuple(made.severity) in MIXTURES
        assert made.recording.fields["faults"] == " + ".join(made.severity)
        assert min(made.severity.values()) >= 0.69 * max(made.severity.values())


def test_severity_makes_every_fault_larger() -> None:
    for label in set(JOURNAL_CLASSES) - {"normal", "mixed"}:
        sizes = [_rms(label, low, high) for low, high in ((0.2, 0.3), (0.9, 1.0))]
        assert sizes[1] > 1.2 * sizes[0], label


def _rms(label: str, low: float, high: float) -> float:
    severity = {"lowest": low, "highest": high, "growing_share": 0.0}
    config = SimulatorConfig.model_validate(CONFIG.model_dump() | {"severity": severity})
    first = JOURNAL_CLASSES.index(label) * PER_CLASS
    return float(np.mean([simulate_one(config, first + n).samples[:3].std() for n in range(5)]))


def test_noise_follows_the_signal_to_noise_ratio() -> None:
    def noise(snr: float) -> float:
        level = {"enabled": True, "lowest_snr_db": snr, "highest_snr_db": snr}
        config = SimulatorConfig.model_validate(CONFIG.model_dump() | {"noise": level})
        return band(simulate_one(config, 0), 1950, 2040)

    assert noise(0.0) / noise(20.0) == pytest.approx(10, rel=0.1)
