"""One signal of a rolling bearing: impacts at the fault order that make a resonance ring."""

from __future__ import annotations

from math import pi

import numpy as np

from integrations.core.simulator import noise
from integrations.core.simulator.conditions import Condition
from integrations.core.simulator.config import NORMAL, SimulatorConfig
from integrations.core.simulator.machine import Rolling
from integrations.core.simulator.oil_film import Array
from integrations.core.simulator.scene import Scene
from integrations.core.simulator.streams import Stream

BACKGROUND = 0.1
"""Rolling noise of the healthy bearing, g."""

TIMING_JITTER = 0.01
"""Standard deviation of the time between two impacts, relative (slip of single elements)."""

AXIS_SHARES = np.array([[1.0], [0.8], [0.4]])
FINEST_G = 1e-4


def rolling_signal(
    config: SimulatorConfig, label: str, condition: Condition, stream: Stream
) -> tuple[Array, dict[str, float]]:
    """Make one signal.

    Returns:
        X, Y, axial in g and tacho, shape (4, samples); the severity of each fault.
    """
    scene = Scene(
        condition=condition,
        samples=config.recording.samples,
        rate_hz=config.rate_hz,
        stream=stream,
        critical_hz=condition.machine.critical_hz,
    )
    motion = _healthy(scene)
    severity: dict[str, float] = {}
    if label != NORMAL:
        severity[label] = stream.uniform(config.severity.lowest, config.severity.highest)
        grows = stream.uniform() < config.severity.growing_share
        size = severity[label] * np.linspace(0.5 if grows else 1.0, 1.0, scene.samples)
        motion += _ringing(scene, _impacts(scene, label) * (0.25 + 0.9 * size))
    seen = noise.through_path(motion, condition.path, scene.rate_hz)
    if config.noise.enabled:
        level = BACKGROUND * 10 ** (-condition.snr_db / 20)
        seen += level * noise.sensor_noise(
            stream, seen.shape, scene.rate_hz, condition.machine.mains_hz
        )
    return np.concatenate([noise.quantised(seen, FINEST_G), scene.tacho[None]]), severity


def _healthy(scene: Scene) -> Array:
    """Rolling noise that excites the same resonances as a fault, and the shaft's own motion."""
    shape = (3, scene.samples)
    raw = scene.stream.standard_normal(shape)
    rolling = 0.5 * raw / np.sqrt(2) + 0.25 * _ringing(scene, scene.stream.standard_normal(shape))
    motion = BACKGROUND * rolling
    for order, size in ((1, 0.06), (2, 0.02)):
        motion += size * np.cos(order * scene.angle + scene.phase()) * AXIS_SHARES
    return np.asarray(motion)


def _ringing(scene: Scene, strikes: Array) -> Array:
    """Let strikes excite both resonances of the machine."""
    bearing = scene.condition.machine.rolling
    rings = [
        noise.ringing(strikes, scene.rate_hz, hz, quality / (pi * hz))
        for hz, quality in _modes(bearing, scene.rate_hz)
    ]
    both = rings[0] + 0.6 * rings[1]
    return np.asarray(both if both.ndim == 2 else both * AXIS_SHARES)


def _modes(bearing: Rolling, rate_hz: float) -> list[tuple[float, float]]:
    limit = 0.42 * rate_hz
    return [
        (min(hz, limit), q) for hz, q in zip(bearing.resonance_hz, bearing.quality, strict=True)
    ]


def _impacts(scene: Scene, fault: str) -> Array:
    """Strikes over time, weighted by how the load and the cage carry the fault around."""
    bearing, stream = scene.condition.machine.rolling, scene.stream
    orders = bearing.orders
    order = {
        "outer race": orders["BPFO"],
        "inner race": orders["BPFI"],
        "ball": 2 * orders["BSF"],
    }[fault]
    slipping = order * (1 - stream.uniform(0.0, 0.015))
    turns = scene.angle / (2 * pi)
    at = _strike_turns(stream, turns[0], turns[-1], slipping)
    sample = np.interp(at, turns, np.arange(scene.samples))
    carried = {"outer race": 0.0, "inner race": 1.0, "ball": orders["FTF"]}[fault]
    depth = bearing.load_zone if carried else 0.0
    weight = 1 + depth * np.cos(2 * pi * carried * at + scene.phase())
    weight *= stream.uniform(0.8, 1.2, len(at))
    strikes = np.zeros(scene.samples)
    np.add.at(strikes, np.rint(sample).astype(np.int64), weight)
    return strikes


def _strike_turns(stream: Stream, first: float, last: float, order: float) -> Array:
    """Shaft positions, in turns, at which the fault strikes."""
    count = int((last - first) * order * 1.1) + 4
    gaps = (1 + TIMING_JITTER * stream.standard_normal(count)) / order
    at = first + stream.uniform(0, 1 / order) + np.cumsum(gaps)
    return np.asarray(at[at < last])
