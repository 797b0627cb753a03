"""Experiments: order a run, and steer it while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from dash_app.api._experiment_models import (
    CloneRequest,
    ExperimentRequest,
    ExperimentRow,
    Ordered,
    row_of,
)
from dash_app.api._fields import PROBLEMS, RowId, Text
from dash_app.api._problems import ProblemError
from integrations.core.data.dataset import DatasetError
from integrations.presets import PresetError
from integrations.registry import UnknownFamilyError
from storage.entities import ExperimentEntity
from storage.stores.experiments import ExperimentStore, flatten
from storage.stores.studies import StudyStore
from tasks import queue

Made = TypeVar("Made")
router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)


@router.post("", status_code=201)
def create_experiment(
    body: ExperimentRequest,
    response: Response,
    idempotency_key: Annotated[
        Text,
        Header(max_length=200, description="The same key again gives the same run, not another"),
    ] = "",
) -> Ordered:
    """Check a configuration, store the run and put it in the queue."""
    request = queue.NewRun(
        family=body.family,
        dataset_id=body.dataset_id,
        preset=body.preset or "",
        config=body.config,
        name=body.name,
        tags=tuple(body.tags),
        priority=body.priority,
        time_limit_seconds=body.time_limit_seconds,
        key=idempotency_key,
    )
    if body.repeats > 1:
        return _order_repeats(response, request, body.repeats, body.vary_split)
    return _order(response, request)


@router.post("/{experiment_id}/clone", status_code=201)
def clone_experiment(
    experiment_id: RowId, response: Response, body: CloneRequest | None = None
) -> Ordered:
    """Order a new run with the configuration of an earlier one."""
    wanted = body or CloneRequest()
    original = ExperimentStore().get(experiment_id)
    request = queue.copy_of(
        original,
        config=_merged(original.config, wanted.config or {}),
        name=wanted.name or None,
        priority=wanted.priority,
        time_limit_seconds=wanted.time_limit_seconds,
    )
    if wanted.repeats > 1:
        return _order_repeats(response, request, wanted.repeats, wanted.vary_split)
    return _order(response, request)


@router.post("/{experiment_id}/pause")
def pause_experiment(experiment_id: RowId) -> ExperimentRow:
    """Interrupt a run after the present batch; its checkpoint is kept."""
    return row_of(queue.order_experiment(experiment_id, "pause"))


@router.post("/{experiment_id}/resume")
def resume_experiment(experiment_id: RowId) -> ExperimentRow:
    """Go on with a paused run from its checkpoint."""
    return row_of(queue.order_experiment(experiment_id, "resume"))


@router.post("/{experiment_id}/stop")
def stop_experiment(experiment_id: RowId) -> ExperimentRow:
    """End a run early; its best model so far is kept and evaluated."""
    return row_of(queue.order_experiment(experiment_id, "stop"))


@router.post("/{experiment_id}/cancel")
def cancel_experiment(experiment_id: RowId) -> ExperimentRow:
    """End a run without evaluating it; a running one obeys at the next batch."""
    return row_of(queue.order_experiment(experiment_id, "cancel"))


@router.post("/{experiment_id}/retry")
def retry_experiment(experiment_id: RowId) -> ExperimentRow:
    """Run a failed, cancelled or stopped experiment again from its last checkpoint."""
    return row_of(queue.retry_experiment(experiment_id))


def _order(response: Response, request: queue.NewRun) -> Ordered:
    created = _create(request)
    response.headers["Location"] = f"/api/experiments/{created.id}"
    return Ordered(experiment_id=created.id, task_id=created.task_id)


def _order_repeats(
    response: Response, request: queue.NewRun, count: int, vary_split: bool
) -> Ordered:
    made = _checked(
        request, lambda: queue.create_repeats(request, count, vary_split=vary_split).study
    )
    runs = ExperimentStore().several(StudyStore().members(made.id))
    response.headers["Location"] = f"/api/studies/{made.id}"
    return Ordered(
        experiment_id=runs[0].id,
        task_id=runs[0].task_id,
        study_id=made.id,
        experiment_ids=[run.id for run in runs],
    )


def _create(request: queue.NewRun) -> ExperimentEntity:
    return _checked(request, lambda: queue.create_experiment(request))


def _checked(request: queue.NewRun, make: Callable[[], Made]) -> Made:
    """Make what was asked for, or say which setting stands against it."""
    try:
        _check_kinds(request)
        return make()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**item, "loc": ("body", "config", *item["loc"])} for item in found]
        ) from error
    except queue.RefusedError as error:
        raise ProblemError(
            422,
            str(error),
            errors=[
                {"field": f"config.{item.field}" if item.field else "", "detail": item.message}
                for item in error.problems
            ],
        ) from error
    except (UnknownFamilyError, PresetError) as error:
        raise ProblemError(422, str(error)) from error
    except (queue.QueueError, DatasetError) as error:
        raise ProblemError(409, str(error)) from error


def _check_kinds(request: queue.NewRun) -> None:
    """Refuse "5" and true where a number is meant: in a script they are mistakes.

    Raises:
        RequestValidationError: There is one.
    """
    meant = dict(flatten(queue.plan_config(request).model_dump(mode="json")))
    wrong = [
        {"loc": ("body", "config", path), "msg": f"must be a number, not {json.dumps(value)}"}
        for path, value in flatten(dict(request.config or {}))
        if isinstance(value, str | bool)
        and isinstance(meant.get(path), int | float)
        and type(meant[path]) is not type(value)
    ]
    if wrong:
        raise RequestValidationError(wrong)


def _merged(base: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = (
            _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged
