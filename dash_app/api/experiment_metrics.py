"""Everything measured about a finished run, its temperature, and its robustness on request."""

from __future__ import annotations

from fastapi import APIRouter, status
from pydantic import BaseModel

from dash_app.api._fields import PROBLEMS, RowId
from dash_app.pages.experiment_results.loading import evaluation_of, measures_of
from integrations.core.evaluation.calibration import Calibration
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.measures import Measures
from integrations.core.evaluation.slices import Slice
from integrations.core.evaluation.store import ResultError
from integrations.core.robustness.sweep import Robustness
from storage.entities import ConflictError
from storage.stores.experiments import ExperimentStore
from tasks.calibrations import calibrate_run, stored_calibration
from tasks.queue import order_robustness
from tasks.robustness import stored_robustness

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)


class ExperimentMetrics(BaseModel):
    """The figures of the Metrics tab.

    ``calibration`` and ``robustness`` are null until somebody asked for them.
    """

    experiment_id: int
    headline: dict[str, Interval]
    interval_method: str
    validation: dict[str, float]
    measures: Measures
    worst_slice: Slice | None
    calibration: Calibration | None
    robustness: Robustness | None


class JobOrdered(BaseModel):
    """A job was ordered (or is at work already); its result appears in the metrics."""

    job_id: int
    status: str
    url: str


@router.get("/{experiment_id}/metrics")
def get_metrics(experiment_id: RowId) -> ExperimentMetrics:
    """Give all figures with their intervals."""
    entity = ExperimentStore().get(experiment_id)
    try:
        evaluation, measures = evaluation_of(entity), measures_of(entity)
        calibration = stored_calibration(experiment_id)
        robustness = stored_robustness(experiment_id)
    except ResultError as error:
        raise ConflictError(str(error)) from error
    return ExperimentMetrics(
        experiment_id=experiment_id,
        headline=evaluation.headline,
        interval_method=evaluation.interval_method,
        validation=evaluation.validation,
        measures=measures,
        worst_slice=measures.worst_slice,
        calibration=calibration,
        robustness=robustness,
    )


@router.post("/{experiment_id}/calibration", status_code=status.HTTP_201_CREATED)
def post_calibration(experiment_id: RowId) -> Calibration:
    """Learn the temperature on the validation part; predictions use it from then on."""
    try:
        return calibrate_run(experiment_id)
    except ResultError as error:
        raise ConflictError(str(error)) from error


@router.post("/{experiment_id}/robustness", status_code=status.HTTP_202_ACCEPTED)
def post_robustness(experiment_id: RowId) -> JobOrdered:
    """Measure what noise and dead channels cost, in the background."""
    job = order_robustness(experiment_id)
    url = f"/api/experiments/{experiment_id}/metrics"
    return JobOrdered(job_id=job.id, status=job.status.value, url=url)
