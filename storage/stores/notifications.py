"""What people are told without looking: the bell's list, and the outbox of the channels."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Channel, Delivery, Notification

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
