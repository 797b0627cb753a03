"""Experiments as people see them: create, find, describe, compare; never their execution."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.entities import (
    LEARNING_CURVE,
    ArtifactEntity,
    ConflictError,
    EpochEntity,
    EventEntity,
    ExperimentEntity,
    NotFoundError,
    Status,
)
from storage.models import (
    LARGEST_ID,
    Artifact,
    Dataset,
    EpochRow,
    Event,
    Experiment,
    Study,
    utc_now,
)
from storage.stores.experiment_lists import ExperimentLists, entity_of, joined
from storage.stores.experiment_queries import (
    MAX_PAGE,
    SORTABLE,
    ExperimentQuery,
    alive,
)
from storage.stores.experiment_rows import (
    add_event,
    bring_back,
    came_back,
    flatten,
    held_out_rows,
    param_rows,
    replace_tags,
    tag_rows,
)
from storage.stores.register import registered_as

__all__ = [
    "MAX_PAGE",
    "SORTABLE",
    "ExperimentQuery",
    "ExperimentStore",
    "NewExperiment",
    "add_event",
    "flatten",
    "param_rows",
    "tag_rows",
]

DESCRIBED = ("name", "note", "tags", "priority", "kept", "time_limit_seconds")
"""What people decide about an experiment, and may decide twice at once."""


@dataclass(frozen=True)
class NewExperiment:
    """What is needed to create an experiment; ``config`` has been validated by its family."""

    name: str
    family: str
    dataset_id: int
    config: dict[str, Any]
    preset: str = ""
    tags: tuple[str, ...] = ()
    priority: int = 5
    parent_id: int | None = None
    study_id: int | None = None
    epochs_total: int = 0
    work_units: float = 0.0
    forecast: dict[str, Any] | None = None
    time_limit_seconds: int | None = None
    task_id: str = ""


class ExperimentStore(ExperimentLists):
    """Reads and writes experiments, their timeline, epochs and artifacts."""

    def create(self, new: NewExperiment) -> ExperimentEntity:
        """Store a pending experiment.

        Raises:
            NotFoundError: The data set does not exist (any more).
            ConflictError: The data set is not ready.
        """
        with write_session() as session:
            dataset = session.get(Dataset, new.dataset_id)
            if dataset is None or dataset.deleted_at is not None:
                raise NotFoundError(f"There is no data set {new.dataset_id}. Choose another one.")
            if dataset.status != "ready":
                raise ConflictError(f"“{dataset.name}” is not imported yet. Finish its import.")
            row = Experiment(
                task_id=new.task_id or str(uuid.uuid4()),
                name=new.name,
                family=new.family,
                preset=new.preset,
                dataset_id=dataset.id,
                dataset_fingerprint=dataset.fingerprint,
                config=new.config,
                status=Status.PENDING,
                priority=new.priority,
                tags=list(new.tags),
                parent_id=new.parent_id,
                study_id=new.study_id,
                epochs_total=new.epochs_total,
                work_units=new.work_units,
                forecast=new.forecast,
                time_limit_seconds=new.time_limit_seconds,
            )
            session.add(row)
            session.flush()
            session.add_all(param_rows(row.id, new.config))
            session.add_all(held_out_rows(row.id, new.config))
            session.add_all(tag_rows(row.id, new.tags))
            add_event(session, row.id, "info", "created", "Created and waiting for a worker.")
            return entity_of(row, dataset.name)

    def get(self, experiment_id: int) -> ExperimentEntity:
        """Give one experiment.

        Raises:
            NotFoundError: There is none with this id, or it was deleted.
        """
        with read_session() as session:
            found = session.execute(
                joined().where(Experiment.id == min(experiment_id, LARGEST_ID), alive())
            ).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no experiment {experiment_id}. It may be deleted.")
        return entity_of(*found)

    def by_task(self, task_id: str) -> ExperimentEntity:
        """Give the experiment with a task id.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            found = session.execute(
                joined().where(Experiment.task_id == task_id, alive())
            ).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no task {task_id}.")
        return entity_of(*found)

    def describe(
        self,
        experiment_id: int,
        *,
        name: str | None = None,
        note: str | None = None,
        tags: list[str] | None = None,
        priority: int | None = None,
        kept: bool | None = None,
        time_limit_seconds: int | None = None,
        seen: ExperimentEntity | None = None,
    ) -> ExperimentEntity:
        """Change what people decide about an experiment; None leaves a field as it is.

        A time limit of 0 means the installation's. With ``seen`` the change is made only while
        name, note, tags, priority and keeping are still as they were seen.

        Raises:
            NotFoundError: There is none.
            ConflictError: Somebody else changed it since it was seen.
        """
        given = {"name": name, "note": note, "tags": tags, "priority": priority, "kept": kept}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if priority is not None:
            values["queue_rank"] = 0
        if time_limit_seconds is not None:
            values["time_limit_seconds"] = time_limit_seconds or None
        if values:
            with write_session() as session:
                if seen is not None:
                    _check_seen(session, seen)
                changed = session.scalar(
                    update(Experiment)
                    .where(Experiment.id == min(experiment_id, LARGEST_ID), alive())
                    .values(values)
                    .returning(Experiment.id)
                )
                if tags is not None and changed is not None:
                    replace_tags(session, experiment_id, tags)
        return self.get(experiment_id)

    def delete(self, experiment_id: int) -> None:
        """Take an experiment out of all lists.

        Raises:
            NotFoundError: There is none.
            ConflictError: It runs or waits, or a model of the register is its result.
        """
        entity = self.get(experiment_id)
        if not entity.status.ended:
            raise ConflictError(f"“{entity.name}” is {entity.status}. Stop or cancel it first.")
        with write_session() as session:
            if model := registered_as(session, experiment_id):
                raise ConflictError(f"“{entity.name}” is {model}. Delete that model first.")
            session.execute(
                update(Experiment)
                .where(Experiment.id == experiment_id)
                .values(deleted_at=utc_now())
            )
            replace_tags(session, experiment_id, ())

    @overload
    def undelete(self, ids: int) -> ExperimentEntity: ...
    @overload
    def undelete(self, ids: Sequence[int]) -> list[ExperimentEntity]: ...

    def undelete(self, ids: int | Sequence[int]) -> ExperimentEntity | list[ExperimentEntity]:
        """Bring deleted experiments back while their files are still there.

        Args:
            ids: One, or several; of several those that cannot come back are left out.

        Raises:
            NotFoundError: There is none, or its files were removed (one only).
            ConflictError: It is not deleted, or its data set is (one only).
        """
        if isinstance(ids, int):
            with write_session() as session:
                bring_back(session, ids)
            return self.get(ids)
        with write_session() as session:
            back = [number for number in ids[:MAX_PAGE] if came_back(session, number)]
        return self.several(back)

    def epochs(self, experiment_id: int, since: int = 0) -> list[EpochEntity]:
        """Give the epochs after ``since``, oldest first."""
        with read_session() as session:
            rows = session.scalars(
                select(EpochRow)
                .where(EpochRow.experiment_id == experiment_id, EpochRow.epoch > since)
                .order_by(EpochRow.epoch)
            ).all()
        return [EpochEntity(row.epoch, row.values, row.created_at) for row in rows]

    def events(self, experiment_id: int, limit: int = 100) -> list[EventEntity]:
        """Give the newest events, newest first."""
        with read_session() as session:
            rows = session.scalars(
                select(Event)
                .where(Event.experiment_id == experiment_id)
                .order_by(Event.seq.desc())
                .limit(limit)
            ).all()
        return [EventEntity(r.seq, r.level, r.kind, r.message, r.created_at) for r in rows]

    def artifacts(self, experiment_id: int) -> list[ArtifactEntity]:
        """Give the files an experiment made, by name."""
        with read_session() as session:
            rows = session.scalars(
                select(Artifact)
                .where(Artifact.experiment_id == experiment_id)
                .order_by(Artifact.name)
            ).all()
        return [
            ArtifactEntity(r.name, r.kind, r.path, r.bytes, r.sha256, r.created_at) for r in rows
        ]

    def best_rival(self, experiment: ExperimentEntity) -> ExperimentEntity | None:
        """Give the best other completed run on the same data and split, if any.

        Repeats of the run itself and points of learning curves do not count.
        """
        curves = select(Study.id).where(Study.kind == LEARNING_CURVE)
        own = () if experiment.study_id is None else (Experiment.study_id != experiment.study_id,)
        stranger = or_(
            Experiment.study_id.is_(None), and_(Experiment.study_id.not_in(curves), *own)
        )
        with read_session() as session:
            found = session.execute(
                joined()
                .where(
                    alive(),
                    Experiment.id != experiment.id,
                    Experiment.dataset_fingerprint == experiment.dataset_fingerprint,
                    Experiment.split_digest == experiment.split_digest,
                    Experiment.macro_f1.is_not(None),
                    stranger,
                )
                .order_by(Experiment.macro_f1.desc(), Experiment.id)
                .limit(1)
            ).one_or_none()
        return None if found is None else entity_of(*found)


def _check_seen(session: Session, seen: ExperimentEntity) -> None:
    row = session.get(Experiment, seen.id, with_for_update=True)
    if row is not None and any(getattr(row, key) != getattr(seen, key) for key in DESCRIBED):
        raise ConflictError(f"“{row.name}” was changed by somebody else. Look at it again.")
