"""Ready-made simulations to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations.core.simulator.config import SimulatorConfig


@dataclass(frozen=True)
class SimulatorPreset:
    """A named configuration; ``config`` holds only what differs from the defaults."""

    key: str
    title: str
    summary: str
    config: dict[str, Any]

    def apply(self) -> SimulatorConfig:
        """Make the configuration."""
        return SimulatorConfig.model_validate(self.config)


PRESETS = (
    SimulatorPreset(
        "journal",
        "Journal bearing",
        "1 430 signals: eleven classes on 26 machines, mild to severe faults, moderate noise.",
        {},
    ),
    SimulatorPreset(
        "rolling",
        "Rolling bearing",
        "520 signals: inner race, outer race, ball and normal on 26 machines.",
        {"content": {"kind": "rolling"}},
    ),
    SimulatorPreset(
        "hard",
        "Hard: early faults in noise",
        "The journal bearing with incipient faults, in far more noise than a healthy machine "
        "moves.",
        {
            "severity": {"lowest": 0.20, "highest": 0.45},
            "noise": {"lowest_snr_db": -25.0, "highest_snr_db": -10.0},
        },
    ),
)
