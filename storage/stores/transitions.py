"""The states of a run and the ways between them: one table, which the database enforces too."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.entities import ENDED, ConflictError, Status
from storage.models import Experiment, Study, utc_now
from storage.stores.experiments import add_event
from storage.stores.leases import release
from storage.stores.notifications import Notice, announce

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.PAUSED, Status.CANCELLED}),
    Status.RUNNING: frozenset(
        {
            Status.PENDING,
            Status.PAUSED,
            Status.COMPLETED,
            Status.STOPPED,
            Status.CANCELLED,
            Status.FAILED,
        }
    ),
    Status.PAUSED: frozenset({Status.PENDING, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset({Status.PENDING}),
    Status.STOPPED: frozenset({Status.PENDING}),
    Status.COMPLETED: frozenset(),
}
"""Where a run may go from each status; triggers made by the migrations hold the same pairs."""

ANNOUNCED = {
    "completed": "“{name}” is complete",
    "stopped": "“{name}” was stopped and evaluated",
    "failed": "“{name}” failed",
    "crashed": "“{name}” had to be started again",
    "worker-lost": "“{name}” lost its worker",
}
"""Events that people are told of without looking, with the title of the notification."""
QUIET_IN_STUDIES = ("completed", "stopped")
"""Of a study's runs only the last of these is told, for the whole study."""


def move(
    session: Session,
    row: Experiment,
    status: Status,
    level: str,
    event: str,
    message: str,
    told: str = "",
) -> None:
    """Bring a run into another status, with a line in its timeline and what people are told.

    Args:
        session: The caller's transaction; everything is written in it or nothing.
        row: The run, locked.
        status: Where it goes.
        level: Of the event: info, success, warning or error.
        event: Kind of the event.
        message: The event's sentence.
        told: What people are told of it, if not the same.

    Raises:
        ConflictError: There is no way from its status to that one.
    """
    before = Status(row.status)
    if status is not before and status not in TRANSITIONS[before]:
        raise ConflictError(f"“{row.name}” is {before}; it cannot become {status}.")
    row.status = status
    if status is not Status.RUNNING:
        release(row)
    row.finished_at = utc_now() if status.ended else None
    add_event(session, row.id, level, event, message)
    title = _title(session, row, event)
    if title:
        announce(session, Notice(level, event, title, told or message, row.id))


def _title(session: Session, row: Experiment, event: str) -> str:
    """Give the title of what people are told of an event; "" where they are not."""
    if event not in ANNOUNCED:
        return ""
    if row.study_id is None or event not in QUIET_IN_STUDIES:
        return ANNOUNCED[event].format(name=row.name)
    others = select(Experiment.id).where(
        Experiment.study_id == row.study_id,
        Experiment.id != row.id,
        Experiment.deleted_at.is_(None),
        Experiment.status.not_in([status.value for status in ENDED]),
    )
    study = session.get(Study, row.study_id)
    if study is None or session.scalar(others.limit(1)) is not None:
        return ""
    return f"All runs of “{study.name}” have ended"
