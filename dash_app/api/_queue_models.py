"""What the route of the queue gives."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tasks.queue import JobLine, QueueLook, RunningLine, WaitingLine, WorkerLine


class RunningRow(BaseModel):
    """A run that is trained; ``silent_seconds`` is there when signs of life are missing."""

    experiment_id: int
    name: str
    worker: str
    host: str
    priority: int
    control: str
    progress: float
    remaining_seconds: float | None
    silent_seconds: float | None


class WaitingRow(BaseModel):
    """A run that waits; what nobody can tell is null."""

    position: int
    experiment_id: int
    name: str
    priority: int
    starts_in_seconds: float | None
    takes_seconds: float | None


class JobRow(BaseModel):
    """A background job that runs or waits."""

    job_id: int
    kind: str
    status: str
    priority: int
    experiment_id: int | None
    dataset_id: int | None
    progress: float | None


class WorkerRow(BaseModel):
    """A living worker process: ``slots`` runs at the same time, ``busy`` of them taken."""

    name: str
    host: str
    slots: int
    busy: int
    gpus: int
    threads_per_run: int | None
    age_seconds: float


class QueueState(BaseModel):
    """The queue: ``waiting`` holds the first of ``n_waiting``, ``trouble`` why nothing starts."""

    running: list[RunningRow]
    waiting: list[WaitingRow]
    n_waiting: int
    jobs: list[JobRow]
    workers: list[WorkerRow]
    trouble: str


def state_of(look: QueueLook) -> QueueState:
    """Show one look at the queue."""
    return QueueState(
        running=[_running(line) for line in look.running],
        waiting=[_waiting(line) for line in look.waiting],
        n_waiting=look.n_waiting,
        jobs=[_job(line) for line in look.jobs],
        workers=[_worker(line) for line in look.workers],
        trouble=look.trouble,
    )


def _running(line: RunningLine) -> RunningRow:
    run = line.run
    return RunningRow(
        experiment_id=run.id,
        name=run.name,
        worker=line.worker,
        host=run.host,
        priority=run.priority,
        control=run.control,
        progress=line.fraction,
        remaining_seconds=line.remaining_seconds,
        silent_seconds=line.silent_seconds,
    )


def _waiting(line: WaitingLine) -> WaitingRow:
    return WaitingRow(
        position=line.position,
        experiment_id=line.run.id,
        name=line.run.name,
        priority=line.run.priority,
        starts_in_seconds=line.starts_in_seconds,
        takes_seconds=line.takes_seconds,
    )


def _job(line: JobLine) -> JobRow:
    job = line.job
    return JobRow(
        job_id=job.id,
        kind=job.kind,
        status=job.status.value,
        priority=job.priority,
        experiment_id=job.experiment_id,
        dataset_id=job.dataset_id,
        progress=line.fraction,
    )


def _worker(line: WorkerLine) -> WorkerRow:
    worker = line.worker
    return WorkerRow(
        name=worker.name,
        host=worker.host,
        slots=worker.slots,
        busy=line.busy,
        gpus=int(worker.facts.get("gpus", 0)),
        threads_per_run=_whole(worker.facts.get("threads_per_run")),
        age_seconds=worker.age_seconds,
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
