"""Times relative to now, and the shared number words under the names the screens use."""

from __future__ import annotations

from datetime import UTC, datetime

from dash import html

from integrations.core import text

ROUGH_FROM_SECONDS = 600.0
"""Ranges that reach this far are written in whole minutes."""


format_percent = text.percent
format_interval = text.interval
format_number = text.number
format_count = text.count
format_bytes = text.size
format_duration = text.duration


def format_score(value: float | None, low: object = None, high: object = None) -> str:
    """Write a fraction with its 95 % interval where there is one: "96.8 % (95.1–98.0)"."""
    least = low if isinstance(low, int | float) else None
    most = high if isinstance(high, int | float) else None
    return text.interval(value, least, most)


def format_duration_range(low: float, high: float) -> str:
    """Write a range of durations: "8.0–20 s", "50 s–2 min 5 s", "3–26 min"."""
    if high < 59.5:
        return f"{format_duration(low).removesuffix(' s')}–{format_duration(high)}"
    if high < ROUGH_FROM_SECONDS or high >= 3600:
        return f"{format_duration(low)}–{format_duration(high)}"
    first = format_duration(low) if low < 59.5 else f"{round(low / 60)}"
    return f"{first}–{round(high / 60)} min"


def format_rough(seconds: float) -> str:
    """Write an estimate no finer than it is known: "20 s", "3 min", "1 h 25 min"."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    if seconds < 3570:
        return f"{max(1, round(seconds / 60))} min"
    minutes = 5 * round(seconds / 300)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


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
