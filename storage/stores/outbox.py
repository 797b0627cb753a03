"""The outbox: messages to channels, sent at least once and always under the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from storage.database import database_now, read_session, write_session
from storage.entities import NotFoundError
from storage.models import Channel, Delivery, utc_now
from storage.stores.channels import secrets_of
from storage.stores.leases import Lease, LeaseTable, release
from storage.stores.notifications import Notice, queued

QUEUED, SENDING, SENT, FAILED = "queued", "sending", "sent", "failed"
MAX_TRIES = 8
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 3600.0
TEST = Notice(
    "info",
    "test",
    "This is a test",
    "Notifications of this Signalbench arrive here.",
)

_DELIVERIES = LeaseTable(Delivery, QUEUED, SENDING, (Delivery.next_at, Delivery.id))


@dataclass(frozen=True)
class Parcel:
    """A claimed message with all that is needed to send it.

    Attributes:
        key: The same at every attempt; receivers know a repetition by it.
        notice: The fields of the notice.
        secrets: Of the channel; never to be logged or shown.
    """

    lease: Lease
    key: str
    kind: str
    config: dict[str, Any]
    secrets: dict[str, str]
    notice: dict[str, Any]
    created_at: datetime
    tries: int


@dataclass(frozen=True)
class DeliveryEntity:
    """How far a message got."""

    id: int
    channel_id: int
    key: str
    status: str
    error: str
    tries: int
    title: str
    test: bool
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class ChannelTraffic:
    """What a channel's card says: its newest message, what waits, what was given up."""

    newest: DeliveryEntity | None
    waiting: int
    failed: int


class OutboxStore:
    """Moves messages through their states; one transaction per move."""

    def due(self) -> bool:
        """Tell whether there is something to send, without locking anything."""
        query = select(Delivery.id).where(Delivery.status == QUEUED, *_ready()).limit(1)
        with read_session() as session:
            return session.scalar(query) is not None

    def claim(self, owner: str, lease_seconds: float) -> Parcel | None:
        """Take the message that has been due longest."""
        with write_session() as session:
            row = _DELIVERIES.claim(session, owner, lease_seconds, *_ready())
            if row is None:
                return None
            channel = session.get_one(Channel, row.channel_id)
            return Parcel(
                Lease(row.id, row.token), row.key, channel.kind, dict(channel.config),
                secrets_of(channel), dict(row.payload), row.created_at, row.attempts,
            )  # fmt: skip

    def sent(self, lease: Lease, remark: str = "") -> None:
        """Note that a message arrived; ``remark`` is what is to be known about it.

        Raises:
            LeaseLostError: Another worker took it over, or the channel was deleted.
        """
        with write_session() as session:
            row = _DELIVERIES.held(session, lease)
            row.status, row.sent_at, row.error = SENT, utc_now(), remark
            release(row)

    def not_sent(
        self, lease: Lease, sentence: str, *, for_good: bool = False, wait_seconds: float = 0.0
    ) -> None:
        """Note why a message did not arrive; it is tried again later, or given up.

        Args:
            lease: The claim.
            sentence: What happened and what to do.
            for_good: Trying again would not help.
            wait_seconds: What the receiver asked us to wait at least.

        Raises:
            LeaseLostError: Another worker took it over, or the channel was deleted.
        """
        with write_session() as session:
            row = _DELIVERIES.held(session, lease)
            row.error = sentence
            once = row.payload.get("kind") == TEST.kind
            row.status = FAILED if for_good or once or row.attempts >= MAX_TRIES else QUEUED
            pause = max(pause_after(row.attempts), min(wait_seconds, LONGEST_PAUSE_SECONDS))
            row.next_at = (session.scalar(select(database_now())) or 0.0) + pause
            release(row)

    def reap(self) -> list[int]:
        """Queue the messages again whose worker fell silent while it sent them."""
        with write_session() as session:
            rows = _DELIVERIES.expired(session)
            for row in rows:
                row.status = QUEUED
            return [row.id for row in rows]

    def test(self, channel_id: int) -> DeliveryEntity:
        """Queue a message that says that the channel works; tried once.

        Raises:
            NotFoundError: There is no such channel.
        """
        with write_session() as session:
            if session.get(Channel, channel_id) is None:
                raise NotFoundError(f"There is no channel {channel_id}. It may have been deleted.")
            row = queued(channel_id, TEST)
            session.add(row)
            session.flush()
            return _entity(row)

    def again(self, channel_id: int) -> int:
        """Queue the messages of a channel again that were given up; gives how many."""
        with write_session() as session:
            rows = session.scalars(
                update(Delivery)
                .where(Delivery.channel_id == channel_id, *_given_up())
                .values(status=QUEUED, next_at=0.0, attempts=0)
                .returning(Delivery.id)
                .execution_options(synchronize_session=False)
            )
            return len(rows.all())

    def deliveries(self, channel_id: int, limit: int = 50) -> list[DeliveryEntity]:
        """Give the newest messages of a channel."""
        query = select(Delivery).where(Delivery.channel_id == channel_id)
        with read_session() as session:
            rows = session.scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()
            return [_entity(row) for row in rows]

    def traffic(self, channel_ids: Sequence[int]) -> dict[int, ChannelTraffic]:
        """Give what the cards of some channels say."""
        return {number: self._traffic(number) for number in channel_ids}

    def forget_old(self, days: float) -> None:
        """Remove what was sent or given up longer ago than some days."""
        with write_session() as session:
            old = Delivery.created_at < utc_now() - timedelta(days=days)
            done = Delivery.status.in_((SENT, FAILED))
            session.execute(delete(Delivery).where(old, done))

    def _traffic(self, channel_id: int) -> ChannelTraffic:
        mine = Delivery.channel_id == channel_id
        with read_session() as session:
            newest = session.scalar(select(Delivery).where(mine).order_by(Delivery.id.desc()))
            waiting = session.scalar(
                select(func.count()).where(mine, Delivery.status.in_((QUEUED, SENDING)))
            )
            failed = session.scalar(select(func.count()).where(mine, *_given_up()))
        shown = None if newest is None else _entity(newest)
        return ChannelTraffic(shown, waiting or 0, failed or 0)


def pause_after(tries: int) -> float:
    """Give the seconds until the next attempt: 10 s, 20 s, 40 s … at most an hour."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, 20)))


def _ready() -> tuple[ColumnElement[bool], ...]:
    on = Delivery.channel_id.in_(select(Channel.id).where(Channel.enabled))
    return (Delivery.next_at <= database_now(), or_(on, Delivery.notification_id.is_(None)))


def _given_up() -> tuple[ColumnElement[bool], ...]:
    return (Delivery.status == FAILED, Delivery.notification_id.is_not(None))


def _entity(row: Delivery) -> DeliveryEntity:
    test = row.payload.get("kind") == TEST.kind
    return DeliveryEntity(
        row.id, row.channel_id, row.key, row.status, row.error, row.attempts,
        str(row.payload.get("title", "")), test, row.created_at, row.sent_at,
    )  # fmt: skip
