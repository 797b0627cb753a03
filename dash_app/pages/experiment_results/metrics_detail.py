"""Gathers what the Metrics tab shows beyond the evaluation, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

from dash_app.pages.experiment_results.loading import measures_of
from integrations.core.evaluation.calibration import Calibration
from integrations.core.evaluation.measures import Measures
from integrations.core.evaluation.store import ResultError
from integrations.core.robustness.sweep import Robustness
from storage.entities import ExperimentEntity, JobEntity, StorageError
from storage.stores.jobs import JobStore
from tasks.calibrations import stored_calibration
from tasks.robustness import KIND, stored_robustness


@dataclass(frozen=True)
class Detail:
    """The parts of the tab; None where there is nothing (yet).

    Attributes:
        trouble: Why there are no measures, "" when there are.
        job: The newest robustness job.
    """

    measures: Measures | None
    calibration: Calibration | None
    robustness: Robustness | None
    job: JobEntity | None
    trouble: str = ""


def detail_of(entity: ExperimentEntity) -> Detail:
    """Read the parts; what is damaged costs its part only."""
    job = JobStore().latest(KIND, experiment_id=entity.id)
    try:
        measures = measures_of(entity)
        return Detail(measures, stored_calibration(entity.id), stored_robustness(entity.id), job)
    except (ResultError, StorageError) as error:
        return Detail(None, None, None, job, str(error))
