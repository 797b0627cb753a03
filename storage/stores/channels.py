"""The channels people configured; their secrets go in and come out for the sender only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.channel_kinds import ChannelDraft, given_secrets, shown_config
from storage.database import read_session, write_session
from storage.entities import ConflictError, NotFoundError
from storage.models import LARGEST_ID, Channel

MOST_CHANNELS = 50


@dataclass(frozen=True)
class ChannelEntity:
    """A channel without its secrets.

    Attributes:
        config: Its fields that may be shown.
        kept: Names of the secrets that are stored.
        kinds: Kinds of notifications it wants.
    """

    id: int
    kind: str
    name: str
    config: dict[str, Any]
    kept: tuple[str, ...]
    kinds: tuple[str, ...]
    enabled: bool
    created_at: datetime


class ChannelStore:
    """Keeps channels."""

    def all(self) -> list[ChannelEntity]:
        """Give every channel, oldest first."""
        with read_session() as session:
            return [_entity(row) for row in session.scalars(select(Channel).order_by(Channel.id))]

    def get(self, channel_id: int) -> ChannelEntity:
        """Give one.

        Raises:
            NotFoundError: There is none of that id.
        """
        with read_session() as session:
            return _entity(_row(session, channel_id))

    def create(self, draft: ChannelDraft) -> ChannelEntity:
        """Add a channel.

        Raises:
            ConflictError: There are MOST_CHANNELS already.
        """
        with write_session() as session:
            if len(session.scalars(select(Channel.id)).all()) >= MOST_CHANNELS:
                raise ConflictError(f"There are {MOST_CHANNELS} channels. Delete one first.")
            row = Channel(kind=draft.kind, config={})
            session.add(_write(row, draft))
            session.flush()
            return _entity(row)

    def update(self, channel_id: int, draft: ChannelDraft) -> ChannelEntity:
        """Change a channel; secrets that the draft leaves out stay as they are.

        Raises:
            NotFoundError: There is none of that id.
            ConflictError: The draft is of another kind.
        """
        with write_session() as session:
            row = _row(session, channel_id)
            if row.kind != draft.kind:
                raise ConflictError("A channel cannot become one of another kind. Add a new one.")
            return _entity(_write(row, draft))

    def enable(self, channel_id: int, enabled: bool) -> None:
        """Switch a channel on or off; what waits for one that is off is held back.

        Raises:
            NotFoundError: There is none of that id.
        """
        with write_session() as session:
            _row(session, channel_id).enabled = enabled

    def delete(self, channel_id: int) -> None:
        """Forget a channel, its secrets and its messages.

        Raises:
            NotFoundError: There is none of that id.
        """
        with write_session() as session:
            session.delete(_row(session, channel_id))


def secrets_of(row: Channel) -> dict[str, str]:
    """Give the secrets of a channel; for whoever sends."""
    found: dict[str, str] = json.loads(row.secret or "{}")
    return found


def _row(session: Session, channel_id: int) -> Channel:
    row = session.get(Channel, channel_id) if 0 < channel_id <= LARGEST_ID else None
    if row is None:
        raise NotFoundError(f"There is no channel {channel_id}. It may have been deleted.")
    return row


def _write(row: Channel, draft: ChannelDraft) -> Channel:
    row.name, row.kinds, row.enabled = draft.name, list(draft.kinds), draft.enabled
    row.config = {**_kept_host(row), **shown_config(draft)}
    secrets = secrets_of(row) | given_secrets(draft)
    row.secret = json.dumps({name: value for name, value in secrets.items() if value})
    return row


def _kept_host(row: Channel) -> dict[str, Any]:
    # Of a webhook whose address is kept, the host stays to be shown.
    return {"host": row.config["host"]} if row.config.get("host") else {}


def _entity(row: Channel) -> ChannelEntity:
    return ChannelEntity(
        row.id, row.kind, row.name, dict(row.config), tuple(secrets_of(row)), tuple(row.kinds),
        row.enabled, row.created_at,
    )  # fmt: skip
