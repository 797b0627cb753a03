"""What people are told without looking: the bell's list, and the outbox of the channels."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.models import Channel, Delivery, Notification, utc_now

KINDS = ("completed", "stopped", "failed", "crashed", "worker-lost", "storage")
"""Kinds of notifications; a channel names those it wants."""


@dataclass(frozen=True)
class Notice:
    """Something to tell.

    Attributes:
        level: info, success, warning or error.
        kind: One of KINDS.
        title: A short sentence without a full stop.
        message: What happened and what to do.
        experiment_id: The run it is about, if any.
    """

    level: str
    kind: str
    title: str
    message: str = ""
    experiment_id: int | None = None


@dataclass(frozen=True)
class NotificationEntity:
    """A line of the bell's list."""

    id: int
    level: str
    kind: str
    title: str
    message: str
    experiment_id: int | None
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class BellState:
    """What makes the bell look as it does: when none of it changed, nothing did."""

    newest_id: int
    unread: int
    total: int


class NotificationStore:
    """Reads the bell's list and marks lines of it as read."""

    def state(self) -> BellState:
        """Count, without reading the lines."""
        with read_session() as session:
            newest, total, read = session.execute(
                select(
                    func.coalesce(func.max(Notification.id), 0),
                    func.count(),
                    func.count(Notification.read_at),
                )
            ).one()
        return BellState(newest, total - read, total)

    def page(
        self, *, limit: int = 30, before: int | None = None, unread_only: bool = False
    ) -> list[NotificationEntity]:
        """Give the newest lines, or those older than the id ``before``."""
        query = select(Notification).order_by(Notification.id.desc()).limit(limit)
        query = query if before is None else query.where(Notification.id < before)
        query = query.where(Notification.read_at.is_(None)) if unread_only else query
        with read_session() as session:
            return [_entity(row) for row in session.scalars(query)]

    def mark_read(self, ids: Sequence[int] | None = None) -> int:
        """Mark lines as read, all of them by default; gives how many were unread."""
        chosen = update(Notification).where(Notification.read_at.is_(None))
        if ids is not None:
            chosen = chosen.where(Notification.id.in_(ids))
        with write_session() as session:
            marked = session.scalars(
                chosen.values(read_at=utc_now())
                .returning(Notification.id)
                .execution_options(synchronize_session=False)
            )
            return len(marked.all())

    def exists(self, notification_id: int) -> bool:
        """Tell whether there is a line of that id."""
        with read_session() as session:
            return session.get(Notification, notification_id) is not None

    def forget_old(self, days: float) -> None:
        """Remove lines older than some days, with their deliveries."""
        with write_session() as session:
            old = utc_now() - timedelta(days=days)
            session.execute(delete(Notification).where(Notification.created_at < old))


def announce(session: Session, notice: Notice) -> None:
    """Put a notice on the bell's list and into the outbox of each channel that wants its kind.

    It is written in the caller's transaction, so that nothing is told that did not happen and
    nothing that happened is forgotten.
    """
    row = Notification(**notice.__dict__)
    session.add(row)
    session.flush()
    for channel in session.scalars(select(Channel).where(Channel.enabled)):
        if notice.kind in channel.kinds:
            session.add(queued(channel.id, notice, row.id))


def queued(channel_id: int, notice: Notice, notification_id: int | None = None) -> Delivery:
    """Give the outbox row of a message; its key is the same at every attempt to send it."""
    payload: dict[str, Any] = dict(notice.__dict__)
    return Delivery(
        key=str(uuid.uuid4()),
        channel_id=channel_id,
        notification_id=notification_id,
        status="queued",
        payload=payload,
    )


def _entity(row: Notification) -> NotificationEntity:
    return NotificationEntity(
        row.id, row.level, row.kind, row.title, row.message, row.experiment_id, row.created_at,
        row.read_at,
    )  # fmt: skip
