"""Experiments: find, describe, delete."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from dash_app.api._experiment_filter import ExperimentPage
from dash_app.api._experiment_models import (
    ExperimentChange,
    ExperimentDetail,
    ExperimentList,
    detail_of,
    row_of,
)
from dash_app.api._fields import PROBLEMS, Problem, RowId
from dash_app.api._problems import ProblemError
from storage.entities import ExperimentEntity
from storage.stores.experiments import DESCRIBED, ExperimentStore

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)


@router.get("")
def list_experiments(wanted: Annotated[ExperimentPage, Query()]) -> ExperimentList:
    """Give one page of runs, and how many there are under the same filters."""
    page = ExperimentStore().page(wanted.query(wanted.limit, wanted.offset))
    return ExperimentList(items=[row_of(item) for item in page.items], total=page.total)


@router.get("/{experiment_id}")
def get_experiment(experiment_id: RowId, response: Response) -> ExperimentDetail:
    """Give one run with its configuration and metrics; the ETag is for changing it."""
    return _versioned(ExperimentStore().get(experiment_id), response)


@router.patch("/{experiment_id}", responses={412: {"model": Problem, "description": "Changed."}})
def describe_experiment(
    experiment_id: RowId,
    body: ExperimentChange,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of what you saw; refused when it changed meanwhile")
    ] = None,
) -> ExperimentDetail:
    """Change name, note, tags, priority, time limit, or whether its files are kept."""
    seen = None if if_match is None else _seen(experiment_id, if_match)
    changed = ExperimentStore().describe(
        experiment_id,
        name=body.name,
        note=body.note,
        tags=body.tags,
        priority=body.priority,
        kept=body.kept,
        time_limit_seconds=_time_limit(body),
        seen=seen,
    )
    return _versioned(changed, response)


def _seen(experiment_id: int, etag: str) -> ExperimentEntity:
    found = ExperimentStore().get(experiment_id)
    if etag not in ("*", _etag(found)):
        raise ProblemError(
            412, f"“{found.name}” was changed by somebody else. Look at it again, then change it."
        )
    return found


def _versioned(entity: ExperimentEntity, response: Response) -> ExperimentDetail:
    response.headers["ETag"] = _etag(entity)
    return detail_of(entity)


def _etag(entity: ExperimentEntity) -> str:
    described = json.dumps([getattr(entity, key) for key in DESCRIBED])
    return f'"{hashlib.sha256(described.encode()).hexdigest()[:20]}"'


def _time_limit(body: ExperimentChange) -> int | None:
    """Tell null, which gives the installation's limit back (0), from nothing said (None)."""
    if "time_limit_seconds" not in body.model_fields_set:
        return None
    return body.time_limit_seconds or 0


@router.delete("/{experiment_id}", status_code=204)
def delete_experiment(experiment_id: RowId) -> None:
    """Take an ended run out of all lists."""
    ExperimentStore().delete(experiment_id)
