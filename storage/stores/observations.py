"""How much there is and how much of it moves: counts for the health route and for metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.database import database_now, read_session
from storage.entities import ENDED, JobStatus, Status
from storage.models import Delivery, EpochRow, Event, Experiment, Job, utc_now
from storage.stores.runs import IN_ORDER

EPOCH_WINDOW_SECONDS = 60.0


@dataclass(frozen=True)
class Backlog:
    """What waits, and whether somebody looks after it.

    Attributes:
        waiting: Pending runs.
        first_waits_seconds: How long the run that is claimed next has been waiting; 0 without one.
        running: Runs under a lease.
        silent_seconds: How long the longest silent lease has been over; 0 when all are held.
    """

    waiting: int = 0
    first_waits_seconds: float = 0.0
    running: int = 0
    silent_seconds: float = 0.0


@dataclass(frozen=True)
class EndedRuns:
    """Ended runs of one family with one status: how many, and their training time together."""

    family: str
    status: str
    count: int
    seconds: float


@dataclass(frozen=True)
class Observations:
    """Everything the database says about the bench at one moment.

    Attributes:
        statuses: Runs that are not deleted, by status.
        waiting: Pending runs by priority.
        ended: Training time of ended runs.
        epochs: Epochs committed by all runs ever.
        epochs_per_second: Of the open runs, over the last EPOCH_WINDOW_SECONDS.
        lease_ages: Seconds until each running run's lease is over; negative when it is.
        jobs: Background jobs by kind and status, those done left out.
        deliveries: Messages in the outbox by status, those sent left out.
    """

    statuses: dict[str, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    ended: tuple[EndedRuns, ...] = ()
    epochs: int = 0
    epochs_per_second: float = 0.0
    lease_ages: tuple[float, ...] = ()
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)


def backlog() -> Backlog:
    """Give what waits and what runs; three small queries."""
    with read_session() as session:
        waiting, first = _waiting(session)
        left = _seconds_left(session)
        return Backlog(waiting, first, len(left), max(0.0, -min(left, default=0.0)))


def observe() -> Observations:
    """Give all counts in one transaction."""
    with read_session() as session:
        alive = Experiment.deleted_at.is_(None)
        statuses = session.execute(
            select(Experiment.status, func.count()).where(alive).group_by(Experiment.status)
        )
        waiting = session.execute(
            select(Experiment.priority, func.count())
            .where(alive, Experiment.status == Status.PENDING)
            .group_by(Experiment.priority)
        )
        jobs = session.execute(
            select(Job.kind, Job.status, func.count())
            .where(Job.status != JobStatus.DONE)
            .group_by(Job.kind, Job.status)
        )
        deliveries = session.execute(
            select(Delivery.status, func.count())
            .where(Delivery.status != "sent")
            .group_by(Delivery.status)
        )
        return Observations(
            {status: count for status, count in statuses},  # noqa: C416 - rows are no plain tuples
            {priority: count for priority, count in waiting},  # noqa: C416
            _ended(session),
            session.scalar(select(func.coalesce(func.sum(Experiment.epochs_done), 0))) or 0,
            _epochs_per_second(session),
            tuple(_seconds_left(session)),
            {(kind, status): count for kind, status, count in jobs},
            {status: count for status, count in deliveries},  # noqa: C416
        )


def _waiting(session: Session) -> tuple[int, float]:
    pending = Experiment.status == Status.PENDING
    count = session.scalar(select(func.count()).select_from(Experiment).where(pending)) or 0
    if not count:
        return 0, 0.0
    first = select(Experiment.id).where(pending).order_by(*IN_ORDER).limit(1).scalar_subquery()
    # Each change of a run's state writes an event, so the newest one tells since when it waits.
    since = session.scalar(select(func.max(Event.created_at)).where(Event.experiment_id == first))
    return count, max(0.0, (utc_now() - since).total_seconds()) if since else 0.0


def _seconds_left(session: Session) -> list[float]:
    left = func.coalesce(Experiment.lease_until, 0.0) - database_now()
    return list(session.scalars(select(left).where(Experiment.status == Status.RUNNING)))


def _ended(session: Session) -> tuple[EndedRuns, ...]:
    rows = session.execute(
        select(
            Experiment.family,
            Experiment.status,
            func.count(),
            func.coalesce(func.sum(Experiment.seconds), 0.0),
        )
        .where(Experiment.status.in_(ENDED))
        .group_by(Experiment.family, Experiment.status)
    )
    return tuple(EndedRuns(*row) for row in rows)


def _epochs_per_second(session: Session) -> float:
    since = utc_now() - timedelta(seconds=EPOCH_WINDOW_SECONDS)
    # Joined from the open runs, of which there are few: rows of epochs have no index by time.
    recent = session.scalar(
        select(func.count())
        .select_from(Experiment)
        .join(EpochRow, EpochRow.experiment_id == Experiment.id)
        .where(Experiment.status == Status.RUNNING, EpochRow.created_at >= since)
    )
    return (recent or 0) / EPOCH_WINDOW_SECONDS
