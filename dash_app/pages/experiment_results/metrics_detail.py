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
    """The lower half of the tab; None where nobody asked for something yet.

    Attributes:
        job: The newest robustness job.
    """

    measures: Measures
    calibration: Calibration | None
    robustness: Robustness | None
    job: JobEntity | None


def detail_of(entity: ExperimentEntity) -> Detail:
    """Read the parts.

    Raises:
        ResultError: A file is damaged, or an older run's data set is gone.
        StorageError: The store of shared files is away.
    """
    return Detail(
        measures_of(entity),
        stored_calibration(entity.id),
        stored_robustness(entity.id),
        JobStore().latest(KIND, experiment_id=entity.id),
    )


def measures_or_trouble(entity: ExperimentEntity) -> tuple[Measures | None, str]:
    """Give the detailed measures, or a sentence saying why there are none."""
    try:
        return measures_of(entity), ""
    except (ResultError, StorageError) as error:
        return None, str(error)
