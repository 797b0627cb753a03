"""Numbers, durations and settings as the report writes them; what is not a number is an en dash."""

from __future__ import annotations

import math
from typing import Any

from integrations.core.evaluation.evaluation import Interval

NONE = "–"


def percent(value: float | None) -> str:
    """Write a fraction as percent: 0.968 → "96.8 %"."""
    return NONE if value is None or not math.isfinite(value) else f"{value * 100:.1f}\u00a0%"


def span(interval: Interval) -> str:
    """Write only the bounds of an interval: "95.1–98.0"."""
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return NONE
    return f"{interval.low * 100:.1f}–{interval.high * 100:.1f}"


def with_interval(interval: Interval) -> str:
    """Write a fraction with its interval: "96.8 % (95.1–98.0)"."""
    return f"{percent(interval.value)} ({span(interval)})"


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with few digits: 0.0123, 1.2e-05."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:.{digits}g}".replace("-", "−")


def count(value: int) -> str:
    """Write a count with spaces between thousands."""
    return f"{value:,}".replace(",", "\u00a0")


def counted(value: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 recording", "12 recordings"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Write a duration: "0.31 s", "8.2 s", "2 min 5 s", "1 h 12 min"."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{count(whole // 3600)} h {whole % 3600 // 60} min"


def _singular(unit: str) -> str:
    if unit.endswith("sses"):
        return unit[:-2]
    return unit[:-1] if len(unit) > 3 and unit.isalpha() and unit.endswith("s") else unit


def setting_value(value: Any, unit: str = "") -> str:
    """Write a setting: switches as on/off, choices as words, numbers with their unit."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value in ("", []):
        return NONE
    if isinstance(value, list | tuple):
        return ", ".join(setting_value(item) for item in value)
    if isinstance(value, int | float):
        text = count(value) if isinstance(value, int) else number(value, 6)
        return f"{text} {_singular(unit) if value == 1 else unit}".strip()
    return str(value)
