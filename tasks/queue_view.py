"""The queue as pages, REST and command line show it: who runs where, who waits for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis

from storage import progress
from storage.entities import ExperimentEntity, JobEntity, JobStatus, Status
from storage.settings import settings
from storage.stores.queue_rows import QueueRows, QueueStore, RunningRow
from storage.stores.workers import WorkerEntity, WorkerStore
from tasks.broadcast import beat_seconds, task_id_of_job
from tasks.disk import why_runs_wait
from tasks.health import alive_workers
from tasks.waiting import expected_starts, remaining_seconds

MOST_WAITING = 200
MISSED_BEATS = 1.6
"""So the screen has said it before two are over, the way to the screen included."""
NO_WORKER = "No worker is alive, so nothing starts. Restart Signalbench."


@dataclass(frozen=True)
class RunningLine:
    """A run that is being trained.

    Attributes:
        worker: Name of the worker process that holds it.
        fraction: Share done, 0 to 1.
        step: Epochs or folds done.
        remaining_seconds: Expected time left; None when nobody knows.
        silent_seconds: Time since its last sign of life when beats are missing, else None.
    """

    run: ExperimentEntity
    worker: str
    fraction: float
    step: int
    message: str
    remaining_seconds: float | None
    silent_seconds: float | None


@dataclass(frozen=True)
class WaitingLine:
    """A run that waits.

    Attributes:
        position: 1 for the one that starts next.
        starts_in_seconds: Expected time until then; None when nobody knows.
        takes_seconds: Expected training time; None when nobody knows.
    """

    run: ExperimentEntity
    position: int
    starts_in_seconds: float | None
    takes_seconds: float | None


@dataclass(frozen=True)
class JobLine:
    """A background job with its live state."""

    job: JobEntity
    fraction: float | None = None
    message: str = ""


@dataclass(frozen=True)
class WorkerLine:
    """A living worker and how many of its slots train."""

    worker: WorkerEntity
    busy: int = 0


@dataclass(frozen=True)
class QueueLook:
    """Everything about the queue at one moment.

    Attributes:
        waiting: At most MOST_WAITING of the ``n_waiting``.
        lost: Workers that fell silent without taking leave.
        trouble: Why nothing starts at all; "" while it does.
    """

    running: list[RunningLine] = field(default_factory=list)
    waiting: list[WaitingLine] = field(default_factory=list)
    n_waiting: int = 0
    jobs: list[JobLine] = field(default_factory=list)
    workers: list[WorkerLine] = field(default_factory=list)
    lost: list[WorkerEntity] = field(default_factory=list)
    trouble: str = ""

    @property
    def slots(self) -> int:
        """Runs that the living workers train at the same time."""
        return sum(line.worker.slots for line in self.workers)


def look_at_queue() -> QueueLook:
    """Look once; Redis may be away, then the database's figures are shown."""
    rows = QueueStore().look(settings().lease_seconds, MOST_WAITING)
    workers = alive_workers()
    live = _live(rows)
    running = [_running(row, live.get(row.run.task_id, {})) for row in rows.running]
    trouble = _trouble(workers)
    busy = Counter(line.worker for line in running)
    return QueueLook(
        running,
        _waiting(rows.waiting, running, workers, trouble),
        rows.n_waiting,
        [_job(job, live.get(task_id_of_job(job.id), {})) for job in rows.jobs],
        [WorkerLine(worker, busy[worker.name]) for worker in workers],
        WorkerStore().lost(),
        trouble if rows.n_waiting else "",
    )


def place_of(experiment_id: int) -> tuple[WaitingLine | None, QueueLook]:
    """Give a waiting run's place in the queue, None when it does not wait among the first."""
    look = look_at_queue()
    return next((line for line in look.waiting if line.run.id == experiment_id), None), look


def missed_beats_seconds(experiment_id: int) -> float | None:
    """Give for how long a running run gave no sign of life, None when it does or does not run."""
    silence = QueueStore().silent_seconds(experiment_id, settings().lease_seconds)
    return silence if silence is not None and silence > silence_limit_seconds() else None


def silence_limit_seconds() -> float:
    """Time without a beat after which a run's worker is said to be silent."""
    return MISSED_BEATS * beat_seconds()


def expected_seconds(run: ExperimentEntity) -> float | None:
    """Give what a run was expected to take, from its creation; None when nothing is known."""
    middle = (run.forecast or {}).get("mid")
    return float(middle) if isinstance(middle, int | float) else None


def _trouble(workers: Sequence[WorkerEntity]) -> str:
    if not any(worker.slots for worker in workers):
        return NO_WORKER
    return why_runs_wait()


def _live(rows: QueueRows) -> dict[str, dict[str, Any]]:
    running_jobs = [job for job in rows.jobs if job.status is JobStatus.RUNNING]
    tasks = [row.run.task_id for row in rows.running]
    tasks += [task_id_of_job(job.id) for job in running_jobs]
    try:
        return progress.snapshots(tasks)
    except (redis.RedisError, OSError):
        return {}


def _running(row: RunningRow, live: Mapping[str, Any]) -> RunningLine:
    run = row.run
    fraction = _number(live.get("progress"))
    fraction = min(1.0, max(0.0, run.progress if fraction is None else fraction))
    limit = silence_limit_seconds()
    return RunningLine(
        run,
        row.owner,
        fraction,
        int(live.get("current_epoch") or run.epochs_done),
        str(live.get("message") or ""),
        remaining_seconds(
            fraction, _elapsed(run), _number(live.get("eta_seconds")), expected_seconds(run)
        ),
        row.silent_seconds if row.silent_seconds > limit else None,
    )


def _elapsed(run: ExperimentEntity) -> float:
    """Training seconds of a running run; its own count when the clock since its start is no use."""
    if run.started_at is None:
        return run.seconds
    since = (datetime.now(UTC) - run.started_at).total_seconds()
    return since if run.attempts <= 1 else run.seconds


def _waiting(
    runs: Sequence[ExperimentEntity],
    running: Sequence[RunningLine],
    workers: Sequence[WorkerEntity],
    trouble: str,
) -> list[WaitingLine]:
    takes = [_time_to_take(run) for run in runs]
    starts = expected_starts([] if trouble else _free_in(running, workers), takes)
    return [
        WaitingLine(run, position, start, duration)
        for position, (run, start, duration) in enumerate(zip(runs, starts, takes, strict=True), 1)
    ]


def _free_in(running: Sequence[RunningLine], workers: Sequence[WorkerEntity]) -> list[float | None]:
    """Give for every slot of a living worker when it is free."""
    found: list[float | None] = []
    for worker in workers:
        held = [line.remaining_seconds for line in running if line.worker == worker.name]
        found += [*held, *[0.0] * (worker.slots - len(held))]
    return found


def _time_to_take(run: ExperimentEntity) -> float | None:
    """Expected time of what is left of a waiting run; one that was paused has done a part."""
    whole = expected_seconds(run)
    if whole is None or run.status is not Status.PENDING:
        return None
    return whole * (1.0 - min(1.0, max(0.0, run.progress)))


def job_progress(job: JobEntity | None) -> float | None:
    """Give the share done of a running job; None while it waits or nobody knows."""
    if job is None or job.status is not JobStatus.RUNNING:
        return None
    task_id = task_id_of_job(job.id)
    try:
        return _number(progress.snapshots([task_id]).get(task_id, {}).get("progress"))
    except (redis.RedisError, OSError):
        return None


def _job(job: JobEntity, live: Mapping[str, Any]) -> JobLine:
    return JobLine(job, _number(live.get("progress")), str(live.get("message") or ""))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
