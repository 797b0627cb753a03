"""The queue as people see it: what runs and waits, in the order it will be claimed."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from storage.database import database_now, read_session, write_session
from storage.entities import ConflictError, ExperimentEntity, JobEntity, JobStatus, Status
from storage.models import Experiment, Job
from storage.stores import jobs
from storage.stores.experiments import ExperimentStore, add_event
from storage.stores.runs import IN_ORDER, locked_run

MOVES = ("first", "sooner", "later")
LOWEST, HIGHEST = 0, 9
MOST_RUNNING = 200
MOST_JOBS = 50


@dataclass(frozen=True)
class RunningRow:
    """A run that a worker holds.

    Attributes:
        owner: Name of the worker.
        silent_seconds: Time since its runner's last sign of life, by the database's clock.
    """

    run: ExperimentEntity
    owner: str
    silent_seconds: float


@dataclass(frozen=True)
class QueueRows:
    """One look at the queue.

    Attributes:
        waiting: In the order they will be claimed, as many as were asked for.
        n_waiting: How many there are in all.
        jobs: Running ones first, then queued ones in the order they will be claimed.
    """

    running: list[RunningRow] = field(default_factory=list)
    waiting: list[ExperimentEntity] = field(default_factory=list)
    n_waiting: int = 0
    jobs: list[JobEntity] = field(default_factory=list)


class QueueStore:
    """Reads the queue and changes its order."""

    def look(self, lease_seconds: float, most_waiting: int = 100) -> QueueRows:
        """Give what runs and waits.

        Args:
            lease_seconds: For how long a sign of life holds a run.
            most_waiting: How many waiting runs are read, the first ones.
        """
        with read_session() as session:
            holders = _holders(session, lease_seconds)
            waiting = list(session.scalars(_in_order(most_waiting)))
            count = session.scalar(
                select(func.count()).select_from(Experiment).where(*_is(Status.PENDING))
            )
            active = [jobs.entity(row) for row in session.scalars(_active_jobs())]
        found = {run.id: run for run in ExperimentStore().several([*holders, *waiting])}
        return QueueRows(
            [RunningRow(found[n], *holders[n]) for n in holders if n in found],
            [found[n] for n in waiting if n in found],
            count or 0,
            active,
        )

    def silent_seconds(self, experiment_id: int, lease_seconds: float) -> float | None:
        """Give the time since a running run's last sign of life; None when it does not run."""
        with read_session() as session:
            return session.scalar(
                select(_silence(lease_seconds)).where(
                    Experiment.id == experiment_id, *_is(Status.RUNNING)
                )
            )

    def move(self, experiment_id: int, how: str) -> ExperimentEntity:
        """Let a waiting run start before all others ("first"), "sooner" or "later".

        Raises:
            NotFoundError: There is no such run.
            ConflictError: It does not wait, or there is no such move.
        """
        if how not in MOVES:
            raise ConflictError(f"“{how}” is no move. Known: {', '.join(MOVES)}.")
        with write_session() as session:
            row = locked_run(session, experiment_id)
            if row.status != Status.PENDING:
                raise ConflictError(f"“{row.name}” is {row.status}, so it does not wait any more.")
            if how == "first":
                row.priority, row.queue_rank = HIGHEST, _highest_rank(session) + 1
            else:
                step = 1 if how == "sooner" else -1
                row.priority = min(HIGHEST, max(LOWEST, row.priority + step))
                row.queue_rank = 0
            word = "Put first in the queue." if how == "first" else f"Priority {row.priority}."
            add_event(session, row.id, "info", "priority", word)
        return ExperimentStore().get(experiment_id)


def _is(status: Status) -> tuple[ColumnElement[bool], ...]:
    return Experiment.status == status, Experiment.deleted_at.is_(None)


def _silence(lease_seconds: float) -> ColumnElement[float]:
    return database_now() - Experiment.lease_until + lease_seconds


def _holders(session: Session, lease_seconds: float) -> dict[int, tuple[str, float]]:
    rows = session.execute(
        select(Experiment.id, Experiment.lease_owner, _silence(lease_seconds))
        .where(*_is(Status.RUNNING))
        .order_by(Experiment.started_at, Experiment.id)
        .limit(MOST_RUNNING)
    )
    return {number: (owner, max(0.0, silence)) for number, owner, silence in rows}


def _in_order(limit: int) -> Select[int]:
    return select(Experiment.id).where(*_is(Status.PENDING)).order_by(*IN_ORDER).limit(limit)


def _active_jobs() -> Select[Job]:
    return (
        select(Job)
        .where(Job.status.in_((JobStatus.RUNNING, JobStatus.QUEUED)))
        .order_by(Job.status.desc(), Job.priority.desc(), Job.id)
        .limit(MOST_JOBS)
    )


def _highest_rank(session: Session) -> int:
    return session.scalar(select(func.max(Experiment.queue_rank)).where(*_is(Status.PENDING))) or 0
