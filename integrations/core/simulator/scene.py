"""One recording before any fault: how the shaft turns and how the film stands, over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import pi

import numpy as np

from integrations.core.simulator import oil_film
from integrations.core.simulator.conditions import LOAD_STEP, RAMP, WARMING, Condition
from integrations.core.simulator.oil_film import Array
from integrations.core.simulator.streams import Stream

TACHO_SHARE = 0.06
"""Part of a turn during which the tacho mark is seen."""

_KNOTS = 9


@dataclass(frozen=True)
class Film:
    """What a fault does to the film: factors on clearance and viscosity."""

    clearance: float = 1.0
    viscosity: float = 1.0


@dataclass
class Scene:
    """A recording in the making; motions are in radial clearances, shape (3, samples).

    Attributes:
        critical_hz: True first bending critical speed in its supports; the plate may err.
        film: Changed by the faults before anything is drawn from ``eccentricity``.
    """

    condition: Condition
    samples: int
    rate_hz: float
    stream: Stream
    critical_hz: float
    film: Film = field(default_factory=Film)

    @cached_property
    def seconds(self) -> Array:
        """Time of each sample."""
        return np.arange(self.samples) / self.rate_hz

    @cached_property
    def speed_hz(self) -> Array:
        """Shaft speed over time: a ramp where there is one, and a ripple of 0.1 %."""
        ramp = self.condition.change_size if self.condition.change == RAMP else 0.0
        along = np.linspace(-0.5, 0.5, self.samples)
        ripple = 0.001 * np.sin(
            2 * pi * self.stream.uniform(0.5, 2) * self.seconds + self.stream.uniform(0, 2 * pi)
        )
        return np.asarray(self.condition.speed_hz * (1 + ramp * along + ripple))

    @cached_property
    def angle(self) -> Array:
        """Shaft angle in rad: 2π times the integral of the speed, from a random start."""
        turned = np.cumsum(self.speed_hz) / self.rate_hz
        return np.asarray(2 * pi * (turned + self.stream.uniform()))

    @cached_property
    def tacho(self) -> Array:
        """One pulse of height 1 per turn."""
        return np.asarray((self.angle / (2 * pi)) % 1 < TACHO_SHARE, dtype=np.float64)

    @cached_property
    def eccentricity(self) -> Array:
        """True eccentricity ratio over time, with what faults, load and heat do to the film."""
        c = self.condition
        along = np.linspace(0, 1, _KNOTS)
        load = np.ones(_KNOTS)
        thickness = np.ones(_KNOTS)
        if c.change == LOAD_STEP:
            load = np.where(along < 0.5, 1.0, c.change_size)
        elif c.change == WARMING:
            warmer = oil_film.dynamic_viscosity(
                c.oil_grade, c.temperature_c + c.change_size * along
            )
            thickness = warmer / warmer[0]
        s = c.sommerfeld * thickness * self.film.viscosity / load / self.film.clearance**2
        knots = oil_film.eccentricity(s, c.machine.length_over_diameter)
        return np.interp(self.seconds, along * self.seconds[-1], knots)

    @property
    def mean_eccentricity(self) -> float:
        """Mean true eccentricity ratio."""
        return float(self.eccentricity.mean())

    @property
    def roundness(self) -> float:
        """Vertical over horizontal size of an orbit: a loaded film is stiffer downwards."""
        return 1 - 0.55 * self.mean_eccentricity

    def phase(self) -> float:
        """A random phase, rad."""
        return float(self.stream.uniform(0, 2 * pi))

    def still(self) -> Array:
        """No motion."""
        return np.zeros((3, self.samples))


def orbit(angle: Array, size: Array | float, roundness: float, *, forward: bool = True) -> Array:
    """X and Y of an elliptic orbit and no axial motion, shape (3, samples).

    Forward means in the sense of shaft rotation, X before Y.
    """
    y = np.sin(angle) if forward else -np.sin(angle)
    return np.stack([size * np.cos(angle), size * roundness * y, np.zeros_like(angle)])
