"""What the home screen tells: read from the stores, Redis and the health checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis

from storage import progress
from storage.entities import DatasetEntity, ExperimentEntity, Status
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from tasks import queue
from tasks.study_results import Spread, spreads

ACTIVE = (Status.RUNNING, Status.PAUSED, Status.PENDING)
MOST_ACTIVE = 8
MOST_RECENT = 8
LOOKED_THROUGH = 60
"""Newest runs looked through for them: one study may hold many."""
FIRST_CHOICES = ("gun_point", "basic_motions")


@dataclass(frozen=True)
class Active:
    """A run that is not finished, with its live snapshot (empty when Redis has none)."""

    run: ExperimentEntity
    snapshot: dict[str, Any]

    @property
    def fraction(self) -> float:
        """How far it is, 0 to 1."""
        live = self.snapshot.get("progress")
        value = float(live) if isinstance(live, int | float) else self.run.progress
        return min(1.0, max(0.0, value))

    @property
    def eta_seconds(self) -> float | None:
        """Estimated time left, where the run knows it."""
        left = self.snapshot.get("eta_seconds")
        return float(left) if isinstance(left, int | float) else None


@dataclass(frozen=True)
class Home:
    """Everything on the screen except the runs of this moment."""

    recent: list[ExperimentEntity]
    best: list[ExperimentEntity]
    health: queue.Health
    first_dataset: DatasetEntity | None
    counts: dict[str, int] = field(default_factory=dict)
    spreads: dict[int, Spread] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """True when nobody has made an experiment yet."""
        return not any(self.counts.values())


def active_runs() -> tuple[list[Active], int]:
    """Give what runs, is paused or waits (running first), and how many there are in all."""
    query = ExperimentQuery(statuses=ACTIVE, sort=(("status", True),), limit=MOST_ACTIVE)
    page = ExperimentStore().page(query)
    return [Active(run, _snapshot(run)) for run in page.items], page.total


def whole_home() -> Home:
    """Read what the screen needs besides the active runs."""
    store = ExperimentStore()
    ended = tuple(status for status in Status if status.ended)
    query = ExperimentQuery(statuses=ended, sort=(("finished_at", True),), limit=LOOKED_THROUGH)
    recent = one_of_each_study(store.page(query).items)[:MOST_RECENT]
    best = store.best_per_dataset()
    return Home(
        recent=recent,
        best=best,
        spreads=spreads([run.study_id for run in [*recent, *best]]),
        health=queue.health(),
        first_dataset=first_dataset(DatasetStore().all(ready_only=True)),
        counts=store.status_counts(),
    )


def one_of_each_study(runs: list[ExperimentEntity]) -> list[ExperimentEntity]:
    """Keep the newest run of each study, and all runs that stand alone."""
    seen: set[int] = set()
    kept = []
    for run in runs:
        if run.study_id not in seen:
            kept.append(run)
        if run.study_id is not None:
            seen.add(run.study_id)
    return kept


def first_dataset(ready: list[DatasetEntity]) -> DatasetEntity | None:
    """Choose the recording a newcomer tries first: a small built-in one, else any."""
    by_key = {item.builtin_key: item for item in ready}
    preferred = [by_key[key] for key in FIRST_CHOICES if key in by_key]
    built_in = [item for item in ready if item.builtin_key]
    return next(iter(preferred + built_in + ready), None)


def _snapshot(run: ExperimentEntity) -> dict[str, Any]:
    if run.status is Status.PENDING:
        return {}
    try:
        return progress.read(run.task_id, since=1_000_000).snapshot
    except (redis.RedisError, OSError):
        return {}
