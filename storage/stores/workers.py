"""Which workers are alive: each writes a row now and then, the database keeps the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from storage.database import database_now, read_session, write_session
from storage.models import WorkerRow

BEAT_SECONDS = 3.0
SILENT_SECONDS = 15.0
LOST_SECONDS = 900.0
"""So long a worker that fell silent without a word is missed."""
FORGET_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class WorkerEntity:
    """A worker process that gave a sign of life lately.

    Attributes:
        slots: Runs it trains at the same time.
        facts: threads, memory_bytes, device and what else the worker says of its host.
        age_seconds: Time since its last sign of life.
    """

    name: str
    host: str
    slots: int
    facts: dict[str, Any]
    seen_at: float
    age_seconds: float


class WorkerStore:
    """Reads and writes the signs of life."""

    def beat(self, name: str, host: str, slots: int, facts: dict[str, Any]) -> None:
        """Say that a worker is alive, and forget those silent for a day."""
        with write_session() as session:
            now = session.scalar(select(database_now())) or 0.0
            row = WorkerRow(name=name, host=host, slots=slots, facts=facts, seen_at=now)
            session.merge(row)
            session.execute(delete(WorkerRow).where(WorkerRow.seen_at < now - FORGET_SECONDS))

    def forget(self, name: str) -> None:
        """Take a worker that leaves in order off the list."""
        with write_session() as session:
            session.execute(delete(WorkerRow).where(WorkerRow.name == name))

    def forget_replaced(self, host: str, is_gone: Callable[[WorkerEntity], bool]) -> None:
        """Take the dead workers of a host off the list, once another one does their work.

        Args:
            host: Where the caller can tell the dead from the living.
            is_gone: Tells of a worker of that host that its process is no more.
        """
        for worker in _heard_of(FORGET_SECONDS):
            if worker.host == host and is_gone(worker):
                self.forget(worker.name)

    def alive(self) -> list[WorkerEntity]:
        """Give the workers heard of within SILENT_SECONDS, by name."""
        return _heard_of(SILENT_SECONDS)

    def lost(self) -> list[WorkerEntity]:
        """Give the workers that fell silent within LOST_SECONDS without taking leave, by name."""
        return [w for w in _heard_of(LOST_SECONDS) if w.age_seconds > SILENT_SECONDS]


def _heard_of(seconds: float) -> list[WorkerEntity]:
    with read_session() as session:
        now = session.scalar(select(database_now())) or 0.0
        rows = session.scalars(
            select(WorkerRow).where(WorkerRow.seen_at >= now - seconds).order_by(WorkerRow.name)
        ).all()
    return [
        WorkerEntity(r.name, r.host, r.slots, r.facts, r.seen_at, max(0.0, now - r.seen_at))
        for r in rows
    ]
