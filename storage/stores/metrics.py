"""Metric histories: rows while a run is open, sealed at its end into chunks and coarser levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from storage.database import read_session
from storage.models import EpochRow, MetricChunk

CHUNK = 1024
"""Points of one chunk."""
SPANS = (1, 16, 256)
"""Steps that one bucket of each level spans; level 0 is exact."""
Steps = npt.NDArray[np.int32]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """A metric over the steps of a run.

    Attributes:
        steps: Shape (n,), int32, increasing; the first step of a bucket where it is coarse.
        low: Shape (n,), the smallest value of each bucket; the value itself at level 0.
        high: Shape (n,), the largest value of each bucket.
    """

    steps: Steps
    low: Values
    high: Values

    def coarser(self, span: int) -> History:
        """Join every ``span`` neighbouring points, keeping the extremes."""
        first = np.arange(0, len(self.steps), span)
        if len(first) == 0:
            return self
        low, high = np.fmin.reduceat(self.low, first), np.fmax.reduceat(self.high, first)
        return History(self.steps[first], low, high)


EMPTY = History(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))


class MetricStore:
    """Reads the histories of metrics."""

    def series(self, experiment_id: int) -> list[str]:
        """Give the names of a run's metrics, sorted."""
        with read_session() as session:
            names = select(MetricChunk.series).where(MetricChunk.experiment_id == experiment_id)
            sealed = set(session.scalars(names.distinct()))
            return sorted(sealed or _open_rows(session, experiment_id))

    def history(self, experiment_id: int, series: str, max_points: int = 2000) -> History:
        """Give a metric in at most ``max_points`` buckets, reading no more than they need.

        Args:
            experiment_id: The run, open or ended.
            series: Name of the metric; an unknown one has no points.
            max_points: Most buckets wanted, e.g. pixels of a chart.
        """
        with read_session() as session:
            found = _sealed(session, experiment_id, series, max_points)
            if found is None:
                found = _open_rows(session, experiment_id).get(series, EMPTY)
        span = -(-len(found.steps) // max(1, max_points))
        return found.coarser(span) if span > 1 else found

    def at_epochs(self, epochs: Mapping[int, int]) -> dict[int, dict[str, float]]:
        """Give all metrics of several runs, each at one epoch; runs without that row are left out.

        Args:
            epochs: Epoch by experiment id.
        """
        rows = select(EpochRow.experiment_id, EpochRow.values).where(
            tuple_(EpochRow.experiment_id, EpochRow.epoch).in_(list(epochs.items()))
        )
        with read_session() as session:
            return {
                number: {key: float(value) for key, value in values.items() if value is not None}
                for number, values in session.execute(rows)
            }


def seal(session: Session, experiment_id: int) -> None:
    """Write a run's history into chunks, inside the caller's transaction.

    The rows stay: the list of epochs is read from them, and a retried run goes on after them.
    """
    unseal(session, experiment_id)
    for series, exact in _open_rows(session, experiment_id).items():
        for level, span in enumerate(SPANS):
            session.add_all(_chunks(experiment_id, series, level, exact.coarser(span)))


def unseal(session: Session, experiment_id: int) -> None:
    """Throw the chunks away, because the run goes on."""
    session.execute(delete(MetricChunk).where(MetricChunk.experiment_id == experiment_id))


def _chunks(experiment_id: int, series: str, level: int, points: History) -> list[MetricChunk]:
    return [
        MetricChunk(
            experiment_id=experiment_id,
            series=series[:100],
            level=level,
            chunk=number,
            steps=_packed(points.steps[start : start + CHUNK]).tobytes(),
            low=points.low[start : start + CHUNK].tobytes(),
            high=points.high[start : start + CHUNK].tobytes() if level else b"",
        )
        for number, start in enumerate(range(0, len(points.steps), CHUNK))
    ]


def _sealed(session: Session, experiment_id: int, series: str, max_points: int) -> History | None:
    """Read the coarsest level that still has a bucket for each wanted point."""
    mine = (MetricChunk.experiment_id == experiment_id, MetricChunk.series == series[:100])
    counts = select(MetricChunk.level, func.count()).where(*mine).group_by(MetricChunk.level)
    full = {level: (chunks - 1) * CHUNK for level, chunks in session.execute(counts)}
    if not full:
        return None
    level = max((level for level, points in full.items() if points >= max_points), default=0)
    rows = session.scalars(
        select(MetricChunk).where(*mine, MetricChunk.level == level).order_by(MetricChunk.chunk)
    ).all()
    low = np.frombuffer(b"".join(row.low for row in rows), dtype=np.float64)
    high = np.frombuffer(b"".join(row.high for row in rows), dtype=np.float64) if level else low
    steps = [
        _unpacked(np.frombuffer(row.steps, dtype=np.int32), len(row.low) // low.itemsize)
        for row in rows
    ]
    return History(np.concatenate(steps), low, high)


def _packed(steps: Steps) -> Steps:
    """Give first step and stride of evenly spaced steps, which nearly all are; others whole."""
    strides = np.diff(steps)
    even = len(steps) > 2 and bool((strides == strides[0]).all())
    return np.array([steps[0], strides[0]], dtype=np.int32) if even else steps


def _unpacked(steps: Steps, count: int) -> Steps:
    if len(steps) == count:
        return steps
    return np.asarray(steps[0] + steps[1] * np.arange(count), dtype=np.int32)


def _open_rows(session: Session, experiment_id: int) -> dict[str, History]:
    points: dict[str, list[tuple[int, float]]] = defaultdict(list)
    rows = session.execute(
        select(EpochRow.epoch, EpochRow.values)
        .where(EpochRow.experiment_id == experiment_id)
        .order_by(EpochRow.epoch)
    )
    for epoch, values in rows:
        for series, value in values.items():
            points[series].append((epoch, float("nan") if value is None else float(value)))
    return {series: _exact(found) for series, found in points.items()}


def _exact(points: list[tuple[int, float]]) -> History:
    values = np.array([value for _, value in points], dtype=np.float64)
    return History(np.array([step for step, _ in points], dtype=np.int32), values, values)
