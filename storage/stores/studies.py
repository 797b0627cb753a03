"""Studies: sets of experiments made together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from storage.database import read_session, write_session
from storage.entities import NotFoundError, StudyEntity
from storage.models import Experiment, Study


class StudyStore:
    """Reads and writes studies; their runs are experiments with its ``study_id``."""

    def create(
        self, name: str, kind: str, settings: dict[str, Any], experiment_id: int | None = None
    ) -> StudyEntity:
        """Store a study without runs yet."""
        with write_session() as session:
            row = Study(name=name, kind=kind, settings=settings, experiment_id=experiment_id)
            session.add(row)
            session.flush()
            return _entity(row)

    def get(self, study_id: int) -> StudyEntity:
        """Give one.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            row = session.get(Study, study_id)
        if row is None:
            raise NotFoundError(f"There is no study {study_id}.")
        return _entity(row)

    def about(self, experiment_id: int, kind: str) -> StudyEntity | None:
        """Give the newest study of a kind that was made about a run; None when there is none."""
        statement = (
            select(Study)
            .where(Study.experiment_id == experiment_id, Study.kind == kind)
            .order_by(Study.id.desc())
            .limit(1)
        )
        with read_session() as session:
            row = session.scalar(statement)
        return None if row is None else _entity(row)

    def drop_empty(self, study_id: int) -> None:
        """Remove a study whose runs could not be stored; one that has runs stays."""
        runs = select(Experiment.id).where(Experiment.study_id == study_id).limit(1)
        with write_session() as session:
            row = session.get(Study, study_id)
            if row is not None and session.scalar(runs) is None:
                session.delete(row)

    def several(self, ids: Sequence[int]) -> dict[int, StudyEntity]:
        """Give those of the studies that exist, by id."""
        if not ids:
            return {}
        with read_session() as session:
            rows = session.scalars(select(Study).where(Study.id.in_(set(ids)))).all()
        return {row.id: _entity(row) for row in rows}

    def scores(self, ids: Sequence[int]) -> dict[int, list[tuple[int, float, float]]]:
        """Give the results of studies' finished runs: (experiment id, accuracy, macro F1).

        Args:
            ids: Of studies; several at once, for lists.
        """
        found: dict[int, list[tuple[int, float, float]]] = {}
        if not ids:
            return found
        columns = (Experiment.study_id, Experiment.id, Experiment.accuracy, Experiment.macro_f1)
        statement = (
            select(*columns)
            .where(
                Experiment.study_id.in_(set(ids)),
                Experiment.deleted_at.is_(None),
                Experiment.accuracy.is_not(None),
                Experiment.macro_f1.is_not(None),
            )
            .order_by(Experiment.id)
        )
        with read_session() as session:
            for study_id, number, accuracy, macro_f1 in session.execute(statement):
                found.setdefault(int(study_id or 0), []).append(
                    (number, float(accuracy or 0.0), float(macro_f1 or 0.0))
                )
        return found

    def members(self, study_id: int) -> list[int]:
        """Give the ids of its runs that were not deleted, oldest first."""
        statement = (
            select(Experiment.id)
            .where(Experiment.study_id == study_id, Experiment.deleted_at.is_(None))
            .order_by(Experiment.id)
        )
        with read_session() as session:
            return list(session.scalars(statement))


def _entity(row: Study) -> StudyEntity:
    return StudyEntity(row.id, row.name, row.kind, row.settings, row.experiment_id, row.created_at)
