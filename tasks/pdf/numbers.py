"""The shared number words as the report sets them: spaces that never break a line."""

from __future__ import annotations

from typing import Any

from integrations.core import text
from integrations.core.evaluation.evaluation import Interval

NONE = text.NONE
THIN, HARD = text.THIN, "\u00a0"


def percent(value: float | None) -> str:
    """Write a fraction as percent: 0.968 → "96.8 %"."""
    return text.percent(value).replace(" ", HARD)


def span(interval: Interval) -> str:
    """Write only the bounds of an interval: "95.1–98.0"."""
    return text.span(interval.low, interval.high)


def with_interval(interval: Interval) -> str:
    """Write a fraction with its interval: "96.8 % (95.1–98.0)"."""
    return f"{percent(interval.value)} ({span(interval)})"


def span_of_points(interval: Interval) -> str:
    """Write a difference of shares with its interval, in points: "+1.2 (−0.4 to +2.8)"."""
    value, low, high = (
        f"{x * 100:+.1f}".replace("-", "−") for x in (interval.value, interval.low, interval.high)
    )
    return f"{value}{HARD}({low} to {high})".replace(" to ", f"{HARD}to{HARD}")


def score(interval: Interval) -> str:
    """Write a figure that is no share with its interval: "0.214 (0.180–0.251)"."""
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def count(value: int) -> str:
    """Write a count with spaces between thousands (the report's font has no thin one)."""
    return text.count(value).replace(THIN, HARD)


def counted(value: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 recording", "12 recordings"."""
    return text.counted(value, one, many).replace(THIN, HARD)


def duration(seconds: float | None) -> str:
    """Write a duration: "310 ms", "8.2 s", "2 min 5 s", "1 h 12 min"."""
    return text.duration(seconds).replace(THIN, HARD)


number = text.number


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
