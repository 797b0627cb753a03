"""Studies: sets of experiments made together."""

from __future__ import annotations

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
