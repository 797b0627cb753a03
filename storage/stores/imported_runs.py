"""Experiments that come from another bench: stored hidden, shown when all their files are here."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.artifacts import NewArtifact
from storage.database import read_session, write_session
from storage.entities import DatasetEntity, DatasetStatus, EpochEntity, EventEntity, Status
from storage.models import (
    Dataset,
    EpochRow,
    Event,
    Experiment,
    utc_now,
)
from storage.stores import metrics
from storage.stores.chosen_metrics import write_metrics
from storage.stores.datasets import DatasetStore
from storage.stores.experiment_rows import add_event, held_out_rows, param_rows, tag_rows

FIRST_TOKEN = 1
"""Token of the attempt that imported files are stored under."""


@dataclass(frozen=True)
class Arrived:
    """What belongs to an imported run besides its own row."""

    epochs: Sequence[EpochEntity]
    events: Sequence[EventEntity]
    artifacts: Sequence[NewArtifact]
    origin: str


class ImportedRuns:
    """Writes experiments that were made elsewhere."""

    def known(self, task_ids: Collection[str]) -> dict[str, int]:
        """Give the numbers of those task ids that are here and not deleted."""
        statement = select(Experiment.task_id, Experiment.id).where(
            Experiment.task_id.in_(task_ids), Experiment.deleted_at.is_(None)
        )
        with read_session() as session:
            return {task_id: number for task_id, number in session.execute(statement)}  # noqa: C416

    def begin(self, values: Mapping[str, Any], dataset_id: int) -> int:
        """Store an ended run that nobody sees yet; gives its number.

        Args:
            values: Columns of the run.
            dataset_id: The data set it was made with.
        """
        with write_session() as session:
            _free_task_id(session, str(values["task_id"]))
            row = Experiment(
                **values,
                dataset_id=dataset_id,
                token=FIRST_TOKEN,
                attempts=FIRST_TOKEN,
                deleted_at=utc_now(),
            )
            session.add(row)
            session.flush()
            return row.id

    def complete(self, number: int, arrived: Arrived) -> None:
        """Add what belongs to a run, and show it."""
        with write_session() as session:
            row = session.get_one(Experiment, number)
            session.add_all(item.row(number) for item in arrived.artifacts)
            session.add_all(
                EpochRow(
                    experiment_id=number,
                    epoch=epoch.epoch,
                    values=epoch.values,
                    created_at=epoch.created_at,
                )
                for epoch in arrived.epochs
            )
            session.add_all(_event(number, seq, each) for seq, each in enumerate(arrived.events, 1))
            session.flush()
            write_metrics(session, number, row.metrics)
            session.add_all(param_rows(number, row.config))
            session.add_all(held_out_rows(number, row.config))
            session.add_all(tag_rows(number, row.tags))
            session.flush()
            add_event(session, number, "info", "imported", f"Imported from {arrived.origin}.")
            if Status(row.status).ended:
                metrics.seal(session, number)
            row.deleted_at = None

    def datasets(self, fingerprint: str) -> list[DatasetEntity]:
        """Give the data sets with a fingerprint, those that are ready first."""
        statement = select(Dataset.id).where(
            Dataset.fingerprint == fingerprint, Dataset.deleted_at.is_(None)
        )
        with read_session() as session:
            ids = session.scalars(statement.order_by(Dataset.id)).all()
        found = [DatasetStore().get(number) for number in ids]
        return sorted(found, key=lambda each: each.status is not DatasetStatus.READY)


def _free_task_id(session: Session, task_id: str) -> None:
    """Give a deleted run of the same task id another one."""
    row = session.scalar(select(Experiment).where(Experiment.task_id == task_id).with_for_update())
    if row is not None and row.deleted_at is not None:
        row.task_id = str(uuid.uuid4())
        session.flush()


def _event(number: int, seq: int, event: EventEntity) -> Event:
    return Event(
        experiment_id=number,
        seq=seq,
        level=event.level,
        kind=event.kind,
        message=event.message,
        created_at=event.created_at,
    )
