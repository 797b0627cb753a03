"""When waiting runs will start: the queue played forward over the slots; pure, no database."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence


def expected_starts(
    free_in: Sequence[float | None], durations: Sequence[float | None]
) -> list[float | None]:
    """Give how long each waiting run still waits.

    Args:
        free_in: For every slot the seconds until it is free: 0 for a free one, None when nobody
            knows.
        durations: Expected training seconds of the waiting runs, in the order they are claimed;
            None when nobody knows.

    Returns:
        Seconds until each of them starts; None when that cannot be told.
    """
    slots = [math.inf if seconds is None else max(0.0, seconds) for seconds in free_in]
    heapq.heapify(slots)
    starts: list[float | None] = []
    for duration in durations:
        begin = heapq.heappop(slots) if slots else math.inf
        starts.append(begin if math.isfinite(begin) else None)
        heapq.heappush(slots, begin + (math.inf if duration is None else max(0.0, duration)))
    return starts


def remaining_seconds(
    fraction: float, elapsed: float, live: float | None, forecast: float | None
) -> float | None:
    """Give how long a run still takes: what it says itself, else by what is done or was expected.

    Args:
        fraction: Share done, 0 to 1.
        elapsed: Seconds spent on it.
        live: Its own estimate.
        forecast: What the whole was expected to take when it was created.
    """
    if live is not None:
        return max(0.0, live)
    if fraction >= ENOUGH_FRACTION and elapsed > 0:
        return elapsed * (1.0 - fraction) / fraction
    if forecast is not None and forecast > elapsed:
        return forecast - elapsed
    return None


ENOUGH_FRACTION = 0.05
"""A run that did less says nothing yet about its pace."""
