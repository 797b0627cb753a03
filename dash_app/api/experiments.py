"""Experiments: find, describe, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dash_app.api._experiment_filter import ExperimentPage
from dash_app.api._experiment_models import (
    ExperimentChange,
    ExperimentDetail,
    ExperimentList,
    detail_of,
    row_of,
)
from dash_app.api._fields import PROBLEMS, RowId
from storage.stores.experiments import ExperimentStore

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)


@router.get("")
def list_experiments(wanted: Annotated[ExperimentPage, Query()]) -> ExperimentList:
    """Give one page of runs, and how many there are under the same filters."""
    page = ExperimentStore().page(wanted.query(wanted.limit, wanted.offset))
    return ExperimentList(items=[row_of(item) for item in page.items], total=page.total)


@router.get("/{experiment_id}")
def get_experiment(experiment_id: RowId) -> ExperimentDetail:
    """Give one run with its configuration and metrics."""
    return detail_of(ExperimentStore().get(experiment_id))


@router.patch("/{experiment_id}")
def describe_experiment(experiment_id: RowId, body: ExperimentChange) -> ExperimentDetail:
    """Change name, note, tags, priority, time limit, or whether its files are kept."""
    changed = ExperimentStore().describe(
        experiment_id,
        name=body.name,
        note=body.note,
        tags=body.tags,
        priority=body.priority,
        kept=body.kept,
        time_limit_seconds=_time_limit(body),
    )
    return detail_of(changed)


def _time_limit(body: ExperimentChange) -> int | None:
    """Tell null, which gives the installation's limit back (0), from nothing said (None)."""
    if "time_limit_seconds" not in body.model_fields_set:
        return None
    return body.time_limit_seconds or 0


@router.delete("/{experiment_id}", status_code=204)
def delete_experiment(experiment_id: RowId) -> None:
    """Take an ended run out of all lists."""
    ExperimentStore().delete(experiment_id)
