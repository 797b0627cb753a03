"""Finished experiments that other runs build on: which there are, and where their files lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from storage.artifacts import artifacts
from storage.database import read_session
from storage.entities import ExperimentEntity, Status
from storage.models import Artifact, Experiment
from storage.stores.experiment_queries import MAX_PAGE, alive
from storage.stores.experiments import ExperimentStore

FINISHED = (Status.COMPLETED, Status.STOPPED)


class PastRun(NamedTuple):
    """What a finished run cost: ``share`` of its planned work units were done in ``seconds``."""

    work_units: float
    share: float
    seconds: float


class FinishedRuns:
    """Reads experiments that completed, or were stopped with a result."""

    def with_ids(self, ids: Sequence[int]) -> list[ExperimentEntity]:
        """Give those of the experiments that have finished, in the order of the ids."""
        found = ExperimentStore().several(ids)
        return [run for run in found if run.status in FINISHED and run.accuracy is not None]

    def on_split(
        self, split_digest: str, dataset_fingerprint: str = "", limit: int = 200
    ) -> list[ExperimentEntity]:
        """Give the finished runs on exactly one split, newest first.

        Args:
            split_digest: Identifies data, windows and split.
            dataset_fingerprint: Of the data set; with it an index finds the runs at once.
            limit: How many at most.
        """
        chosen = [Experiment.split_digest == split_digest]
        if dataset_fingerprint:
            chosen.append(Experiment.dataset_fingerprint == dataset_fingerprint)
        return self._newest(chosen, limit)

    def on_dataset(self, dataset_fingerprint: str, limit: int = 200) -> list[ExperimentEntity]:
        """Give the finished runs on one version of a data set, newest first."""
        return self._newest([Experiment.dataset_fingerprint == dataset_fingerprint], limit)

    def costs(self, family: str, host: str, limit: int = 30) -> list[PastRun]:
        """Give the work and the time of this family's recent runs on a host, newest first."""
        with read_session() as session:
            rows = session.execute(
                select(
                    Experiment.work_units,
                    Experiment.epochs_done,
                    Experiment.epochs_total,
                    Experiment.seconds,
                )
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
        return [
            PastRun(units, min(1.0, done / total) if total else 1.0, seconds)
            for units, done, total, seconds in rows
        ]

    def folders(self, ids: Sequence[int], holding: str) -> dict[int, Path]:
        """Give the folders of runs' files, unopened; runs that left none are left out.

        Args:
            ids: Finished runs.
            holding: Name of a file that lies in the folder.
        """
        statement = select(Artifact.experiment_id, Artifact.path).where(
            Artifact.experiment_id.in_(ids), Artifact.name == holding
        )
        with read_session() as session:
            rows = session.execute(statement).all()
        return {number: artifacts().place(path).parent for number, path in rows}

    def _newest(self, conditions: Sequence[object], limit: int) -> list[ExperimentEntity]:
        statement = (
            select(Experiment.id)
            .where(
                alive(),
                Experiment.status.in_(FINISHED),
                Experiment.accuracy.is_not(None),
                *conditions,  # type: ignore[arg-type]
            )
            .order_by(Experiment.id.desc())
            .limit(min(limit, MAX_PAGE))
        )
        with read_session() as session:
            ids = session.scalars(statement).all()
        return ExperimentStore().several(ids)
