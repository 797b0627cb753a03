"""Studies: repeats with other seeds, and learning curves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dash_app.api._experiment_models import Body, ExperimentRow, row_of
from dash_app.api._fields import PROBLEMS, RowId
from dash_app.api._problems import ProblemError
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.learning_curve import LearningCurve
from storage.entities import LEARNING_CURVE, StudyEntity
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks import queue
from tasks.studies import MOST_SEEDS, SEEDS
from tasks.study_results import learning_curve_about, learning_curve_of, spreads

router = APIRouter(prefix="/api", tags=["studies"], responses=PROBLEMS)


class CurveRequest(Body):
    """Order a learning curve; each share of the data is trained on with so many seeds."""

    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS, strict=True)] = SEEDS


class StudyOrdered(BaseModel):
    """A study that was accepted, and the runs that were made for it."""

    study_id: int
    experiment_ids: list[int]


class SpreadModel(BaseModel):
    """Means over the finished runs with 95 % t intervals; null for fewer than two."""

    n: int
    accuracy: Interval | None
    macro_f1: Interval | None
    best_id: int | None


class StudyDetail(BaseModel):
    """A study with its runs; ``repeats`` or ``learning_curve`` by its kind."""

    id: int
    name: str
    kind: str
    settings: dict[str, Any]
    experiment_id: int | None
    created_at: datetime
    experiments: list[ExperimentRow]
    repeats: SpreadModel | None
    learning_curve: LearningCurve | None


@router.get("/studies/{study_id}")
def get_study(study_id: RowId) -> StudyDetail:
    """Give a study, its runs and what they say together."""
    study = StudyStore().get(study_id)
    runs = ExperimentStore().several(StudyStore().members(study_id))
    return StudyDetail(
        id=study.id,
        name=study.name,
        kind=study.kind,
        settings=study.settings,
        experiment_id=study.experiment_id,
        created_at=study.created_at,
        experiments=[row_of(run) for run in runs],
        repeats=_repeats(study),
        learning_curve=learning_curve_of(study) if study.kind == LEARNING_CURVE else None,
    )


@router.post("/experiments/{experiment_id}/learning-curve", status_code=202)
def order_learning_curve(experiment_id: RowId, body: CurveRequest | None = None) -> StudyOrdered:
    """Train a finished run again on shares of its training groups, when nothing else waits."""
    try:
        made = queue.order_learning_curve(experiment_id, (body or CurveRequest()).seeds)
    except queue.QueueError as error:
        raise ProblemError(409, str(error)) from error
    return StudyOrdered(
        study_id=made.study.id, experiment_ids=[experiment.id for experiment in made.made]
    )


@router.get("/experiments/{experiment_id}/learning-curve")
def get_learning_curve(experiment_id: RowId) -> LearningCurve:
    """Give the newest learning curve of a run, as far as its runs have finished."""
    ExperimentStore().get(experiment_id)
    curve = learning_curve_about(experiment_id)
    if curve is None:
        raise ProblemError(404, "No learning curve of this run was measured. Order one first.")
    return curve


def _repeats(study: StudyEntity) -> SpreadModel | None:
    found = spreads([study.id]).get(study.id)
    if found is None:
        return None
    return SpreadModel(
        n=found.n,
        accuracy=found.accuracy,
        macro_f1=found.macro_f1,
        best_id=found.best_id or None,
    )
