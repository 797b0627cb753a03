"""The states of a run: what the table in code allows is exactly what the database lets through."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from storage.database import write_session
from storage.entities import ConflictError, Status
from storage.models import Dataset, Event, Experiment, Notification
from storage.stores.transitions import TRANSITIONS, move


def new_run(status: str) -> int:
    with write_session() as session:
        dataset = Dataset(name="d", status="ready", source="upload")
        session.add(dataset)
        session.flush()
        run = Experiment(
            task_id=f"t{dataset.id}", name="r", family="classical", dataset_id=dataset.id,
            dataset_fingerprint="f", config={}, status=status,
        )  # fmt: skip
        session.add(run)
        session.flush()
        return run.id


def written(run: int, status: Status) -> bool:
    """Write a status past the stores, as a mistake in them would."""
    try:
        with write_session() as session:
            session.execute(update(Experiment).where(Experiment.id == run).values(status=status))
    except DBAPIError:
        return False
    return True


def test_the_database_lets_through_exactly_the_ways_of_the_table(any_database: str) -> None:
    for before, after in product(Status, Status):
        allowed = after is before or after in TRANSITIONS[before]
        assert written(new_run(before), after) is allowed, (before, after)


def test_the_database_refuses_a_status_nobody_knows(any_database: str) -> None:
    with pytest.raises(DBAPIError):
        new_run("lost")


def test_a_move_writes_status_event_and_notification_together(any_database: str) -> None:
    run = new_run(Status.RUNNING)
    with write_session() as session:
        row = session.get_one(Experiment, run)
        move(session, row, Status.FAILED, "error", "failed", "It had no data.")
    with write_session() as session:
        row = session.get_one(Experiment, run)
        assert (row.status, row.finished_at is not None) == (Status.FAILED, True)
        assert session.query(Event).filter_by(experiment_id=run).one().message == "It had no data."
        assert session.query(Notification).one().title == "“r” failed"


def test_a_move_with_no_way_is_refused_and_writes_nothing(any_database: str) -> None:
    run = new_run(Status.COMPLETED)
    with write_session() as session:
        row = session.get_one(Experiment, run)
        with pytest.raises(ConflictError, match="cannot become running"):
            move(session, row, Status.RUNNING, "info", "started", "Again.")
    with write_session() as session:
        assert session.query(Event).count() == 0
