"""Channels over REST; what is secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from dash_app.api._fields import PROBLEMS, JsonObject, RowId
from storage.channel_kinds import AnyChannel, ChannelDraft, channel_draft
from storage.stores.channels import ChannelEntity, ChannelStore
from storage.stores.outbox import DeliveryEntity, OutboxStore

router = APIRouter(prefix="/api/channels", tags=["notifications"], responses=PROBLEMS)


class ChannelRow(BaseModel):
    """A channel; ``secrets`` names those that are stored, their values are never given."""

    id: int
    kind: str
    name: str
    kinds: list[str]
    enabled: bool
    config: dict[str, Any]
    secrets: list[str]
    created_at: datetime


class DeliveryRow(BaseModel):
    """How far a message got; ``key`` is what the receiver saw as Idempotency-Key."""

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


class Channels(BaseModel):
    """All channels."""

    items: list[ChannelRow]


class Deliveries(BaseModel):
    """The newest messages of a channel."""

    items: list[DeliveryRow]


@router.get("")
def channels() -> Channels:
    """Give all channels."""
    return Channels(items=[_row(item) for item in ChannelStore().all()])


@router.post("", status_code=201)
def add_channel(body: AnyChannel) -> ChannelRow:
    """Add a channel."""
    return _row(ChannelStore().create(body))


@router.get("/{channel_id}")
def channel(channel_id: RowId) -> ChannelRow:
    """Give one channel."""
    return _row(ChannelStore().get(channel_id))


@router.patch("/{channel_id}")
def change_channel(channel_id: RowId, body: Annotated[JsonObject, Body()]) -> ChannelRow:
    """Change some fields of a channel; secrets left out stay as they are."""
    store = ChannelStore()
    entity = store.get(channel_id)
    return _row(store.update(channel_id, _changed(entity, body)))


@router.delete("/{channel_id}", status_code=204)
def delete_channel(channel_id: RowId) -> None:
    """Forget a channel with its secrets and its messages."""
    ChannelStore().delete(channel_id)


@router.post("/{channel_id}/test", status_code=202)
def test_channel(channel_id: RowId) -> DeliveryRow:
    """Send a test message; look at the deliveries for how it went."""
    return _delivery(OutboxStore().test(channel_id))


@router.get("/{channel_id}/deliveries")
def deliveries(channel_id: RowId) -> Deliveries:
    """Give the newest messages of a channel and how far they got."""
    ChannelStore().get(channel_id)
    return Deliveries(items=[_delivery(item) for item in OutboxStore().deliveries(channel_id)])


def _changed(entity: ChannelEntity, changes: dict[str, Any]) -> ChannelDraft:
    shown = {key: value for key, value in entity.config.items() if _is_field(entity, key)}
    common = {"name": entity.name, "kinds": entity.kinds, "enabled": entity.enabled}
    try:
        return channel_draft({**shown, **common, "kind": entity.kind, **changes}, entity.kept)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"][1:])} for item in found]
        ) from error


def _is_field(entity: ChannelEntity, key: str) -> bool:
    # Of a webhook the host is kept to be shown; it is part of its address, not a field.
    return entity.kind == "email" or key != "host"


def _row(item: ChannelEntity) -> ChannelRow:
    return ChannelRow(
        id=item.id,
        kind=item.kind,
        name=item.name,
        kinds=list(item.kinds),
        enabled=item.enabled,
        config=item.config,
        secrets=list(item.kept),
        created_at=item.created_at,
    )


def _delivery(item: DeliveryEntity) -> DeliveryRow:
    return DeliveryRow(**vars(item))
