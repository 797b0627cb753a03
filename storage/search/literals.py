"""Numbers, shares, durations and times as people write them in a search."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.models import utc_now
from storage.search.errors import SearchError
from storage.search.expression import Word

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
UNIT_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(s|min|m|h|d|w))+")
PART = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d|w)")
DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?)?)?"
)
EARLIEST_YEAR, LATEST_YEAR = 1970, 9998


@dataclass(frozen=True)
class Span:
    """A piece of time, [start, end); a moment has both ends equal."""

    start: datetime
    end: datetime


def number_in(text: str) -> float | None:
    """Give the number that a text is ("0.95", "95%", "1e-3"); None when it is none."""
    digits, scale = (text[:-1], 0.01) if text.endswith("%") else (text, 1.0)
    if not NUMBER.fullmatch(digits):
        return None
    value = float(digits) * scale
    return value if math.isfinite(value) else None


def number_of(word: Word) -> float:
    """Give a number.

    Raises:
        SearchError: It is none.
    """
    value = number_in(word.text)
    if value is None:
        raise _wrong(word, "a number is needed, e.g. 0.95, 95% or 1e-3")
    return value


def seconds_of(word: Word) -> float:
    """Give a duration in seconds: 90, 90s, 5m, 1h30m, 2d.

    Raises:
        SearchError: It is none.
    """
    plain = number_in(word.text)
    seconds = _duration(word.text) if plain is None else plain
    if seconds is None:
        raise _wrong(word, "a duration is needed, e.g. 90s, 5m or 1h30m")
    return seconds


def span_of(word: Word, now: datetime | None = None) -> Span:
    """Give the day, month, year, minute or moment that a word names, in this machine's time zone.

    Raises:
        SearchError: It names none.
    """
    present = (now or utc_now()).astimezone()
    try:
        span = _named(word.text.lower(), present) or _ago(word.text, present) or _date(word.text)
    except (ValueError, OverflowError) as error:
        raise _wrong(word, "there is no such date") from error
    if span is None:
        raise _wrong(word, "a date is needed, e.g. 2026-11-01, -7d, today or yesterday")
    return span


def _named(text: str, present: datetime) -> Span | None:
    if text == "now":
        return Span(present, present)
    if text not in ("today", "yesterday"):
        return None
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=1 if text == "yesterday" else 0)
    return Span(start, start + timedelta(days=1))


def _ago(text: str, present: datetime) -> Span | None:
    seconds = _duration(text.removeprefix("-"))
    if seconds is None:
        return None
    moment = present - timedelta(seconds=seconds)
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(text)
    return Span(moment, moment)


def _date(text: str) -> Span | None:
    found = DATE.fullmatch(text)
    if found is None:
        return None
    given = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    if not EARLIEST_YEAR <= given["year"] <= LATEST_YEAR:
        raise ValueError(text)
    start = datetime(**({"month": 1, "day": 1} | given)).astimezone()  # type: ignore[arg-type]
    return Span(start, _end_of(start, tuple(given)))


def _end_of(start: datetime, given: tuple[str, ...]) -> datetime:
    if given == ("year",):
        return start.replace(year=start.year + 1)
    if given == ("year", "month"):
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    steps = {"day": timedelta(days=1), "minute": timedelta(minutes=1)}
    return start + steps.get(given[-1], timedelta(seconds=1))


def _duration(text: str) -> float | None:
    if not DURATION.fullmatch(text):
        return None
    seconds = sum(float(amount) * UNIT_SECONDS[unit] for amount, unit in PART.findall(text))
    return seconds if math.isfinite(seconds) else None


def _wrong(word: Word, what: str) -> SearchError:
    return SearchError(f"“{word.text}” cannot be used here: {what}.", word.position, word.length)
