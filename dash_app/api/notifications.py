"""The bell's list over REST; every open page asks for it every few seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from dash_app.api._experiment_models import Body
from dash_app.api._fields import PROBLEMS, Identifier, RowId
from storage.entities import NotFoundError
from storage.stores.notifications import NotificationEntity, NotificationStore

router = APIRouter(prefix="/api/notifications", tags=["notifications"], responses=PROBLEMS)

EVALUATED = ("completed", "stopped")


class NotificationRow(BaseModel):
    """A line of the list; ``href`` is the screen it is about, "" when there is none."""

    id: int
    level: str
    kind: str
    title: str
    message: str
    experiment_id: int | None
    href: str
    created_at: datetime
    read: bool


class Notifications(BaseModel):
    """The newest lines, and how many there are in all."""

    items: list[NotificationRow]
    unread: int
    total: int


class ReadRequest(Body):
    """Which lines were read; all of them when left out."""

    ids: Annotated[list[Identifier], Field(max_length=1000)] | None = None


class Marked(BaseModel):
    """How many lines were unread before."""

    marked: int


@router.get("", responses={304: {"description": "Nothing changed since the ETag sent along."}})
def notifications(
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
    before: Annotated[Identifier | None, Query(description="Only lines older than this id")] = None,
    unread: Annotated[bool, Query(description="Only lines that were not read")] = False,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """Give the newest lines; with the ETag of an earlier answer, only when something changed."""
    store = NotificationStore()
    state = store.state()
    tag = f'"{state.newest_id}-{state.unread}-{state.total}"'
    if if_none_match == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers.update({"ETag": tag, "Cache-Control": "private, no-cache"})
    rows = store.page(limit=limit, before=before, unread_only=unread)
    items = [_row(item) for item in rows]
    return Notifications(items=items, unread=state.unread, total=state.total)


@router.post("/read")
def mark_read(body: ReadRequest | None = None) -> Marked:
    """Mark lines as read."""
    return Marked(marked=NotificationStore().mark_read(None if body is None else body.ids))


@router.post("/{notification_id}/read", status_code=204)
def mark_one_read(notification_id: RowId) -> None:
    """Mark one line as read; it may be read already."""
    store = NotificationStore()
    if not store.mark_read([notification_id]) and not store.exists(notification_id):
        raise NotFoundError(f"There is no notification {notification_id}.")


def _row(item: NotificationEntity) -> NotificationRow:
    return NotificationRow(
        id=item.id,
        level=item.level,
        kind=item.kind,
        title=item.title,
        message=item.message,
        experiment_id=item.experiment_id,
        href=href_of(item.kind, item.experiment_id),
        created_at=item.created_at,
        read=item.read_at is not None,
    )


def href_of(kind: str, experiment_id: int | None) -> str:
    """Give the screen that a notification is about."""
    if experiment_id is None:
        return "/settings?tab=storage" if kind == "storage" else ""
    return f"/experiment/{experiment_id}/{'results' if kind in EVALUATED else 'monitor'}"
