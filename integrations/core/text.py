"""Numbers in words, the same on the screens and in the report; no number is an en dash."""

from __future__ import annotations

import math
from typing import TypeGuard

NONE = "–"
THIN = "\u202f"
SIZES = ("B", "kB", "MB", "GB", "TB")


def percent(value: float | None, digits: int = 1) -> str:
    """Write a fraction as percent: 0.968 → "96.8 %"."""
    return f"{value * 100:.{digits}f} %" if _is_number(value) else NONE


def span(low: float | None, high: float | None, digits: int = 1) -> str:
    """Write only the bounds of an interval, in percent: "95.1–98.0"."""
    if not (_is_number(low) and _is_number(high)):
        return NONE
    return f"{low * 100:.{digits}f}–{high * 100:.{digits}f}"


def interval(value: float | None, low: float | None, high: float | None, digits: int = 1) -> str:
    """Write a fraction with its 95 % interval where there is one: "96.8 % (95.1–98.0)"."""
    bounds = span(low, high, digits)
    return percent(value, digits) + (f" ({bounds})" if _is_number(value) and bounds != NONE else "")


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with sensible digits: 0.0123, −1.2e−05."""
    return f"{value:.{digits}g}".replace("-", "−") if _is_number(value) else NONE


def count(value: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{value:,}".replace(",", THIN)


def counted(value: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 recording", "12 recordings"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def size(n_bytes: float) -> str:
    """Write a size with a decimal unit: 1 234 567 → "1.2 MB"."""
    power = 0
    while n_bytes >= 1000 and power < len(SIZES) - 1:
        n_bytes, power = n_bytes / 1000, power + 1
    return f"{n_bytes:.1f} {SIZES[power]}" if power else f"{n_bytes:.0f} B"


def duration(seconds: float | None) -> str:
    """Write a duration: "310 ms", "8.2 s", "59 s", "2 min 5 s", "1 h 12 min"."""
    if not _is_number(seconds):
        return NONE
    if 0 < seconds < 0.95:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{count(whole // 3600)} h {whole % 3600 // 60} min"


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
