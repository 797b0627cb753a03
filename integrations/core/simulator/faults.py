"""The faults of a journal bearing, each the motion it adds, in radial clearances.

Signatures and their dependence on speed, load and film follow docs/simulator.md. ``size`` is the
severity over time, 0 to 1, shape (samples,).
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np

from integrations.core.simulator import noise, oil_film
from integrations.core.simulator.oil_film import Array
from integrations.core.simulator.scene import Film, Scene, orbit
from integrations.core.simulator.streams import Stream

LOWEST_WHIRL, HIGHEST_WHIRL = 0.38, 0.48
LARGEST_AMPLIFICATION = 2.0

WEAR_BAND_HZ = (150.0, 600.0)
CONTACT_BAND_HZ = (700.0, 1200.0)


def imbalance(scene: Scene, size: Array) -> Array:
    """Once per turn, forward; centrifugal force through the rotor's resonance.

    The motion lags the heavy spot by the phase of the resonance, nearly 180° above it.
    """
    machine = scene.condition.machine
    ratio = scene.condition.speed_hz / scene.critical_hz
    gain, lag = resonance(ratio, machine.damping)
    amplitude = (0.04 + 0.42 * size) * min(gain, LARGEST_AMPLIFICATION)
    return orbit(scene.angle + machine.heavy_spot_rad - lag, amplitude, scene.roundness)


def resonance(ratio: float, damping: float) -> tuple[float, float]:
    """Motion over eccentricity of a rotor with an unbalanced mass, and its phase lag in rad.

    r² / √((1 − r²)² + (2 ζ r)²), with r the speed over the critical speed.
    """
    gain = ratio**2 / sqrt((1 - ratio**2) ** 2 + (2 * damping * ratio) ** 2)
    return gain, float(np.arctan2(2 * damping * ratio, 1 - ratio**2))


def misalignment(scene: Scene, size: Array) -> Array:
    """Twice per turn above once, some three times; axial motion; flattened figure-eight orbit."""
    machine, stream = scene.condition.machine, scene.stream
    second = (0.025 + 0.30 * size) * machine.coupling * (60 / scene.condition.speed_hz) ** 0.1
    first = second / stream.uniform(1.5, 2.2)
    third = second * stream.uniform(0.3, 0.6)
    radial, axial = stream.uniform(0.3, 0.7), stream.uniform(0.5, 0.8)
    motion = scene.still()
    for order, amplitude in ((1, first), (2, second), (3, third)):
        start = scene.phase()
        motion[0] += amplitude * np.cos(order * scene.angle + start)
        motion[1] += radial * amplitude * np.sin(order * scene.angle + start)
        if order < 3:
            motion[2] += axial * amplitude * np.cos(order * scene.angle + start + pi)
    return motion


def clearance(scene: Scene, size: Array) -> Array:
    """A loose fit: once and twice per turn, and whirl that comes and goes."""
    stream = scene.stream
    first = 0.02 + 0.31 * size
    motion = orbit(scene.angle + scene.phase(), first, scene.roundness)
    motion += orbit(2 * scene.angle + scene.phase(), 0.55 * first, 0.6)
    slow = stream.uniform(LOWEST_WHIRL + 0.02, HIGHEST_WHIRL) * scene.angle
    present = _comes_and_goes(scene, stream.uniform(2.0, 4.0))
    return motion + orbit(slow + scene.phase(), (0.03 + 0.33 * size) * present, 0.8)


def lubrication(scene: Scene, size: Array) -> Array:
    """Starved film: contact noise that swells once per turn, contacts, slow backward friction."""
    stream = scene.stream
    shape = (3, scene.samples)
    heavier = 0.8 + 0.4 * scene.mean_eccentricity
    swell = (1 + np.cos(scene.angle + scene.phase())) / 1.225
    rough = noise.band_noise(stream, shape, scene.rate_hz, *CONTACT_BAND_HZ)
    motion = (0.01 + 0.165 * size) * heavier * swell * rough * _AXIS_SHARES
    strikes = _strikes(scene, stream.uniform(4, 10)) * (0.03 + 0.31 * size)
    motion += noise.ringing(strikes, scene.rate_hz, 950.0, 0.003) * _AXIS_SHARES
    slow = stream.uniform(0.14, 0.22) * scene.angle + scene.phase()
    return np.asarray(motion + orbit(slow, 0.01 + 0.115 * size, 0.8, forward=False))


def cavitation(scene: Scene, size: Array) -> Array:
    """Collapsing bubbles: many short rings, at random or gathered once per turn."""
    stream, machine = scene.stream, scene.condition.machine
    strikes = _strikes(scene, stream.uniform(40, 80))
    if stream.uniform() < 0.5:
        strikes *= 2 * (np.cos(scene.angle + scene.phase()) > 0)
    strikes *= 0.12 + 1.16 * size
    rings = noise.ringing(strikes, scene.rate_hz, _below(machine.collapse_hz, scene), 0.0025)
    return np.asarray(rings * _AXIS_SHARES)


def wear(scene: Scene, size: Array) -> Array:
    """A worn bush: broadband rubbing that wanders slowly, and some motion per turn."""
    stream = scene.stream
    slow = 1 + 0.4 * np.sin(2 * pi * stream.uniform(0.5, 2) * scene.seconds + scene.phase())
    rough = noise.band_noise(stream, (3, scene.samples), scene.rate_hz, *WEAR_BAND_HZ)
    motion = (0.01 + 0.155 * size) * slow * rough * _AXIS_SHARES
    motion += orbit(scene.angle + scene.phase(), 0.007 + 0.09 * size, scene.roundness)
    return np.asarray(motion + orbit(2 * scene.angle + scene.phase(), 0.003 + 0.045 * size, 0.7))


def oil_whirl(scene: Scene, size: Array) -> Array:
    """Forward orbit at 0.38–0.48 of shaft speed, wandering by 1 %; only in a light film."""
    amplitude = (0.03 + 0.37 * size) * oil_film.whirl_gate(scene.eccentricity)
    angle = whirl_ratio(scene) * _wandering(scene, 0.01) + scene.phase()
    return orbit(angle, amplitude, scene.stream.uniform(0.85, 1.0))


def whirl_ratio(scene: Scene) -> float:
    """Whirl frequency over shaft speed: that of the film, lowered by grooves and leakage."""
    ideal = float(oil_film.whirl_ratio(scene.mean_eccentricity))
    lowered = ideal * scene.condition.machine.whirl_leakage
    return min(max(lowered, LOWEST_WHIRL), HIGHEST_WHIRL)


def oil_whip(scene: Scene, size: Array) -> Array:
    """Forward orbit at the rotor's critical speed, whatever the shaft does, and its double."""
    stream = scene.stream
    angle = 2 * pi * scene.critical_hz * stream.uniform(0.98, 1.02) * scene.seconds
    amplitude = 0.12 + 0.54 * size
    motion = orbit(angle + scene.phase(), amplitude, stream.uniform(0.85, 1.0))
    double = stream.uniform(0.25, 0.4) * amplitude
    return motion + orbit(2 * angle + scene.phase(), double, stream.uniform(0.7, 0.9))


