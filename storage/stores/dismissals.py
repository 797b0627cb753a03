"""Recommendations that somebody has put aside, per run."""

from __future__ import annotations

from sqlalchemy import delete, select

from storage.database import read_session, write_session
from storage.models import DismissedFinding
from storage.stores.experiments import ExperimentStore


class DismissalStore:
    """Remembers which findings about a run are not to be shown again."""

    def of(self, experiment_id: int) -> frozenset[str]:
        """Give the codes of the findings that were put aside."""
        statement = select(DismissedFinding.code).where(
            DismissedFinding.experiment_id == experiment_id
        )
        with read_session() as session:
            return frozenset(session.scalars(statement))

    def put_aside(self, experiment_id: int, code: str) -> None:
        """Show a finding no more; twice is as good as once.

        Raises:
            NotFoundError: There is no such experiment.
        """
        ExperimentStore().get(experiment_id)
        with write_session() as session:
            session.merge(DismissedFinding(experiment_id=experiment_id, code=code[:60]))

    def bring_back(self, experiment_id: int, code: str = "") -> None:
        """Show a finding again, or all of a run's.

        Args:
            experiment_id: The run.
            code: Of the finding; "" for all.
        """
        statement = delete(DismissedFinding).where(DismissedFinding.experiment_id == experiment_id)
        if code:
            statement = statement.where(DismissedFinding.code == code)
        with write_session() as session:
            session.execute(statement)
