"""The execution of jobs (reports, imports): claim, beat, end; every write under the token."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.entities import DatasetStatus, JobStatus
from storage.models import Dataset, Job, utc_now
from storage.stores.leases import Lease, LeaseTable, release

MAX_ATTEMPTS = 3
UNFINISHED = (DatasetStatus.UPLOADED, DatasetStatus.IMPORTING)

_JOBS = LeaseTable(Job, JobStatus.QUEUED, JobStatus.RUNNING, (Job.priority.desc(), Job.id))


class JobRunStore:
    """Moves jobs through their states; one transaction per move."""

    def claim_next(self, owner: str, lease_seconds: float, least_priority: int = 0) -> Lease | None:
        """Claim the queued job with the highest priority, the oldest first.

        Args:
            owner: Name of the worker.
            lease_seconds: How long the claim holds without a beat.
            least_priority: Leave jobs of a lower one to others.
        """
        with write_session() as session:
            row = _JOBS.claim(session, owner, lease_seconds, Job.priority >= least_priority)
            return None if row is None else Lease(row.id, row.token)

    def beat(self, lease: Lease, lease_seconds: float) -> None:
        """Hold on to a job for some more seconds.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            _JOBS.beat(session, lease, lease_seconds)

    def done(self, lease: Lease, result: dict[str, Any]) -> None:
        """End a job with what it made.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _JOBS.held(session, lease)
            row.result = result
            _end(row, JobStatus.DONE)

    def fail(self, lease: Lease, sentence: str) -> None:
        """End a job that cannot be done.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _JOBS.held(session, lease)
            _fail(session, row, sentence)

    def hand_back(self, lease: Lease) -> None:
        """Put a job back into the queue, because its worker leaves.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _JOBS.held(session, lease)
            row.attempts -= 1
            row.status = JobStatus.QUEUED
            release(row)

    def crashed(self, lease: Lease, how: str) -> None:
        """Queue a job again whose process died, a few times.

        Raises:
            LeaseLostError: It has ended, or another worker owns it.
        """
        with write_session() as session:
            _again(session, _JOBS.held(session, lease), how)

    def reap(self) -> list[int]:
        """Queue the jobs again whose worker fell silent."""
        with write_session() as session:
            rows = _JOBS.expired(session)
            for row in rows:
                _again(session, row, "The worker fell silent.")
            return [row.id for row in rows]

    def waiting(self) -> list[int]:
        """Give the ids of queued jobs, oldest first."""
        with read_session() as session:
            return _JOBS.waiting(session)

    def waiting_priorities(self) -> list[int]:
        """Give the highest priority that waits, if any does."""
        with read_session() as session:
            return _JOBS.waiting_priorities(session)


def _again(session: Session, row: Job, how: str) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        _fail(session, row, f"It was tried {row.attempts} times: {how}")
        return
    row.status = JobStatus.QUEUED
    release(row)


def _fail(session: Session, row: Job, sentence: str) -> None:
    row.error = sentence
    _end(row, JobStatus.FAILED)
    # A job that died could not say so on its data set, whose page would wait for ever.
    session.execute(
        update(Dataset)
        .where(Dataset.id == row.dataset_id, Dataset.status.in_(UNFINISHED))
        .values(status=DatasetStatus.FAILED, error=sentence)
    )


def _end(row: Job, status: JobStatus) -> None:
    row.status, row.finished_at = status, utc_now()
    release(row)
