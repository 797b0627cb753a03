"""Experiments: find, describe, delete."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from dash_app.api._experiment_models import (
    ExperimentChange,
    ExperimentDetail,
    ExperimentList,
    detail_of,
    row_of,
)
from dash_app.api._fields import LARGEST_ID, PROBLEMS, Identifier, Moment, RowId, Text
from storage.entities import Status
from storage.stores.experiments import MAX_PAGE, ExperimentQuery, ExperimentStore

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)

Words = Annotated[list[Text], Query(max_length=50)]


@router.get("")
def list_experiments(
    search: Annotated[Text, Query(max_length=200)] = "",
    family: Words = [],  # noqa: B006 - FastAPI copies the default
    status: Annotated[list[Status], Query(max_length=20)] = [],  # noqa: B006
    tag: Words = [],  # noqa: B006
    dataset_id: Annotated[list[Identifier], Query(max_length=50)] = [],  # noqa: B006
    since: Moment | None = None,
    until: Moment | None = None,
    sort: Annotated[Text, Query(max_length=64)] = "created_at",
    order: Literal["asc", "desc"] = "desc",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    offset: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
) -> ExperimentList:
    """Give one page of runs; filters given several times mean any of the values (tags: all)."""
    page = ExperimentStore().page(
        ExperimentQuery(
            search=search,
            families=tuple(family),
            statuses=tuple(status),
            tags=tuple(tag),
            dataset_ids=tuple(dataset_id),
            since=since,
            until=until,
            sort=((sort, order == "desc"),),
            limit=limit,
            offset=offset,
        )
    )
    return ExperimentList(items=[row_of(item) for item in page.items], total=page.total)


@router.get("/{experiment_id}")
def get_experiment(experiment_id: RowId) -> ExperimentDetail:
    """Give one run with its configuration and metrics."""
    return detail_of(ExperimentStore().get(experiment_id))


@router.patch("/{experiment_id}")
def describe_experiment(experiment_id: RowId, body: ExperimentChange) -> ExperimentDetail:
    """Change name, note, tags or priority."""
    changed = ExperimentStore().describe(
        experiment_id, name=body.name, note=body.note, tags=body.tags, priority=body.priority
    )
    return detail_of(changed)


@router.delete("/{experiment_id}", status_code=204)
def delete_experiment(experiment_id: RowId) -> None:
    """Take an ended run out of all lists."""
    ExperimentStore().delete(experiment_id)
