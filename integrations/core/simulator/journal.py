"""One signal of the journal bearing: healthy running, its faults, the sensor path and noise."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from integrations.core.simulator import noise
from integrations.core.simulator.conditions import Condition
from integrations.core.simulator.config import (
    MIXED,
    NORMAL,
    OIL_WHIP,
    OIL_WHIRL,
    SeverityConfig,
    SimulatorConfig,
)
from integrations.core.simulator.faults import FAULTS, MIXTURES, film_with
from integrations.core.simulator.oil_film import Array
from integrations.core.simulator.scene import Scene, orbit
from integrations.core.simulator.streams import Stream, log_uniform

FILM_NOISE = 0.3
"""Random motion of a healthy journal over its once-per-turn motion."""

NEIGHBOUR = (0.2, 1.2)
"""Hum of a neighbouring machine over the healthy once-per-turn motion."""

COMPARABLE = 0.7
"""Least severity of a mixture's other faults over that of its first."""

CONVERTER_STEPS = 4096
"""Converter steps per clearance (at least)."""


def journal_signal(
    config: SimulatorConfig, label: str, condition: Condition, stream: Stream
) -> tuple[Array, dict[str, float]]:
    """Make one signal.

    Returns:
        X, Y, axial in µm and tacho, shape (4, samples); the severity of each fault.
    """
    faults = _faults_of(label, stream)
    severity = _severities(config.severity, faults, stream)
    scene = Scene(
        condition=condition,
        samples=config.recording.samples,
        rate_hz=config.rate_hz,
        stream=stream,
        critical_hz=_critical_hz(faults, condition, stream),
        film=film_with(faults, severity),
    )
    motion = _healthy(scene)
    for fault in faults:
        motion += FAULTS[fault](scene, severity[fault] * _growth(scene, config.severity))
    return _recorded(config, scene, motion), severity


def _faults_of(label: str, stream: Stream) -> tuple[str, ...]:
    if label == NORMAL:
        return ()
    return MIXTURES[stream.integers(len(MIXTURES))] if label == MIXED else (label,)


def _severities(
    config: SeverityConfig, faults: tuple[str, ...], stream: Stream
) -> dict[str, float]:
    """Draw a severity each; the faults of a mixture are of comparable strength."""
    strongest = stream.uniform(config.lowest, config.highest)
    lowest = max(config.lowest, COMPARABLE * strongest)
    return {
        fault: strongest if number == 0 else stream.uniform(lowest, strongest)
        for number, fault in enumerate(faults)
    }


def _critical_hz(faults: tuple[str, ...], condition: Condition, stream: Stream) -> float:
    """Draw the true critical speed: supports and foundation move it away from the plate.

    Whirl stays below twice the critical speed, where it would turn into whip; whip is above.
    """
    speed = condition.speed_hz
    if OIL_WHIP in faults:
        return speed / stream.uniform(2.5, 3.8)
    if OIL_WHIRL in faults:
        return speed / stream.uniform(1.2, 1.9)
    return speed / stream.uniform(1.3, 3.2)


def _growth(scene: Scene, config: SeverityConfig) -> Array:
    grows = scene.stream.uniform() < config.growing_share
    return np.linspace(0.5 if grows else 1.0, 1.0, scene.samples)


def _healthy(scene: Scene) -> Array:
    machine = scene.condition.machine
    size = machine.residual
    e = scene.mean_eccentricity
    motion = orbit(scene.angle + machine.heavy_spot_rad, size, scene.roundness)
    motion += orbit(2 * scene.angle + scene.phase(), (0.06 + 0.3 * e**2) * size, 0.7)
    motion[2] += 0.3 * size * np.cos(scene.angle + scene.phase())
    loose = noise.film_noise(scene.stream, (3, scene.samples), scene.rate_hz)
    return np.asarray(motion + FILM_NOISE * (1.2 - e) * size * loose)


def _neighbour(scene: Scene) -> Array:
    """Hum of another machine through the foundation: two lines that follow no order of ours."""
    stream = scene.stream
    speed = log_uniform(stream, 12, 150)
    size = scene.condition.machine.residual * stream.uniform(*NEIGHBOUR)
    shares = stream.uniform(-1, 1, (3, 1))
    once, twice = (
        np.cos(2 * pi * order * speed * scene.seconds + scene.phase()) for order in (1, 2)
    )
    return np.asarray(shares * size * (once + stream.uniform(0.2, 0.8) * twice))


def _recorded(config: SimulatorConfig, scene: Scene, motion: Array) -> Array:
    condition, machine = scene.condition, scene.condition.machine
    if config.noise.enabled:
        motion = motion + _neighbour(scene)
    seen = noise.through_path(motion, condition.path, scene.rate_hz)
    if config.noise.enabled:
        level = machine.residual / sqrt(2) * 10 ** (-condition.snr_db / 20)
        seen += level * noise.sensor_noise(
            scene.stream, seen.shape, scene.rate_hz, machine.mains_hz
        )
    microns = noise.quantised(seen * machine.clearance_um, machine.clearance_um / CONVERTER_STEPS)
    return np.concatenate([microns, scene.tacho[None]])
