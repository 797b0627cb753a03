"""Reads what the analysis of a run's failures left in the artifact store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dash_app.pages.experiment_results.loading import KEPT, result_of
from integrations.core.contract import StoredResult
from integrations.core.explain.on_demand import with_explanations
from integrations.core.failures.explanations import EXPLANATIONS, load_explanations
from integrations.core.failures.store import (
    ARRAYS,
    FACTS,
    FailureFilesError,
    StoredFailures,
    load_failures,
)
from storage.artifacts import artifacts
from storage.entities import ArtifactEntity, ExperimentEntity, JobEntity
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore


@dataclass(frozen=True)
class Failures:
    """A run as the Failures tab sees it.

    Attributes:
        result: Its result, with the windows explained later.
        stored: The analysis, None where there is none yet.
        job: The newest order to analyse, None where there was none.
        trouble: Why a stored analysis cannot be read; "".
    """

    entity: ExperimentEntity
    result: StoredResult
    stored: StoredFailures | None
    job: JobEntity | None
    trouble: str = ""


def failures_of(entity: ExperimentEntity) -> Failures:
    """Read a run's result and what was found of its failures.

    Raises:
        ResultError: The run left nothing, or its data set is gone.
        StorageError: The store of files is away.
    """
    files = {row.name: row for row in ExperimentStore().artifacts(entity.id)}
    job = JobStore().latest("analyse", experiment_id=entity.id)
    result = _explained(result_of(entity), files)
    try:
        return Failures(entity, result, _stored(files), job)
    except FailureFilesError as error:
        return Failures(entity, result, None, job, str(error))


def stored_failures(entity: ExperimentEntity) -> StoredFailures | None:
    """Give only the analysis; None where there is none.

    Raises:
        FailureFilesError: It is damaged.
        StorageError: The store of files is away.
    """
    return _stored({row.name: row for row in ExperimentStore().artifacts(entity.id)})


def _stored(files: dict[str, ArtifactEntity]) -> StoredFailures | None:
    if FACTS not in files or ARRAYS not in files:
        return None
    return _loaded(*(artifacts().path(files[name].path) for name in (FACTS, ARRAYS)))


def _explained(result: StoredResult, files: dict[str, ArtifactEntity]) -> StoredResult:
    if EXPLANATIONS not in files:
        return result
    found = load_explanations(artifacts().path(files[EXPLANATIONS].path))
    return with_explanations(result, found) if found else result


@lru_cache(maxsize=KEPT)
def _loaded(facts: Path, arrays: Path) -> StoredFailures:
    return load_failures(facts, arrays)
