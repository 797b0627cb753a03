"""Experiments as people see them: create, find, describe, compare; never their execution."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, delete, func, select, update
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
    LARGEST_ID,
    Artifact,
    Dataset,
    EpochRow,
    Event,
    Experiment,
    ExperimentParam,
    ExperimentTag,
    utc_now,
)
from storage.stores.experiment_queries import (
    MAX_PAGE,
    SORTABLE,
    ExperimentQuery,
    alive,
    best_ids,
    check_page,
    count_rows,
    ids_in_order,
)

__all__ = [
    "MAX_PAGE",
    "SORTABLE",
    "ExperimentQuery",
    "ExperimentStore",
    "NewExperiment",
    "add_event",
    "flatten",
]

SEARCHED_AT_ONCE = 2000
DESCRIBED = ("name", "note", "tags", "priority", "kept", "time_limit_seconds")
"""What people decide about an experiment, and may decide twice at once."""
CURVES = ("val_accuracy", "val_loss")


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
            session.add_all(tag_rows(row.id, new.tags))
            add_event(session, row.id, "info", "created", "Created and waiting for a worker.")
            return _entity(row, dataset.name)

    def get(self, experiment_id: int) -> ExperimentEntity:
        """Give one experiment.

        Raises:
            NotFoundError: There is none with this id, or it was deleted.
        """
        with read_session() as session:
            found = session.execute(
                _joined().where(Experiment.id == min(experiment_id, LARGEST_ID), alive())
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
                _joined().where(Experiment.task_id == task_id, alive())
            ).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no task {task_id}.")
        return _entity(*found)

    def page(self, query: ExperimentQuery) -> Page:
        """Give one page of experiments and the total count under the same filters.

        Raises:
            ConflictError: An unknown sort column, or a page size outside 1 to MAX_PAGE.
        """
        check_page(query)
        with read_session() as session:
            # First the ids from a narrow index, then only the rows that are shown.
            ids, total = _page_of_ids(session, query)
            return Page(_by_id(session, ids), total)

    def each(self, query: ExperimentQuery) -> Iterator[ExperimentEntity]:
        """Give all experiments under the filters in order, read in pieces; limit is ignored.

        Raises:
            ConflictError: An unknown sort column.
        """
        check_page(query)
        with read_session() as session:
            ids = session.scalars(ids_in_order(query)).all()
        for start in range(0, len(ids), MAX_PAGE):
            with read_session() as session:
                yield from _by_id(session, ids[start : start + MAX_PAGE])

    def several(self, ids: Sequence[int]) -> list[ExperimentEntity]:
        """Give those experiments of up to MAX_PAGE ids that exist, in the order of the ids."""
        with read_session() as session:
            return _by_id(session, ids[:MAX_PAGE])

    def curves(self, ids: Sequence[int], points: int = 24) -> dict[int, list[float]]:
        """Give a few points of each run's validation curve, for drawing it very small.

        Args:
            ids: Experiments of one page.
            points: About as many as wanted of each run.

        Returns:
            Values by experiment id; runs without a validation metric are left out.
        """
        if not ids:
            return {}
        many = Experiment.epochs_done >= 2 * points
        stride = case((many, Experiment.epochs_done // points), else_=1)
        with read_session() as session:
            rows = session.execute(
                select(EpochRow.experiment_id, EpochRow.values)
                .join(Experiment, Experiment.id == EpochRow.experiment_id)
                .where(EpochRow.experiment_id.in_(ids[:MAX_PAGE]), EpochRow.epoch % stride == 0)
                .order_by(EpochRow.experiment_id, EpochRow.epoch)
            ).all()
        return _validation_curves((number, values) for number, values in rows)

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
                    _replace_tags(session, experiment_id, tags)
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
            _replace_tags(session, experiment_id, ())

    def undelete(self, experiment_id: int) -> ExperimentEntity:
        """Bring a deleted experiment back while its files are still there.

        Raises:
            NotFoundError: There is none, or its files were removed.
            ConflictError: It is not deleted, or its data set is.
        """
        with write_session() as session:
            row = session.get(Experiment, min(experiment_id, LARGEST_ID), with_for_update=True)
            if row is None or (row.deleted_at is not None and row.purged_at is not None):
                raise NotFoundError(f"Experiment {experiment_id} cannot be brought back any more.")
            if row.deleted_at is None:
                raise ConflictError(f"“{row.name}” is not deleted.")
            dataset = session.get(Dataset, row.dataset_id)
            if dataset is None or dataset.deleted_at is not None:
                raise ConflictError(f"The data set of “{row.name}” was deleted too.")
            row.deleted_at = None
            _replace_tags(session, row.id, row.tags)
        return self.get(experiment_id)

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
                    alive(),
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
        with read_session() as session:
            ids = [found for found in session.scalars(best_ids()) if found is not None]
            return _by_id(session, ids[-MAX_PAGE:])

    def status_counts(self) -> dict[str, int]:
        """Count experiments by status."""
        with read_session() as session:
            rows = session.execute(
                select(Experiment.status, func.count()).where(alive()).group_by(Experiment.status)
            )
            return {status: count for status, count in rows}  # noqa: C416 - rows are no plain tuples

    def known_tags(self) -> list[str]:
        """Give all tags in use, sorted."""
        with read_session() as session:
            return sorted(session.scalars(select(ExperimentTag.tag).distinct()))


def _check_seen(session: Session, seen: ExperimentEntity) -> None:
    row = session.get(Experiment, seen.id, with_for_update=True)
    if row is not None and any(getattr(row, key) != getattr(seen, key) for key in DESCRIBED):
        raise ConflictError(f"“{row.name}” was changed by somebody else. Look at it again.")


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


def param_rows(experiment_id: int, config: dict[str, Any]) -> list[ExperimentParam]:
    """Give the rows that settings are searched by."""
    return [
        ExperimentParam(
            experiment_id=experiment_id,
            key=key[:100],
            text=str(value)[:200],
            number=float(value) if isinstance(value, int | float) else None,
        )
        for key, value in flatten(config)
    ]


def tag_rows(experiment_id: int, tags: Sequence[str]) -> list[ExperimentTag]:
    """Give the rows that tags are searched by."""
    distinct = sorted({tag[:50] for tag in tags})
    return [ExperimentTag(tag=tag, experiment_id=experiment_id) for tag in distinct]


def _replace_tags(session: Session, experiment_id: int, tags: Sequence[str]) -> None:
    session.execute(delete(ExperimentTag).where(ExperimentTag.experiment_id == experiment_id))
    session.add_all(tag_rows(experiment_id, tags))


def _validation_curves(rows: Iterable[tuple[int, dict[str, Any]]]) -> dict[int, list[float]]:
    curves: dict[int, list[float]] = {}
    for number, values in rows:
        value = next((values[key] for key in CURVES if values.get(key) is not None), None)
        if value is not None:
            curves.setdefault(number, []).append(float(value))
    return curves


def _page_of_ids(session: Session, query: ExperimentQuery) -> tuple[Sequence[int], int]:
    if not query.search.strip():
        total = session.scalar(count_rows(query)) or 0
        page = ids_in_order(query).limit(query.limit).offset(query.offset)
        return session.scalars(page).all(), total
    # A search looks through all names; when it finds little, one look gives page and total.
    end = query.offset + query.limit
    reach = end + SEARCHED_AT_ONCE
    found = session.scalars(ids_in_order(query).limit(reach)).all()
    total = len(found) if len(found) < reach else session.scalar(count_rows(query)) or 0
    return found[query.offset : end], total


def _by_id(session: Session, ids: Sequence[int]) -> list[ExperimentEntity]:
    rows = session.execute(_joined().where(Experiment.id.in_(ids))).all()
    found = {row.id: _entity(row, dataset_name) for row, dataset_name in rows}
    return [found[number] for number in ids if number in found]


def _joined() -> Select[Experiment, str]:
    return select(Experiment, Dataset.name).join(Dataset, Dataset.id == Experiment.dataset_id)


def _entity(row: Experiment, dataset_name: str) -> ExperimentEntity:
    plain = {
        name: getattr(row, name)
        for name in ExperimentEntity.__dataclass_fields__
        if name not in ("status", "dataset_name")
    }
    return ExperimentEntity(status=Status(row.status), dataset_name=dataset_name, **plain)
