"""Background tasks by their public id: state, cancelling, and the log as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from redis import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from dash_app.api._log_feed import LogFeed, event, watching
from storage import progress
from storage.entities import ExperimentEntity, Status
from storage.stores.experiments import ExperimentStore
from tasks.queue import order_experiment

router = APIRouter(prefix="/api", tags=["tasks"])

KEEP_ALIVE_SECONDS = 15.0
WAIT_SECONDS = 2.0
"""How long a viewer that left may go unnoticed."""
RECONNECT_MILLISECONDS = 2000


class TaskStatus(BaseModel):
    """Where a task stands; the newest metrics of the run are further members."""

    model_config = ConfigDict(extra="allow")

    task_id: str
    experiment_id: int
    status: Status
    progress: float
    current_epoch: int
    total_epochs: int
    eta_seconds: float | None
    message: str
    live: bool
    """False when Redis has nothing newer than the database."""


@dataclass
class _Told:
    """What one stream has sent so far."""

    log_id: int
    news: int = 0
    online: bool = True


@router.get("/task-status/{task_id}")
def task_status(task_id: str) -> TaskStatus:
    """Give the state of a task with its newest metrics."""
    return _status(ExperimentStore().by_task(task_id))


@router.post("/task-cancel/{task_id}", status_code=202)
def task_cancel(task_id: str) -> TaskStatus:
    """End a task without evaluating it; a running one obeys within a batch."""
    entity = ExperimentStore().by_task(task_id)
    return _status(order_experiment(entity.id, "cancel"))


@router.get(
    "/task-logs/{task_id}",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events `log` {id, time, level, message}, `progress`, `offline`, "
            "`online`, `end`.",
        }
    },
)
async def task_logs(
    request: Request,
    task_id: str,
    since: Annotated[int, Query(ge=0, description="Send only lines after this id")] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Stream the log of a task; a reconnecting browser goes on after the last line it saw."""
    run = await run_in_threadpool(ExperimentStore().by_task, task_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else since
    return StreamingResponse(
        _events(request, run, min(seen, 2**53)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(request: Request, run: ExperimentEntity, log_id: int) -> AsyncIterator[str]:
    """Tell what the run's feed has; between news nothing is held but the place in the log."""
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    told = _Told(log_id)
    async with watching(run.task_id, run.id) as feed:
        await feed.ready.wait()
        silent = 0.0
        while not await request.is_disconnected():
            wake = feed.wake
            for number, text in await feed.lines_after(told.log_id):
                told.log_id = number
                yield text
            for text in _news(feed, told):
                yield text
            if feed.ended is not None:
                yield event("end", feed.ended)
                return
            if feed.closed:
                return
            silent = 0.0 if await _woken(wake) else silent + WAIT_SECONDS
            if silent >= KEEP_ALIVE_SECONDS:
                silent = 0.0
                yield ": still here\n\n"


async def _woken(wake: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(wake.wait(), WAIT_SECONDS)
    except TimeoutError:
        return False
    return True


def _news(feed: LogFeed, told: _Told) -> list[str]:
    """Say once that Redis is gone, once that it is back, and that the run reported something."""
    events = []
    if feed.online != told.online:
        told.online = feed.online
        events.append(event("online" if feed.online else "offline", {}))
    if feed.news != told.news:
        told.news = feed.news
        events.append(event("progress", {"epochs": feed.epochs}))
    return events


def _status(run: ExperimentEntity) -> TaskStatus:
    snapshot = {} if run.status.ended else _snapshot(run.task_id)
    known = {
        "task_id": run.task_id,
        "experiment_id": run.id,
        "status": run.status,
        "progress": float(snapshot.pop("progress", run.progress)),
        "current_epoch": int(snapshot.pop("current_epoch", run.epochs_done)),
        "total_epochs": int(snapshot.pop("total_epochs", run.epochs_total)),
        "eta_seconds": snapshot.pop("eta_seconds", None),
        "message": str(snapshot.pop("message", "") or run.error),
        "live": bool(snapshot),
    }
    metrics = dict(run.metrics) if run.status.ended else snapshot
    return TaskStatus(**{**metrics, **known})


def _snapshot(task_id: str) -> dict[str, Any]:
    try:
        return dict(progress.read(task_id, since=2**31).snapshot)
    except (RedisError, OSError):
        return {}
