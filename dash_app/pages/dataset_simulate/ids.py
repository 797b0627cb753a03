"""Component ids of the simulation screen."""

from __future__ import annotations

from typing import Any

from dash import ALL

FORM = "simulate"
PRESET = "simulate-preset"
NAME = "simulate-name"
ESTIMATE = "simulate-estimate"
CONFIG = "simulate-config"
START = "simulate-start"
REFUSAL = "simulate-refusal"
CLASS = "simulate-class"
ANOTHER = "simulate-another"
PREVIEW = "simulate-preview"

ALL_FIELDS: dict[str, Any] = {"type": "simulate-field", "path": ALL}
ALL_SWITCHES: dict[str, Any] = {"type": "simulate-switch", "path": ALL}
ALL_SLIDERS: dict[str, Any] = {"type": "simulate-slider", "path": ALL}
ALL_WRAPS: dict[str, Any] = {"type": "simulate-wrap", "path": ALL}
