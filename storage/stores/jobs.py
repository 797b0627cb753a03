"""Background jobs other than training: reports, inspections and imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from storage.database import read_session, write_session
from storage.entities import JobEntity, JobStatus, NotFoundError
from storage.models import Job, utc_now

NORMAL = 5
USUAL_PRIORITIES = {"report": 8, "inspect": 8, "analyse": 8, "simulate": 2, "retention": 2}
"""Kinds that somebody waits for at the screen are high, those that take long are low."""


def usual_priority(kind: str) -> int:
    """Give the priority of a kind of job that nobody chose one for."""
    return USUAL_PRIORITIES.get(kind, NORMAL)


class JobStore:
    """Creates and reads jobs; claiming and finishing them is in ``stores.leases``."""

    def create(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        experiment_id: int | None = None,
        dataset_id: int | None = None,
        priority: int | None = None,
    ) -> JobEntity:
        """Store a queued job.

        Args:
            kind: One of ``tasks.job_kinds``.
            payload: What the kind needs to know.
            experiment_id: The experiment it is about.
            dataset_id: The data set it is about.
            priority: 0 to 9; None for what is usual for the kind.
        """
        with write_session() as session:
            row = Job(
                kind=kind,
                payload=payload,
                status=JobStatus.QUEUED,
                experiment_id=experiment_id,
                dataset_id=dataset_id,
                priority=usual_priority(kind) if priority is None else priority,
            )
            session.add(row)
            session.flush()
            return entity(row)

    def record(self, kind: str, payload: dict[str, Any], result: dict[str, Any]) -> JobEntity:
        """Store something that was done without waiting for a worker, e.g. a "probe"."""
        with write_session() as session:
            row = Job(
                kind=kind,
                payload=payload,
                result=result,
                status=JobStatus.DONE,
                finished_at=utc_now(),
            )
            session.add(row)
            session.flush()
            return entity(row)

    def finished(self, kind: str, limit: int) -> list[JobEntity]:
        """Give the jobs of a kind that were done, newest first."""
        statement = (
            select(Job)
            .where(Job.kind == kind, Job.status == JobStatus.DONE)
            .order_by(Job.id.desc())
            .limit(limit)
        )
        with read_session() as session:
            return [entity(row) for row in session.scalars(statement)]

    def newest(self, kinds: Sequence[str], limit: int) -> list[JobEntity]:
        """Give the newest jobs of some kinds, whatever became of them."""
        statement = select(Job).where(Job.kind.in_(kinds)).order_by(Job.id.desc()).limit(limit)
        with read_session() as session:
            return [entity(row) for row in session.scalars(statement)]

    def of_experiment(self, kind: str, experiment_id: int, limit: int = 100) -> list[JobEntity]:
        """Give the jobs of a kind for an experiment, newest first."""
        statement = (
            select(Job)
            .where(Job.kind == kind, Job.experiment_id == experiment_id)
            .order_by(Job.id.desc())
            .limit(limit)
        )
        with read_session() as session:
            return [entity(row) for row in session.scalars(statement)]

    def get(self, job_id: int) -> JobEntity:
        """Give one job.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            row = session.get(Job, job_id)
        if row is None:
            raise NotFoundError(f"There is no job {job_id}.")
        return entity(row)

    def latest(
        self, kind: str, *, experiment_id: int | None = None, dataset_id: int | None = None
    ) -> JobEntity | None:
        """Give the newest job of a kind for an experiment or a data set."""
        statement = select(Job).where(Job.kind == kind).order_by(Job.id.desc()).limit(1)
        if experiment_id is not None:
            statement = statement.where(Job.experiment_id == experiment_id)
        if dataset_id is not None:
            statement = statement.where(Job.dataset_id == dataset_id)
        with read_session() as session:
            row = session.scalar(statement)
        return None if row is None else entity(row)


def entity(row: Job) -> JobEntity:
    """Turn a row into its frozen entity."""
    return JobEntity(
        row.id,
        row.kind,
        JobStatus(row.status),
        row.payload,
        row.result,
        row.error,
        row.experiment_id,
        row.dataset_id,
        row.created_at,
        row.finished_at,
        row.priority,
    )
