"""Experiments as people see them: create, find, describe, compare; never their execution."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, func, or_, select, update
from sqlalchemy import String as SqlString
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.entities import (
    ArtifactEntity,
    ConflictError,
    EpochEntity,
    EventEntity,
    ExperimentEntity,
    NotFoundError,
    Page,
    Status,
)
from storage.models import (
    Artifact,
    Dataset,
    EpochRow,
    Event,
    Experiment,
    ExperimentParam,
    utc_now,
)

SORTABLE = {
    "id": Experiment.id,
    "name": Experiment.name,
    "family": Experiment.family,
    "status": Experiment.status,
    "dataset_name": Dataset.name,
    "accuracy": Experiment.accuracy,
    "macro_f1": Experiment.macro_f1,
    "seconds": Experiment.seconds,
    "created_at": Experiment.created_at,
    "finished_at": Experiment.finished_at,
    "n_parameters": Experiment.n_parameters,
    "progress": Experiment.progress,
    "preset": Experiment.preset,
}
MAX_PAGE = 1000


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
    epochs_total: int = 0
    work_units: float = 0.0


@dataclass(frozen=True)
class ExperimentQuery:
    """Filters, order and page of a run list; empty fields do not filter."""

    search: str = ""
    families: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dataset_ids: tuple[int, ...] = ()
    min_accuracy: float | None = None
    max_accuracy: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: tuple[tuple[str, bool], ...] = field(default=(("created_at", True),))
    """Pairs of a column name in SORTABLE and whether it descends."""
    limit: int = 50
    offset: int = 0


class ExperimentStore:
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
                task_id=str(uuid.uuid4()),
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
                epochs_total=new.epochs_total,
                work_units=new.work_units,
            )
            session.add(row)
            session.flush()
            session.add_all(_param_rows(row.id, new.config))
            add_event(session, row.id, "info", "created", "Created and waiting for a worker.")
            return _entity(row, dataset.name)

    def get(self, experiment_id: int) -> ExperimentEntity:
        """Give one experiment.

        Raises:
            NotFoundError: There is none with this id, or it was deleted.
        """
        with read_session() as session:
            found = session.execute(
                _joined().where(Experiment.id == experiment_id, _alive())
            ).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no experiment {experiment_id}. It may be deleted.")
        return _entity(*found)

    def by_task(self, task_id: str) -> ExperimentEntity:
        """Give the experiment with a task id.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            found = session.execute(
                _joined().where(Experiment.task_id == task_id, _alive())
            ).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no task {task_id}.")
        return _entity(*found)

    def page(self, query: ExperimentQuery) -> Page:
        """Give one page of experiments and the total count under the same filters.

        Raises:
            ConflictError: An unknown sort column, or a page size outside 1 to MAX_PAGE.
        """
        if not 1 <= query.limit <= MAX_PAGE or query.offset < 0:
            raise ConflictError(f"A page holds 1 to {MAX_PAGE} experiments, from offset 0 on.")
        conditions = _conditions(query)
        with read_session() as session:
            total = session.scalar(select(func.count()).select_from(Experiment).where(*conditions))
            statement = _joined().where(*conditions).order_by(*_ordering(query.sort))
            rows = session.execute(statement.limit(query.limit).offset(query.offset)).all()
        return Page([_entity(*row) for row in rows], total or 0)

    def describe(
        self,
        experiment_id: int,
        *,
        name: str | None = None,
        note: str | None = None,
        tags: list[str] | None = None,
        priority: int | None = None,
    ) -> ExperimentEntity:
        """Change what people wrote about an experiment; None leaves a field as it is."""
        given = {"name": name, "note": note, "tags": tags, "priority": priority}
        values = {key: value for key, value in given.items() if value is not None}
        if values:
            with write_session() as session:
                session.execute(
                    update(Experiment)
                    .where(Experiment.id == experiment_id, _alive())
                    .values(values)
                )
        return self.get(experiment_id)

    def delete(self, experiment_id: int) -> None:
        """Take an experiment out of all lists.

        Raises:
            NotFoundError: There is none.
            ConflictError: It runs or waits; stop it first.
        """
        entity = self.get(experiment_id)
        if not entity.status.ended:
            raise ConflictError(f"“{entity.name}” is {entity.status}. Stop or cancel it first.")
        with write_session() as session:
            session.execute(
                update(Experiment)
                .where(Experiment.id == experiment_id)
                .values(deleted_at=utc_now())
            )

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
        """Give the best other completed run on the same data and split, if any."""
        with read_session() as session:
            found = session.execute(
                _joined()
                .where(
                    _alive(),
                    Experiment.id != experiment.id,
                    Experiment.dataset_fingerprint == experiment.dataset_fingerprint,
                    Experiment.split_digest == experiment.split_digest,
                    Experiment.macro_f1.is_not(None),
                )
                .order_by(Experiment.macro_f1.desc(), Experiment.id)
                .limit(1)
            ).one_or_none()
        return None if found is None else _entity(*found)

    def best_per_dataset(self) -> list[ExperimentEntity]:
        """Give, for each data set, its run with the highest macro-F1 on a split without leaks."""
        rank = (
            func.row_number()
            .over(partition_by=Experiment.dataset_id, order_by=Experiment.macro_f1.desc())
            .label("rank")
        )
        best = (
            select(Experiment.id, rank)
            .where(_alive(), Experiment.macro_f1.is_not(None), Experiment.leaky.is_(False))
            .subquery()
        )
        with read_session() as session:
            rows = session.execute(
                _joined().join(best, best.c.id == Experiment.id).where(best.c.rank == 1)
            ).all()
        return [_entity(*row) for row in rows]

    def status_counts(self) -> dict[str, int]:
        """Count experiments by status."""
        with read_session() as session:
            rows = session.execute(
                select(Experiment.status, func.count()).where(_alive()).group_by(Experiment.status)
            )
            return dict(rows.tuples().all())

    def measured_rates(self, family: str, host: str, limit: int = 30) -> list[float]:
        """Give work units per second of this family's recent runs on a host, newest first."""
        with read_session() as session:
            rows = session.execute(
                select(Experiment.work_units, Experiment.seconds)
                .where(
                    Experiment.family == family,
                    Experiment.host == host,
                    Experiment.status == Status.COMPLETED,
                    Experiment.seconds > 0,
                    Experiment.work_units > 0,
                )
                .order_by(Experiment.id.desc())
                .limit(limit)
            ).all()
        return [units / seconds for units, seconds in rows]

    def known_tags(self) -> list[str]:
        """Give all tags in use, sorted."""
        with read_session() as session:
            rows = session.scalars(
                select(Experiment.tags).where(_alive()).order_by(Experiment.id.desc()).limit(5000)
            ).all()
        return sorted({tag for tags in rows for tag in tags})


