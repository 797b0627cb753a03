"""A machine instance: what stays the same in all recordings of one machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians

from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.streams import Stream, log_uniform, of_machine

PATH_NAMES = ("stiff bracket", "soft bracket")
SPEED_OVER_CRITICAL = (1.6, 2.6)
"""Range of shaft speed over the critical speed on the plate, for every machine and class."""

GRAVITY = 9.81


@dataclass(frozen=True)
class SensorPath:
    """The way from the shaft or race to the converter.

    Attributes:
        resonance: Frequency of its mounting resonance over the sampling rate.
        quality: Sharpness of that resonance.
        height: Gain at the resonance, beyond 1.
        cutoff: Frequency of the anti-alias filter over the sampling rate.
    """

    name: str
    gain: float
    resonance: float
    quality: float
    height: float
    cutoff: float


@dataclass(frozen=True)
class Rolling:
    """Geometry and resonances of a rolling bearing; the fault orders follow without slip."""

    balls: int
    ball_over_pitch: float
    contact_deg: float
    resonance_hz: tuple[float, float]
    quality: tuple[float, float]
    load_zone: float

    @property
    def orders(self) -> dict[str, float]:
        """Fault lines in multiples of shaft speed (Harris & Kotzalas 2006, fixed outer race)."""
        ratio = self.ball_over_pitch * cos(radians(self.contact_deg))
        return {
            "BPFO": self.balls / 2 * (1 - ratio),
            "BPFI": self.balls / 2 * (1 + ratio),
            "BSF": (1 - ratio**2) / (2 * self.ball_over_pitch),
            "FTF": (1 - ratio) / 2,
        }


@dataclass(frozen=True)
class Machine:
    """One machine.

    Attributes:
        psi: Radial clearance over radius as built; what ``Sommerfeld`` is computed with.
        roughness_um: Ra of journal and bush.
        critical_hz: First bending critical speed on the plate, on rigid supports.
        damping: Damping ratio of that mode.
        mass_kg: Share of the rotor that the bearing carries.
        coupling: Stiffness of the coupling, 1 for rigid; a soft one passes less misalignment.
        residual: Once-per-turn motion of the healthy machine over the clearance.
        heavy_spot_rad: Where the residual imbalance sits against the tacho mark.
        whirl_leakage: Factor on the ideal whirl ratio through grooves and end leakage.
        collapse_hz: Ringing frequency of collapsing vapour bubbles.
    """

    number: int
    diameter_m: float
    length_over_diameter: float
    psi: float
    roughness_um: tuple[float, float]
    critical_hz: float
    damping: float
    mass_kg: float
    coupling: float
    residual: float
    heavy_spot_rad: float
    whirl_leakage: float
    collapse_hz: float
    mains_hz: float
    paths: tuple[SensorPath, ...]
    rolling: Rolling

    @property
    def name(self) -> str:
        """Shown to people; also the group that a split never divides."""
        return f"machine {self.number:02d}"

    @property
    def clearance_um(self) -> float:
        """Radial clearance as built, µm."""
        return self.psi * self.diameter_m / 2 * 1e6


def machine_of(config: SimulatorConfig, number: int) -> Machine:
    """Give a machine, numbered from 1; it depends on the seed, its number and the speed range."""
    speeds = config.operation.lowest_speed_hz, config.operation.highest_speed_hz
    return _draw(config.seed, number, speeds)


@lru_cache(maxsize=1024)
def _draw(seed: int, number: int, speeds_hz: tuple[float, float]) -> Machine:
    stream = of_machine(seed, number)
    uniform = stream.uniform
    rated_hz = uniform(*speeds_hz)
    diameter, ratio = uniform(0.08, 0.16), uniform(0.5, 1.0)
    rated_load = uniform(0.5e6, 1.5e6)
    return Machine(
        number=number,
        diameter_m=diameter,
        length_over_diameter=ratio,
        psi=uniform(0.001, 0.002),
        roughness_um=(uniform(0.2, 0.5), uniform(0.4, 0.9)),
        critical_hz=rated_hz / uniform(1.8, 2.4),
        damping=uniform(0.05, 0.15),
        mass_kg=rated_load * ratio * diameter**2 / GRAVITY,
        coupling=uniform(0.8, 1.0),
        residual=uniform(0.03, 0.045),
        heavy_spot_rad=uniform(0, 6.283185307179586),
        whirl_leakage=uniform(0.82, 0.92),
        collapse_hz=uniform(1250, 1600),
        mains_hz=float(stream.choice((50.0, 60.0))),
        paths=tuple(_path(stream, name, i) for i, name in enumerate(PATH_NAMES)),
        rolling=_rolling(stream),
    )


def _path(stream: Stream, name: str, softness: int) -> SensorPath:
    low, high = ((0.30, 0.42), (0.20, 0.30))[softness]
    return SensorPath(
        name=name,
        gain=log_uniform(stream, 0.6, 1.6),
        resonance=stream.uniform(low, high),
        quality=stream.uniform(2, 6),
        height=stream.uniform(0.1, 0.5),
        cutoff=stream.uniform(0.42, 0.47),
    )


def _rolling(stream: Stream) -> Rolling:
    first = stream.uniform(1800, 3400)
    return Rolling(
        balls=int(stream.integers(7, 13)),
        ball_over_pitch=stream.uniform(0.17, 0.27),
        contact_deg=float(stream.choice((0.0, 0.0, 15.0))),
        resonance_hz=(first, first * stream.uniform(1.35, 1.6)),
        quality=(stream.uniform(8, 16), stream.uniform(8, 16)),
        load_zone=stream.uniform(0.6, 0.95),
    )
