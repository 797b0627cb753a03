"""What leaves the register: models, their versions with the runs behind them, stage changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Dataset, Experiment, ModelVersion, RegisteredModel


class Stage(StrEnum):
    """What a version is for; a model has at most one in production."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class VersionEntity:
    """A version of a model, with the run it is the result of.

    Attributes:
        version: 1, 2, … within its model.
        parent: Version of the same model it came from, None for the first.
        experiment_name: Of its run; figures, data and family are the run's too.
        metrics: Headline figures of its run with intervals ("accuracy", "accuracy_low", …).
    """

    id: int
    model_id: int
    version: int
    stage: Stage
    note: str
    tags: tuple[str, ...]
    parent: int | None
    experiment_id: int
    experiment_name: str
    family: str
    dataset_id: int
    dataset_name: str
    dataset_version: int
    dataset_fingerprint: str
    split_name: str
    split_digest: str
    leaky: bool
    metrics: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class ModelEntity:
    """A named model; ``versions`` newest first."""

    id: int
    name: str
    task: str
    category: str
    note: str
    tags: tuple[str, ...]
    created_at: datetime
    versions: tuple[VersionEntity, ...]

    @property
    def production(self) -> VersionEntity | None:
        """The version in production, if there is one."""
        return next((v for v in self.versions if v.stage is Stage.PRODUCTION), None)

    @property
    def newest(self) -> VersionEntity | None:
        """The version registered last."""
        return self.versions[0] if self.versions else None


@dataclass(frozen=True)
class ChangeEntity:
    """A version that went from one stage to another."""

    version: int
    before: Stage
    after: Stage
    note: str
    created_at: datetime


def versions_of(session: Session, model_ids: Iterable[int]) -> list[VersionEntity]:
    """Give the versions of some models, newest first."""
    statement = (
        select(ModelVersion, Experiment, Dataset)
        .join(Experiment, Experiment.id == ModelVersion.experiment_id)
        .join(Dataset, Dataset.id == Experiment.dataset_id)
        .where(ModelVersion.model_id.in_(list(model_ids)))
        .order_by(ModelVersion.model_id, ModelVersion.version.desc())
    )
    rows = session.execute(statement).all()
    number = {row.id: row.version for row, _, _ in rows}
    return [
        VersionEntity(
            id=row.id,
            model_id=row.model_id,
            version=row.version,
            stage=Stage(row.stage),
            note=row.note,
            tags=tuple(row.tags),
            parent=number.get(row.parent_id or 0),
            experiment_id=run.id,
            experiment_name=run.name,
            family=run.family,
            dataset_id=dataset.id,
            dataset_name=dataset.name,
            dataset_version=dataset.version,
            dataset_fingerprint=run.dataset_fingerprint,
            split_name=run.split_name,
            split_digest=run.split_digest,
            leaky=run.leaky,
            metrics=run.metrics,
            created_at=row.created_at,
        )
        for row, run, dataset in rows
    ]


def model_of(row: RegisteredModel, versions: Sequence[VersionEntity]) -> ModelEntity:
    """Give a model with its versions."""
    return ModelEntity(
        row.id, row.name, row.task, row.category, row.note, tuple(row.tags), row.created_at,
        tuple(versions),
    )  # fmt: skip