def add_event(session: Session, experiment_id: int, level: str, kind: str, message: str) -> None:
    """Append a line to a timeline inside the caller's transaction."""
    last = session.scalar(select(func.max(Event.seq)).where(Event.experiment_id == experiment_id))
    session.add(
        Event(
            experiment_id=experiment_id,
            seq=(last or 0) + 1,
            level=level,
            kind=kind,
            message=message,
        )
    )
    session.flush()


def flatten(config: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give every leaf of a nested config as (dotted path, value)."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _param_rows(experiment_id: int, config: dict[str, Any]) -> list[ExperimentParam]:
    return [
        ExperimentParam(
            experiment_id=experiment_id,
            key=key[:100],
            text=str(value)[:200],
            number=float(value) if isinstance(value, int | float) else None,
        )
        for key, value in flatten(config)
    ]


def _alive() -> ColumnElement[bool]:
    return Experiment.deleted_at.is_(None)


def _joined() -> Select[Experiment, str]:
    return select(Experiment, Dataset.name).join(Dataset, Dataset.id == Experiment.dataset_id)


def _conditions(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    choices: list[tuple[tuple[Any, ...], Any]] = [
        (query.families, Experiment.family),
        (query.statuses, Experiment.status),
        (query.dataset_ids, Experiment.dataset_id),
    ]
    conditions = [_alive()]
    conditions += _ranges(query)
    conditions += [column.in_(values) for values, column in choices if values]
    conditions += [_has_tag(tag) for tag in query.tags]
    if query.search.strip():
        conditions.append(_matches(query.search.strip()))
    return conditions


def _ranges(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    bounds: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (query.min_accuracy, Experiment.accuracy.__ge__),
        (query.max_accuracy, Experiment.accuracy.__le__),
        (query.since, Experiment.created_at.__ge__),
        (query.until, Experiment.created_at.__le__),
    ]
    return [compare(bound) for bound, compare in bounds if bound is not None]


def _matches(text: str) -> ColumnElement[bool]:
    in_dataset = select(Dataset.id).where(Dataset.name.icontains(text, autoescape=True))
    return or_(
        Experiment.name.icontains(text, autoescape=True),
        Experiment.note.icontains(text, autoescape=True),
        Experiment.family.icontains(text, autoescape=True),
        cast(Experiment.tags, SqlString).icontains(text, autoescape=True),
        Experiment.dataset_id.in_(in_dataset),
    )


def _has_tag(tag: str) -> ColumnElement[bool]:
    return cast(Experiment.tags, SqlString).contains(f'"{tag}"', autoescape=True)


def _ordering(sort: tuple[tuple[str, bool], ...]) -> list[ColumnElement[Any]]:
    unknown = [name for name, _ in sort if name not in SORTABLE]
    if unknown:
        known = ", ".join(SORTABLE)
        raise ConflictError(f"Experiments cannot be sorted by “{unknown[0]}”. Known: {known}.")
    ordering: list[ColumnElement[Any]] = [
        (SORTABLE[name].desc() if descending else SORTABLE[name].asc()).nulls_last()
        for name, descending in sort
    ]
    return [*ordering, Experiment.id.desc()]


def _entity(row: Experiment, dataset_name: str) -> ExperimentEntity:
    plain = {
        name: getattr(row, name)
        for name in ExperimentEntity.__dataclass_fields__
        if name not in ("status", "dataset_name")
    }
    return ExperimentEntity(status=Status(row.status), dataset_name=dataset_name, **plain)
