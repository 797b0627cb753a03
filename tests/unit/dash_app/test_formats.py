"""How numbers, times and sizes are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dash_app.components import (
    format_bytes,
    format_count,
    format_duration,
    format_duration_range,
    format_interval,
    format_percent,
    format_score,
    relative_time,
)
from dash_app.components.formats import ago


def test_a_score_carries_its_interval_where_there_is_one() -> None:
    assert format_interval(0.968, 0.951, 0.98) == "96.8 % (95.1–98.0)"
    assert format_score(0.968, 0.951, 0.98) == "96.8 % (95.1–98.0)"
    assert format_score(0.968, None, 0.98) == "96.8 %"
    assert format_score(None, 0.1, 0.2) == "–"
    assert format_percent(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0, "0.0 s"),
        (8.24, "8.2 s"),
        (59.4, "59 s"),
        (125, "2 min 5 s"),
        (4320, "1 h 12 min"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1_234_567, "1.2 MB"), (5e15, "5000.0 TB")]
)
def test_a_size_has_decimal_units(size: float, text: str) -> None:
    assert format_bytes(size) == text


def test_counts_have_thin_spaces_between_thousands() -> None:
    assert format_count(1_234_567) == "1\u202f234\u202f567"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (44, "just now"),
        (50, "1 min ago"),
        (7300, "2 h ago"),
        (90000, "1 day ago"),
    ],
)
def test_the_past_is_told_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_a_relative_time_has_the_exact_one_on_hover() -> None:
    moment = datetime.now(UTC) - timedelta(hours=3)
    shown = relative_time(moment)
    assert shown.children == "3 h ago"
    assert moment.astimezone().strftime("%Y-%m-%d %H:%M") in shown.title
    assert relative_time(None).children == "–"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (8.0, 20.0, "8.0–20 s"),
        (12.0, 40.0, "12–40 s"),
        (50.0, 125.0, "50 s–2 min 5 s"),
        (23.0, 1546.0, "23 s–26 min"),
        (170.0, 1546.0, "3–26 min"),
        (1800.0, 9000.0, "30 min 0 s–2 h 30 min"),
    ],
)
def test_ranges_of_durations_are_as_fine_as_they_are_sure(
    low: float, high: float, text: str
) -> None:
    assert format_duration_range(low, high) == text
