"""Operating conditions: drawn per number and shared by all classes, so that they tell none apart.

Signal k of every class runs on the same machine at the same speed, load, temperature, oil, sensor
path and signal-to-noise ratio. Whoever sees the conditions alone can only guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from integrations.core.data.dataset import DatasetError
from integrations.core.simulator import oil_film
from integrations.core.simulator.config import HEAVIEST_UNSTABLE, SimulatorConfig
from integrations.core.simulator.machine import (
    SPEED_OVER_CRITICAL,
    Machine,
    SensorPath,
    machine_of,
)
from integrations.core.simulator.streams import Stream, log_uniform, of_condition

STEADY, RAMP, LOAD_STEP, WARMING = "steady", "speed ramp", "load step", "warming oil"
TRIES = 64


@dataclass(frozen=True)
class Condition:
    """How a machine runs during one recording.

    Attributes:
        speed_hz: Mean shaft speed.
        stated_speed_hz: What the field ``rpm`` is made from.
        sommerfeld: With the nominal clearance, load and oil.
        change: What happens during the record.
        change_size: Relative speed change, factor on the load, or warming in °C.
    """

    machine: Machine
    path: SensorPath
    speed_hz: float
    stated_speed_hz: float
    unit_load_mpa: float
    temperature_c: float
    oil_grade: str
    sommerfeld: float
    snr_db: float
    change: str
    change_size: float

    @property
    def eccentricity(self) -> float:
        """Nominal eccentricity ratio."""
        return float(oil_film.eccentricity(self.sommerfeld, self.machine.length_over_diameter))


def condition_of(config: SimulatorConfig, number: int) -> Condition:
    """Give condition ``number`` (from 0): that of the signal of this number in each class.

    Raises:
        DatasetError: Whirl or whip are wanted and every condition is too heavy for them.
    """
    stream = of_condition(config.seed, number + 1)
    machine = machine_of(config, number % config.content.machines + 1)
    for _ in range(TRIES):
        speed, load, temperature, grade = _draw(config, machine, stream)
        s = _sommerfeld(machine, speed, load, temperature, grade)
        if not config.unstable or config.rolling or _light(machine, s):
            break
    else:
        speed, load, temperature, grade = _lightest(config, machine)
        s = _sommerfeld(machine, speed, load, temperature, grade)
        if not _light(machine, s):
            raise DatasetError(
                "With these loads and oils the film is always stable, and oil whirl and whip "
                "cannot occur. Lower the lightest load, or leave both classes and mixed out."
            )
    change, size = _change(config, stream)
    noise = config.noise
    return Condition(
        machine=machine,
        path=machine.paths[stream.integers(len(machine.paths))],
        speed_hz=speed,
        stated_speed_hz=speed
        * (1 + config.operation.speed_error_percent / 100 * stream.standard_normal()),
        unit_load_mpa=load,
        temperature_c=temperature,
        oil_grade=grade,
        sommerfeld=s,
        snr_db=stream.uniform(noise.lowest_snr_db, noise.highest_snr_db),
        change=change,
        change_size=size,
    )


def speed_range(config: SimulatorConfig, machine: Machine) -> tuple[float, float]:
    """Give the speeds a machine runs at, Hz: above its critical speed, within the chosen range."""
    low, high = (factor * machine.critical_hz for factor in SPEED_OVER_CRITICAL)
    operation = config.operation
    return max(low, operation.lowest_speed_hz), min(high, operation.highest_speed_hz)


def _draw(
    config: SimulatorConfig, machine: Machine, stream: Stream
) -> tuple[float, float, float, str]:
    o = config.operation
    return (
        stream.uniform(*speed_range(config, machine)),
        log_uniform(stream, o.lowest_load_mpa, o.highest_load_mpa),
        stream.uniform(o.lowest_temperature_c, o.highest_temperature_c),
        o.oil_grades[stream.integers(len(o.oil_grades))],
    )


def _lightest(config: SimulatorConfig, machine: Machine) -> tuple[float, float, float, str]:
    o = config.operation
    thickest = max(o.oil_grades, key=lambda grade: oil_film.OIL_GRADES[grade])
    fastest = speed_range(config, machine)[1]
    return fastest, o.lowest_load_mpa, o.lowest_temperature_c, thickest


def _sommerfeld(
    machine: Machine, speed: float, load: float, temperature: float, grade: str
) -> float:
    viscosity = oil_film.dynamic_viscosity(grade, temperature)
    return float(oil_film.sommerfeld(viscosity, speed, load * 1e6, machine.psi))


def _light(machine: Machine, sommerfeld: float) -> bool:
    limit = oil_film.sommerfeld_at(HEAVIEST_UNSTABLE, machine.length_over_diameter)
    return bool(sommerfeld >= limit)


def _change(config: SimulatorConfig, stream: Stream) -> tuple[str, float]:
    if stream.uniform() >= config.operation.changing_share:
        return STEADY, 0.0
    kind = (RAMP, LOAD_STEP, WARMING)[stream.integers(3)]
    sign = 1 if stream.uniform() < 0.5 else -1
    size = stream.uniform()
    if kind == RAMP:
        return kind, sign * (0.01 + 0.03 * size)
    return kind, float(np.exp(sign * (0.15 + 0.2 * size))) if kind == LOAD_STEP else 2 + 6 * size
