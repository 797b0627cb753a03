"""The room on the disk: what takes it, how long files are kept, and the clean-up."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from dash_app.api._experiment_models import ExperimentRow, row_of
from dash_app.api._fields import PROBLEMS, RowId
from dash_app.api._problems import ProblemError
from storage.entities import JobStatus
from storage.stores.experiments import ExperimentStore
from tasks.disk_usage import usage
from tasks.queue import disk_state, enqueue_job
from tasks.retention_plan import plan
from tasks.retention_policy import (
    RetentionPolicy,
    automatic_from,
    keep_policy,
    load_policy,
    order_clean_up,
)

router = APIRouter(prefix="/api", tags=["storage"], responses=PROBLEMS)
MOST_ITEMS = 1000


class Part(BaseModel):
    """A part of the data folder."""

    label: str
    bytes: int


class Storage(BaseModel):
    """The disk of the data folder; no run starts while ``level`` is "full"."""

    percent: float
    total_bytes: int
    free_bytes: int
    level: str
    parts: list[Part]


class Going(BaseModel):
    """Files that go at a time."""

    kind: str
    what: str
    goes_at: datetime
    due: bool
    bytes: int
    experiment_id: int | None


class Plan(BaseModel):
    """What the retention removes and when; nothing goes by itself before ``automatic_from``."""

    automatic_from: datetime
    due_bytes: int
    total: int
    items: list[Going]


class CleanUp(BaseModel):
    """A clean-up that was ordered."""

    job_id: int
    status: JobStatus


@router.get("/storage")
def get_storage() -> Storage:
    """Say how full the disk is and what takes the room."""
    try:
        state = disk_state()
    except OSError as error:
        raise ProblemError(
            503, "The data folder cannot be read. Check SIGNALBENCH_DATA."
        ) from error
    return Storage(
        percent=round(state.percent, 1),
        total_bytes=state.total_bytes,
        free_bytes=state.free_bytes,
        level=state.level,
        parts=[Part(label=share.label, bytes=share.bytes) for share in usage()],
    )


@router.get("/storage/policy")
def get_policy() -> RetentionPolicy:
    """Say how long files are kept; null is for ever."""
    return load_policy()


@router.put("/storage/policy")
def set_policy(body: RetentionPolicy) -> RetentionPolicy:
    """Choose how long files are kept; it counts at once."""
    keep_policy(body)
    return load_policy()


@router.get("/storage/plan")
def get_plan() -> Plan:
    """List what goes and when, the first first."""
    now = datetime.now(UTC)
    items = plan(load_policy(), now)
    return Plan(
        automatic_from=automatic_from(),
        due_bytes=sum(item.bytes for item in items if item.due <= now),
        total=len(items),
        items=[
            Going(
                kind=item.kind,
                what=item.title,
                goes_at=item.due,
                due=item.due <= now,
                bytes=item.bytes,
                experiment_id=item.run.id if item.run else None,
            )
            for item in items[:MOST_ITEMS]
        ],
    )


@router.post("/storage/clean-up", status_code=202)
def clean_up() -> CleanUp:
    """Remove what is due now, in the background."""
    job = order_clean_up()
    enqueue_job(job.id)
    return CleanUp(job_id=job.id, status=job.status)


@router.post("/experiments/{experiment_id}/undelete")
def undelete_experiment(experiment_id: RowId) -> ExperimentRow:
    """Bring a deleted experiment back while its files are still there."""
    return row_of(ExperimentStore().undelete(experiment_id))
