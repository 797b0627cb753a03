"""The queue: what runs and waits, when it starts, and its order."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from dash_app.api._experiment_models import ExperimentRow, row_of
from dash_app.api._fields import PROBLEMS, RowId
from dash_app.api._queue_models import QueueState, state_of
from tasks.queue import look_at_queue, move_experiment

router = APIRouter(prefix="/api", tags=["queue"])


@router.get("/queue")
def get_queue() -> QueueState:
    """Give what runs and waits, with the expected start of each waiting run."""
    return state_of(look_at_queue())


@router.post("/experiments/{experiment_id}/move/{how}", responses=PROBLEMS)
def move_in_queue(experiment_id: RowId, how: Literal["first", "sooner", "later"]) -> ExperimentRow:
    """Let a waiting run start before all others, or change its priority by one."""
    return row_of(move_experiment(experiment_id, how))
