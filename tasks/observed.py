"""The bench at one moment, for whoever watches it from outside; read at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from storage import progress
from storage.settings import settings
from storage.stores.observations import Observations, observe
from storage.stores.workers import WorkerEntity, WorkerStore
from tasks.bell import queue_of
from tasks.disk import DiskState, disk_state

KEPT_SECONDS = 1.0
"""So long an observation is given again: many watchers cost no more than one."""


@dataclass(frozen=True)
class Observed:
    """What could be seen.

    Attributes:
        counts: What the database says; None while it is away.
        alive: Workers that gave a sign of life lately.
        lost: Workers that fell silent without a word.
        redis_up: True when Redis answers.
        disk: Room of the data folder; None when it cannot be read.
    """

    counts: Observations | None = None
    alive: Sequence[WorkerEntity] = ()
    lost: Sequence[WorkerEntity] = ()
    redis_up: bool = False
    disk: DiskState | None = None

    @property
    def waiting_by_queue(self) -> dict[str, int]:
        """Give the pending runs of the queues high, normal and low."""
        waiting = dict.fromkeys(("high", "normal", "low"), 0)
        for priority, count in (self.counts.waiting if self.counts else {}).items():
            waiting[queue_of(priority)] += count
        return waiting


@dataclass
class _Kept:
    """The newest observation, of which data folder and when."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    observed: Observed = field(default_factory=Observed)
    key: str = ""
    at: float = 0.0


_KEPT = _Kept()


def observed() -> Observed:
    """Look at database, workers, Redis and disk; never raises."""
    with _KEPT.lock:
        now, key = time.monotonic(), settings().database_url
        if _KEPT.key != key or now - _KEPT.at >= KEPT_SECONDS:
            _KEPT.observed, _KEPT.key, _KEPT.at = _look(), key, now
        return _KEPT.observed


def _look() -> Observed:
    redis_up, disk = _redis_up(), _disk()
    try:
        store = WorkerStore()
        return Observed(observe(), store.alive(), store.lost(), redis_up, disk)
    except (SQLAlchemyError, OSError):
        return Observed(redis_up=redis_up, disk=disk)


def _redis_up() -> bool:
    try:
        return progress.ping()
    except OSError:
        return False


def _disk() -> DiskState | None:
    try:
        return disk_state()
    except OSError:
        return None
