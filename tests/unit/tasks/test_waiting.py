"""The queue played forward: expected starts, and what is left of a run."""

from __future__ import annotations

import pytest

from tasks.waiting import expected_starts, remaining_seconds


def test_runs_start_where_a_place_is_free_first() -> None:
    assert expected_starts([30.0, 10.0], [5.0, 100.0, 7.0]) == [10.0, 15.0, 30.0]


def test_a_free_place_starts_a_run_at_once() -> None:
    assert expected_starts([0.0, 0.0], [60.0, 60.0, 60.0]) == [0.0, 0.0, 60.0]


def test_an_unknown_end_keeps_only_those_who_need_that_place_in_the_dark() -> None:
    assert expected_starts([None, 10.0], [20.0, 5.0]) == [10.0, 30.0]
    assert expected_starts([None], [20.0]) == [None]
    assert expected_starts([10.0], [None, 20.0]) == [10.0, None]


def test_without_places_nobody_knows() -> None:
    assert expected_starts([], [1.0, 2.0]) == [None, None]


@pytest.mark.parametrize(
    ("fraction", "elapsed", "live", "forecast", "expected"),
    [
        (0.5, 60.0, 42.0, 500.0, 42.0),
        (0.5, 60.0, -1.0, None, 0.0),
        (0.25, 60.0, None, 500.0, 180.0),
        (0.0, 60.0, None, 100.0, 40.0),
        (0.0, 160.0, None, 100.0, None),
        (0.01, 60.0, None, None, None),
    ],
)
def test_what_is_left_comes_from_the_run_its_pace_or_the_forecast(
    fraction: float,
    elapsed: float,
    live: float | None,
    forecast: float | None,
    expected: float | None,
) -> None:
    assert remaining_seconds(fraction, elapsed, live, forecast) == expected
