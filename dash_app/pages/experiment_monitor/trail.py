"""What the rows of a run say so far, small enough to travel with every poll."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Track:
    """One metric so far; values are None where they were not finite.

    Attributes:
        total: Sum and ``count`` of the finite values, for means over folds.
    """

    last: float | None
    before: float | None
    low: float | None
    low_at: int
    high: float | None
    high_at: int
    total: float
    count: int


@dataclass(frozen=True)
class Trail:
    """All metrics so far and the number of rows seen."""

    rows: int = 0
    tracks: dict[str, Track] | None = None

    def track(self, name: str) -> Track | None:
        """Give one metric, or None when it never came."""
        return (self.tracks or {}).get(name)

    def after(self, rows: Sequence[Row]) -> Trail:
        """Give the trail with further rows added."""
        tracks = dict(self.tracks or {})
        for row in rows:
            for name, value in row.items():
                if name != "epoch":
                    tracks[name] = _step(tracks.get(name), int(row["epoch"]), _finite(value))
        return Trail(self.rows + len(rows), tracks)

    def to_json(self) -> dict[str, Any]:
        """Write for the browser's store."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any] | None) -> Trail:
        """Read from the browser's store."""
        if not data:
            return Trail()
        tracks = {name: Track(**track) for name, track in (data["tracks"] or {}).items()}
        return Trail(data["rows"], tracks)


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _step(track: Track | None, epoch: int, value: float | None) -> Track:
    if track is None:
        track = Track(None, None, None, 0, None, 0, 0.0, 0)
    if value is None:
        return replace(track, last=None, before=track.last)
    lower = track.low is None or value < track.low
    higher = track.high is None or value > track.high
    return replace(
        track,
        last=value,
        before=track.last,
        low=value if lower else track.low,
        low_at=epoch if lower else track.low_at,
        high=value if higher else track.high,
        high_at=epoch if higher else track.high_at,
        total=track.total + value,
        count=track.count + 1,
    )
