"""Saved views: named states of a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._experiment_models import Body
from dash_app.api._fields import PROBLEMS, Name, RowId, Text
from storage.stores.saved_views import LONGEST_QUERY, SavedViewStore

router = APIRouter(prefix="/api/views", tags=["views"], responses=PROBLEMS)

PageName = Annotated[Text, Field(min_length=1, max_length=64)]
ViewName = Annotated[Name, Field(min_length=1)]
State = Annotated[Text, Field(max_length=LONGEST_QUERY)]


class View(BaseModel):
    """A named state; ``query`` is the query string that opens it on its page."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    page: str
    name: str
    query: str
    is_default: bool
    created_at: datetime


class ViewList(BaseModel):
    """Views by name."""

    items: list[View]
    total: int


class ViewRequest(Body):
    """Keep a state under a name; one of that name is replaced."""

    page: PageName = "experiments"
    name: ViewName
    query: State
    is_default: bool = False


class ViewChange(Body):
    """Change a view; members left out stay as they are."""

    name: ViewName | None = None
    query: State | None = None
    is_default: bool | None = None


@router.get("")
def list_views(page: Annotated[PageName, Query()] = "experiments") -> ViewList:
    """Give the views of a page."""
    found = [View.model_validate(view) for view in SavedViewStore().all(page)]
    return ViewList(items=found, total=len(found))


@router.post("", status_code=201)
def save_view(body: ViewRequest) -> View:
    """Keep a view."""
    store = SavedViewStore()
    saved = store.save(body.page, body.name, body.query)
    if body.is_default:
        saved = store.change(saved.id, is_default=True)
    return View.model_validate(saved)


@router.patch("/{view_id}")
def change_view(view_id: RowId, body: ViewChange) -> View:
    """Rename a view, give it another state, or make it the one that its page begins with."""
    changed = SavedViewStore().change(
        view_id, name=body.name, query=body.query, is_default=body.is_default
    )
    return View.model_validate(changed)


@router.delete("/{view_id}", status_code=204)
def delete_view(view_id: RowId) -> None:
    """Forget a view."""
    SavedViewStore().delete(view_id)
