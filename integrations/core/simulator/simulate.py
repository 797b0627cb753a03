"""Makes simulated data sets: any signal alone, or all of them into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from integrations.core.data.dataset import (
    DatasetError,
    DatasetInfo,
    DatasetWriter,
    FloatArray,
    Recording,
    read_info,
)
from integrations.core.simulator.conditions import Condition, condition_of
from integrations.core.simulator.config import CHANNELS, SimulatorConfig
from integrations.core.simulator.journal import journal_signal
from integrations.core.simulator.rolling import rolling_signal
from integrations.core.simulator.streams import of_signal

TRUTH_FIELDS = ("severity", "faults")
"""Fields that tell the answer; never an input of a model."""

LICENCE = "Made by this program; free to use for any purpose (CC0)."
BANDS = ((0.45, "incipient"), (0.70, "mild"), (0.90, "moderate"), (np.inf, "severe"))

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Simulated:
    """One signal with all that is known of it.

    Attributes:
        samples: Shape (4, samples), float32: X, Y, axial, tacho.
        severity: Fault to its strength, 0 to 1; empty for a normal signal.
    """

    samples: FloatArray
    recording: Recording
    severity: dict[str, float]


def simulate_one(config: SimulatorConfig, index: int) -> Simulated:
    """Make signal ``index`` (0 to ``config.n_signals`` − 1); it depends on nothing but these two.

    Raises:
        DatasetError: The conditions make a chosen class impossible.
    """
    kind, number = divmod(index, config.content.signals_per_class)
    label = config.classes[kind]
    condition = condition_of(config, number)
    make = rolling_signal if config.rolling else journal_signal
    samples, severity = make(config, label, condition, of_signal(config.seed, index))
    recording = Recording(
        name=f"{label} {number + 1:0{len(str(config.content.signals_per_class))}d}",
        label=label,
        group=condition.machine.name,
        n_samples=samples.shape[1],
        sampling_rate_hz=config.rate_hz,
        fields=_known(config, condition) | _truth(severity),
    )
    return Simulated(samples.astype(np.float32), recording, severity)


def make_dataset(
    config: SimulatorConfig,
    folder: Path,
    progress: Progress = lambda fraction, message: None,
    *,
    name: str = "",
) -> DatasetInfo:
    """Make a data set into ``folder``.

    Args:
        config: What to make.
        folder: Where; created when absent.
        progress: Called with the share done (0 to 1) and what is being made.
        name: Shown to people; by default it says what was simulated.

    Raises:
        DatasetError: The conditions make a chosen class impossible.
        OSError: The folder cannot be written.
    """
    with DatasetWriter(
        folder,
        name=name or title_of(config),
        channels=CHANNELS,
        unit="g" if config.rolling else "µm",
        properties=properties_of(config),
    ) as writer:
        for index, signal in enumerate(_all(config)):
            writer.add(signal.samples, signal.recording)
            progress((index + 1) / config.n_signals, signal.recording.label)
    return read_info(folder)


def title_of(config: SimulatorConfig) -> str:
    """Name a data set after what is simulated."""
    bearing = "Rolling" if config.rolling else "Journal"
    return f"Simulated {bearing.lower()} bearing, {config.n_signals} signals, seed {config.seed}"


def properties_of(config: SimulatorConfig) -> dict[str, Any]:
    """Give the facts about a whole simulated set, with the configuration that repeats it."""
    return {
        "summary": _summary(config),
        "source": "Signalbench bearing simulator",
        "licence": LICENCE,
        "note": "Simulated, not measured: results here say how well a method finds the physics "
        "that was put in, not how well it does on a real machine.",
        "bearing_kind": str(config.content.kind),
        "group_noun": "machine",
        "truth_fields": list(TRUTH_FIELDS),
        "channel_units": dict(zip(CHANNELS, _units(config), strict=True)),
        "seed": config.seed,
        "simulator": config.model_dump(mode="json"),
    }


def problem_of(config: SimulatorConfig) -> str:
    """Say in a sentence why a configuration cannot be made, or "" when it can; quick."""
    try:
        for number in range(min(config.content.machines, config.content.signals_per_class)):
            condition_of(config, number)
    except DatasetError as error:
        return str(error)
    return ""


def band_of(severity: float) -> str:
    """Name a severity: incipient, mild, moderate or severe."""
    return next(name for limit, name in BANDS if severity < limit)


def _all(config: SimulatorConfig) -> Iterator[Simulated]:
    return (simulate_one(config, index) for index in range(config.n_signals))


def _known(config: SimulatorConfig, condition: Condition) -> dict[str, str | float]:
    machine = condition.machine
    fields: dict[str, str | float] = {
        "rpm": round(60 * condition.stated_speed_hz, 1),
        "unit load": round(condition.unit_load_mpa, 3),
        "oil temperature": round(condition.temperature_c, 1),
        "oil grade": condition.oil_grade,
        "Sommerfeld": float(f"{condition.sommerfeld:.4g}"),
        "critical speed": round(machine.critical_hz, 2),
        "machine": machine.name,
        "sensor path": condition.path.name,
        "SNR": round(condition.snr_db, 1),
    }
    if config.rolling:
        for name in ("unit load", "oil temperature", "oil grade", "Sommerfeld", "critical speed"):
            del fields[name]
        fields |= {key: round(order, 4) for key, order in machine.rolling.orders.items()}
    return fields


def _truth(severity: dict[str, float]) -> dict[str, str | float]:
    return {
        "severity": band_of(max(severity.values())) if severity else "none",
        "faults": " + ".join(severity) or "none",
    }


def _units(config: SimulatorConfig) -> tuple[str, ...]:
    motion = "g" if config.rolling else "µm"
    return (motion, motion, motion, "pulse")


def _summary(config: SimulatorConfig) -> str:
    machines = min(config.content.machines, config.content.signals_per_class)
    bearing = "rolling" if config.rolling else "journal"
    return (
        f"{config.n_signals} simulated signals of a {bearing} bearing: {len(config.classes)} "
        f"classes on {machines} machines, with known causes."
    )
