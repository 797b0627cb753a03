"""The job "analyse": measures why a finished run was wrong where it was, and keeps it with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from integrations.core.contract import Predictor, StoredResult
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import SplitError
from integrations.core.evaluation.evaluate import resampling_unit
from integrations.core.evaluation.store import RUN, ResultError, load_result
from integrations.core.explain.on_demand import explain_rows, joined
from integrations.core.failures.analysis import analyse
from integrations.core.failures.explanations import (
    EXPLANATIONS,
    load_explanations,
    save_explanations,
)
from integrations.core.failures.kinds import worst_rows
from integrations.core.failures.store import ARRAYS, FACTS, save_failures, with_summary
from integrations.core.figures.look import explained_position
from integrations.registry import family
from storage.artifacts import artifacts, record, run_folder
from storage.entities import ArtifactEntity, ExperimentEntity, StorageError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import dataset_folder
from tasks.predictors import PredictorError, predictor_of

Say = Callable[[float, str], None]
MOST_EXPLAINED = 24
KIND = "failures"


class AnalysisError(StorageError):
    """Failures cannot be analysed; the text says why."""


def analyse_failures(
    experiment_id: int, rows: Sequence[int] = (), say: Say = lambda _share, _words: None
) -> dict[str, Any]:
    """Analyse the failures of a finished run, or only explain some of its test windows.

    Args:
        experiment_id: The run.
        rows: Rows of the test predictions to explain; () for the whole analysis, which explains
            the worst mistakes.
        say: Takes the share done and what is being done.

    Raises:
        AnalysisError: The run has no results, or its data set is not as it was.
        NotFoundError: There is no such run.
        DatasetError: The data set is gone.
    """
    experiment = ExperimentStore().get(experiment_id)
    files = ExperimentStore().artifacts(experiment_id)
    result, data = _stored(experiment, files)
    predictor, note = _predictor(experiment)
    made: list[str] = []
    if not rows:
        made += _whole(experiment_id, result, data, predictor, note, say)
        rows = worst_rows(result.test)[:MOST_EXPLAINED].tolist()
    say(0.85, "Explaining the worst mistakes")
    made += _explain(experiment_id, files, result, data, predictor, rows)
    return {"files": made, "note": note}


def _whole(
    experiment_id: int,
    result: StoredResult,
    data: Dataset,
    predictor: Predictor | None,
    note: str,
    say: Say,
) -> list[str]:
    parts = _split(result, data)
    unit, unit_name, _ = resampling_unit(result.test, data.info)
    found = analyse(result, data, parts, predictor, (unit, unit_name), say, note=note)
    with tempfile.TemporaryDirectory(prefix="analysis-", dir=_work_folder()) as folder:
        for path in save_failures(Path(folder), with_summary(found, result)):
            record(experiment_id, artifacts().put(experiment_id, 0, path, path.name, KIND))
    return [FACTS, ARRAYS]


def _explain(
    experiment_id: int,
    files: Sequence[ArtifactEntity],
    result: StoredResult,
    data: Dataset,
    predictor: Predictor | None,
    rows: Sequence[int],
) -> list[str]:
    """Explain rows that neither the run nor an earlier order explained."""
    if predictor is None:
        return []
    known = _known_explanations(files)
    n = len(result.test.truth)
    wanted = [row for row in rows if 0 <= row < n and not _explained(result, known, row)]
    found = explain_rows(predictor, data, result.test, np.array(wanted, dtype=np.int64))
    if not found:
        return []
    with tempfile.TemporaryDirectory(prefix="analysis-", dir=_work_folder()) as folder:
        path = save_explanations(Path(folder), joined(known, found))
        record(experiment_id, artifacts().put(experiment_id, 0, path, EXPLANATIONS, KIND))
    return [EXPLANATIONS]


def _explained(result: StoredResult, known: dict[str, Any], row: int) -> bool:
    sets = (None, known)
    return any(explained_position(result, row, among) is not None for among in sets)


def _known_explanations(files: Sequence[ArtifactEntity]) -> dict[str, Any]:
    stored = next((row for row in files if row.name == EXPLANATIONS), None)
    return {} if stored is None else load_explanations(artifacts().path(stored.path))


def _stored(
    experiment: ExperimentEntity, files: Sequence[ArtifactEntity]
) -> tuple[StoredResult, Dataset]:
    folder = run_folder(files, RUN)
    if folder is None:
        raise AnalysisError(f"“{experiment.name}” has no results yet ({experiment.status}).")
    data = Dataset(dataset_folder(DatasetStore().get(experiment.dataset_id).folder))
    try:
        return load_result(folder, data.info), data
    except ResultError as error:
        raise AnalysisError(str(error)) from error


def _split(result: StoredResult, data: Dataset) -> Split:
    """Divide the data as the run did.

    Raises:
        AnalysisError: The division comes out otherwise: this version divides in another way.
    """
    config = family(result.family).Config.model_validate(result.config)
    try:
        parts = split(data.info, config.data)
    except SplitError as error:
        raise AnalysisError(str(error)) from error
    if parts.summary.digest != result.metrics["split"]["digest"]:
        raise AnalysisError(
            "The data can no longer be divided as this run divided them, so what it was trained "
            "on is not known. Start the run again."
        )
    return parts


def _predictor(experiment: ExperimentEntity) -> tuple[Predictor | None, str]:
    try:
        return predictor_of(experiment), ""
    except PredictorError as error:
        return None, str(error)


def _work_folder() -> Path:
    folder = settings().runs_folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder
