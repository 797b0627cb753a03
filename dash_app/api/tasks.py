"""Background tasks by their public id: state, cancelling, and the log as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from redis import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from storage import progress, run_log
from storage.entities import ExperimentEntity, NotFoundError, Status
from storage.stores.experiments import ExperimentStore
from tasks.queue import order_experiment

router = APIRouter(prefix="/api", tags=["tasks"])

LOOK_SECONDS = 0.25
LOOK_SECONDS_OFFLINE = 2.0
STATUS_EVERY_LOOKS = 8
"""The database is asked for the run's status only every so many looks."""
KEEP_ALIVE_SECONDS = 15.0
RECONNECT_MILLISECONDS = 2000
ENDED_WORDS = frozenset(status.value for status in Status if status.ended)
QUIET = frozenset({"beat", "system", "eta_seconds"})


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
class _Reader:
    """What one stream has sent so far."""

    task_id: str
    experiment_id: int
    log_id: int
    log_bytes: int = -1
    epochs: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    online: bool = True
    looks: int = 0


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
        _events(request, _Reader(task_id, run.id, min(seen, 2**53))),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(request: Request, reader: _Reader) -> AsyncIterator[str]:
    """Look four times a second in a borrowed thread; between looks nothing is held."""
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    silent = 0.0
    while not await request.is_disconnected():
        events, ended = await run_in_threadpool(_look, reader)
        for event in events:
            yield event
        if ended is not None:
            yield _event("end", ended)
            return
        pause = LOOK_SECONDS if reader.online else LOOK_SECONDS_OFFLINE
        silent = 0.0 if events else silent + pause
        if silent >= KEEP_ALIVE_SECONDS:
            silent = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(pause)


def _look(reader: _Reader) -> tuple[list[str], dict[str, Any] | None]:
    """Give what is new, and how the run ended once everything has been sent."""
    ended = None if reader.looks % STATUS_EVERY_LOOKS else _ended(reader.task_id)
    reader.looks += 1
    events = _told(reader, _new_lines) + _told(reader, _news)
    return events, ended


def _told(reader: _Reader, part: Callable[[_Reader], list[str]]) -> list[str]:
    """Give one part of what is new; say once that Redis is gone, and once that it is back."""
    try:
        events = part(reader)
    except (RedisError, OSError):
        was_online, reader.online = reader.online, False
        return [_event("offline", {})] if was_online else []
    if part is _news and not reader.online:
        reader.online = True
        return [_event("online", {}), *events]
    return events


def _new_lines(reader: _Reader) -> list[str]:
    """Read the log file; a run on another machine has its newest lines in Redis only."""
    try:
        size = run_log.log_file(reader.experiment_id).stat().st_size
    except FileNotFoundError:
        lines = progress.read_log(reader.task_id, reader.log_id)
    else:
        unchanged = size == reader.log_bytes
        lines = [] if unchanged else run_log.read(reader.experiment_id, reader.log_id)
        reader.log_bytes = size
    if lines:
        reader.log_id = lines[-1]["id"]
    return [_event("log", line, line["id"]) for line in lines]


def _news(reader: _Reader) -> list[str]:
    """Say that the run reported something, so that the page asks for it at once."""
    live = progress.read(reader.task_id, reader.epochs)
    reader.epochs += len(live.epochs)
    said = {key: value for key, value in live.snapshot.items() if key not in QUIET}
    if said == reader.said:
        return []
    reader.said = said
    if said.get("status") in ENDED_WORDS:
        reader.looks = 0
    return [_event("progress", {"epochs": reader.epochs})]


def _ended(task_id: str) -> dict[str, Any] | None:
    try:
        run = ExperimentStore().by_task(task_id)
    except NotFoundError:
        return {"experiment_id": None, "name": "", "status": "deleted"}
    if not run.status.ended:
        return None
    return {"experiment_id": run.id, "name": run.name, "status": run.status}


def _event(name: str, data: dict[str, Any], number: int | None = None) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


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
