"""Claiming rows under a lease and a fencing token: how exactly one worker owns a run or a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.database import database_now
from storage.entities import LeaseLostError
from storage.models import Delivery, Experiment, Job

Row = TypeVar("Row", Experiment, Job, Delivery)


@dataclass(frozen=True)
class Lease:
    """A claim on one row; whoever holds an older token than the row's has lost it."""

    id: int
    token: int


class LeaseTable(Generic[Row]):
    """The life of a claim: made, beaten, held while writing, expired.

    All times are the database's, so that hosts need not agree on the time.
    """

    def __init__(
        self, model: type[Row], waiting: str, running: str, order: tuple[Any, ...]
    ) -> None:
        self._model: type[Any] = model
        self._waiting = waiting
        self._running = running
        self._order = order

    def claim(self, session: Session, owner: str, seconds: float, *where: Any) -> Row | None:
        """Take the first waiting row that nobody else is taking, under a new token.

        Args:
            session: The caller's transaction.
            owner: Who takes it.
            seconds: For how long, without a beat.
            where: Conditions the row must fulfil besides.
        """
        row: Row | None = session.scalar(
            select(self._model)
            .where(self._model.status == self._waiting, *where)
            .order_by(*self._order)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.status = self._running
        row.token += 1
        row.attempts += 1
        row.lease_owner = owner
        row.lease_until = (session.scalar(select(database_now())) or 0.0) + seconds
        return row

    def beat(self, session: Session, lease: Lease, seconds: float, /, **values: Any) -> None:
        """Hold on to a row for some more seconds, and write ``values`` with it.

        Raises:
            LeaseLostError: Another worker owns it, or it is no longer running.
        """
        beaten = session.scalar(
            update(self._model)
            .where(*self._owned(lease))
            .values(lease_until=database_now() + seconds, **values)
            .returning(self._model.id)
            .execution_options(synchronize_session=False)
        )
        if beaten is None:
            raise lost(lease)

    def held(self, session: Session, lease: Lease) -> Row:
        """Give the row, locked for this transaction, if the lease still holds.

        Raises:
            LeaseLostError: It does not.
        """
        row: Row | None = session.scalar(
            select(self._model).where(*self._owned(lease)).with_for_update()
        )
        if row is None:
            raise lost(lease)
        return row

    def expired(self, session: Session) -> list[Row]:
        """Lock and give the rows whose owner fell silent, each under a token nobody holds."""
        rows = session.scalars(
            select(self._model)
            .where(
                self._model.status == self._running,
                func.coalesce(self._model.lease_until, 0.0) < database_now(),
            )
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            release(row)
            row.token += 1
        return list(rows)

    def waiting(self, session: Session, limit: int = 100) -> list[int]:
        """Give the ids of waiting rows in the order they will be claimed."""
        statement = select(self._model.id).where(self._model.status == self._waiting)
        return list(session.scalars(statement.order_by(*self._order).limit(limit)))

    def waiting_priorities(self, session: Session) -> list[int]:
        """Give the highest priority that waits; empty when nothing does."""
        highest = select(func.max(self._model.priority)).where(self._model.status == self._waiting)
        found = session.scalar(highest)
        return [] if found is None else [int(found)]

    def _owned(self, lease: Lease) -> tuple[Any, ...]:
        return (
            self._model.id == lease.id,
            self._model.token == lease.token,
            self._model.status == self._running,
        )


def release(row: Experiment | Job | Delivery) -> None:
    """Take the owner off a row; the caller gives it its next status."""
    row.lease_owner = ""
    row.lease_until = 0.0


def lost(lease: Lease) -> LeaseLostError:
    """Word a lost lease."""
    return LeaseLostError(
        f"Another worker owns number {lease.id} now (token {lease.token} is old)."
    )
