"""What an experiment left behind: epochs, events, files."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from dash_app.api._downloads import attachment, find_artifact
from dash_app.api._experiment_models import (
    ArtifactList,
    ArtifactRow,
    Epoch,
    EpochList,
    Event,
    EventList,
)
from dash_app.api._fields import LARGEST_ID, PROBLEMS, RowId
from storage.entities import ArtifactEntity
from storage.stores.experiments import ExperimentStore

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)

MAX_EPOCHS = 10_000


@router.get("/{experiment_id}/epochs")
def list_epochs(
    experiment_id: RowId, since: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0
) -> EpochList:
    """Give the epochs after ``since``, oldest first, at most 10 000 at once."""
    store = ExperimentStore()
    store.get(experiment_id)
    rows = store.epochs(experiment_id, since)
    items = [Epoch.model_validate(row) for row in rows[:MAX_EPOCHS]]
    return EpochList(items=items, total=len(rows))


@router.get("/{experiment_id}/events")
def list_events(
    experiment_id: RowId, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> EventList:
    """Give the newest lines of the timeline, newest first."""
    store = ExperimentStore()
    store.get(experiment_id)
    items = [Event.model_validate(row) for row in store.events(experiment_id, limit)]
    return EventList(items=items, total=items[0].seq if items else 0)


@router.get("/{experiment_id}/artifacts")
def list_artifacts(experiment_id: RowId) -> ArtifactList:
    """Give the files that the run made."""
    store = ExperimentStore()
    store.get(experiment_id)
    items = [_shown(experiment_id, row) for row in store.artifacts(experiment_id)]
    return ArtifactList(items=items, total=len(items))


@router.get("/{experiment_id}/artifacts/{name:path}", response_class=FileResponse)
def download_artifact(experiment_id: RowId, name: str) -> FileResponse:
    """Download one file, always as an attachment, never as a page."""
    return attachment(find_artifact(experiment_id, name), "application/octet-stream")


def _shown(experiment_id: int, row: ArtifactEntity) -> ArtifactRow:
    url = f"/api/experiments/{experiment_id}/artifacts/{quote(row.name)}"
    return ArtifactRow(
        name=row.name,
        kind=row.kind,
        bytes=row.bytes,
        sha256=row.sha256,
        created_at=row.created_at,
        url=url,
    )