def looseness(scene: Scene, size: Array) -> Array:
    """Many harmonics and half orders, mostly vertical, phases unsteady, peaks cut off."""
    stream = scene.stream
    amplitude = 0.02 + 0.29 * size
    decay = stream.uniform(0.78, 0.88)
    angle = _wandering(scene, 0.002)
    vertical = np.zeros(scene.samples)
    for order in range(1, 11):
        vertical += decay ** (order - 1) * np.cos(order * angle + scene.phase())
    for half in (0.5, 1.5, 2.5):
        vertical += stream.uniform(0.4, 0.7) * np.cos(half * angle + scene.phase())
    top = stream.uniform(1.6, 2.2)
    vertical = amplitude * np.clip(vertical, -3 * top, top)
    shares = np.array([[stream.uniform(0.3, 0.5)], [1.0], [stream.uniform(0.15, 0.3)]])
    return np.asarray(shares * vertical)


FAULTS: dict[str, Callable[[Scene, Array], Array]] = {
    "misalignment": misalignment,
    "imbalance": imbalance,
    "clearance": clearance,
    "lubrication": lubrication,
    "cavitation": cavitation,
    "wear": wear,
    "oil whirl": oil_whirl,
    "oil whip": oil_whip,
    "looseness": looseness,
}

MIXTURES: tuple[tuple[str, ...], ...] = (
    ("imbalance", "wear"),
    ("imbalance", "cavitation"),
    ("imbalance", "lubrication"),
    ("misalignment", "cavitation"),
    ("misalignment", "wear"),
    ("misalignment", "oil whirl"),
    ("misalignment", "lubrication"),
    ("clearance", "cavitation"),
    ("oil whirl", "cavitation"),
    ("imbalance", "misalignment", "cavitation"),
    ("imbalance", "wear", "cavitation"),
)
"""What a mixed signal can be made of; pairs that no observer could tell from one fault (looseness
hides misalignment, clearance looks like imbalance with whirl, imbalance can cancel the 1× of
misalignment, wear drowns in starved lubrication) are left out."""


def film_with(faults: tuple[str, ...], severity: dict[str, float]) -> Film:
    """Give what these faults do to the film: clearance ×1.2–2, wear ×1–1.4, viscosity ×0.9–0.4."""
    grown = 1.0
    if "clearance" in faults:
        grown *= 1.2 + 0.8 * severity["clearance"]
    if "wear" in faults:
        grown *= 1 + 0.4 * severity["wear"]
    thin = 0.9 - 0.5 * severity["lubrication"] if "lubrication" in faults else 1.0
    return Film(clearance=grown, viscosity=thin)


_AXIS_SHARES = np.array([[1.0], [1.0], [0.5]])


def _wandering(scene: Scene, share: float) -> Array:
    """The shaft angle run through by an oscillation whose frequency wanders by a share."""
    knots = max(3, int(6 * scene.seconds[-1]) + 1)
    walk = np.interp(
        scene.seconds,
        np.linspace(0, scene.seconds[-1], knots),
        scene.stream.uniform(-share, share, knots),
    )
    wander = np.cumsum(scene.speed_hz * walk) / scene.rate_hz
    return np.asarray(scene.angle + 2 * pi * wander)


def _comes_and_goes(scene: Scene, per_second: float) -> Array:
    """A factor between 0 and 1 that is up about half of the time."""
    wave = np.sin(2 * pi * per_second * scene.seconds + scene.phase())
    return np.asarray(1 / (1 + np.exp(-6 * wave)))


def _strikes(scene: Scene, per_second: float) -> Array:
    """Strikes at random times with random sizes, alike in all axes."""
    stream: Stream = scene.stream
    strikes = np.zeros(scene.samples)
    count = max(1, int(stream.poisson(per_second * scene.samples / scene.rate_hz)))
    sizes = 0.4 + 0.6 * stream.exponential(1, count)
    np.add.at(strikes, stream.integers(scene.samples, size=count), sizes)
    return strikes


def _below(frequency_hz: float, scene: Scene) -> float:
    return min(frequency_hz, 0.42 * scene.rate_hz)
