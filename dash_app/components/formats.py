"""Numbers, times and sizes as the screens and the report write them."""

from __future__ import annotations

from datetime import UTC, datetime

from dash import html

SIZES = ("B", "kB", "MB", "GB", "TB")

ROUGH_FROM_SECONDS = 600.0
"""Ranges that reach this far are written in whole minutes."""


def format_percent(value: float | None, digits: int = 1) -> str:
    """Write a fraction as percent: 0.968 → "96.8 %"; None as an en dash."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def format_interval(value: float, low: float, high: float, digits: int = 1) -> str:
    """Write a fraction with its 95 % interval: "96.8 % (95.1–98.0)"."""
    return f"{value * 100:.{digits}f} % ({low * 100:.{digits}f}–{high * 100:.{digits}f})"


def format_score(value: float | None, low: object = None, high: object = None) -> str:
    """Write a fraction with its 95 % interval where there is one: "96.8 % (95.1–98.0)"."""
    if value is None or not isinstance(low, int | float) or not isinstance(high, int | float):
        return format_percent(value)
    return format_interval(value, low, high)


def format_number(value: float | None, digits: int = 4) -> str:
    """Write a number with sensible digits; None as an en dash."""
    return "–" if value is None else f"{value:.{digits}g}"


def format_count(value: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def format_bytes(value: float) -> str:
    """Write a size with a decimal unit: 1 234 567 → "1.2 MB"."""
    for unit in SIZES:
        if value < 1000 or unit == SIZES[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable: the last unit always returns")


def format_duration(seconds: float | None) -> str:
    """Write a duration: "8 s", "2 min 5 s", "1 h 12 min"; None as an en dash."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def format_duration_range(low: float, high: float) -> str:
    """Write a range of durations: "8.0–20 s", "50 s–2 min 5 s", "3–26 min"."""
    if high < 59.5:
        return f"{format_duration(low).removesuffix(' s')}–{format_duration(high)}"
    if high < ROUGH_FROM_SECONDS or high >= 3600:
        return f"{format_duration(low)}–{format_duration(high)}"
    first = format_duration(low) if low < 59.5 else f"{round(low / 60)}"
    return f"{first}–{round(high / 60)} min"


def relative_time(moment: datetime | None) -> html.Span:
    """Say how long ago something was, with the exact time on hover."""
    if moment is None:
        return html.Span("–")
    seconds = (datetime.now(UTC) - moment).total_seconds()
    exact = moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return html.Span(ago(seconds), title=exact)


def ago(seconds: float) -> str:
    """Say how long ago something was: "just now", "5 min ago", "2 days ago"."""
    if seconds < 45:
        return "just now"
    for size, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            plural = "s" if unit == "day" and count > 1 else ""
            return f"{count} {unit}{plural} ago"
    return "1 min ago"
