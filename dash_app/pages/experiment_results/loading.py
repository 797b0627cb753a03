"""Reads what a finished run left in the artifact store."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import SAMPLES, Dataset, DatasetError, read_info
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.measures import Measures, measure, read_measures
from integrations.core.evaluation.store import (
    RUN,
    ResultError,
    load_evaluation,
    load_predictions,
    load_result,
)
from storage.artifacts import run_folder
from storage.entities import ExperimentEntity, StorageError
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import dataset_folder, manifest_folder

GONE = "The data set of this run is gone, so its recordings cannot be shown."
KEPT = 8
"""Results held in memory; a folder is written once and never changed, so nothing goes stale."""


def evaluation_of(entity: ExperimentEntity) -> Evaluation:
    """Give the figures of a run.

    Raises:
        ResultError: There are none, or the files are damaged.
    """
    return _evaluation(_folder(entity))


def result_of(entity: ExperimentEntity) -> StoredResult:
    """Give everything a run left behind, predictions and the family's own values included.

    Raises:
        ResultError: There is nothing, the files are damaged, or the data set is gone.
    """
    try:
        dataset = DatasetStore().get(entity.dataset_id)
        return _result(_folder(entity), manifest_folder(dataset.folder))
    except (StorageError, DatasetError) as error:
        raise ResultError(GONE) from error


def validation_of(entity: ExperimentEntity) -> Predictions:
    """Give what a run said of its validation part.

    Raises:
        ResultError: The files are damaged or missing.
    """
    return _validation(_folder(entity))


def measures_of(entity: ExperimentEntity) -> Measures:
    """Give the detailed measures of a run; those of older runs are made now and remembered.

    Raises:
        ResultError: The files are damaged, or an older run's data set is gone.
    """
    folder = _folder(entity)
    return _stored_measures(folder) or _made_measures(entity.id, folder)


def data_of(entity: ExperimentEntity) -> Dataset:
    """Open the data set of a run; its samples are mapped once and shared.

    Raises:
        ResultError: It is gone.
    """
    try:
        folder = dataset_folder(DatasetStore().get(entity.dataset_id).folder)
        if (folder / SAMPLES).exists():
            return _dataset(folder)
    except (StorageError, DatasetError) as error:
        raise ResultError(GONE) from error
    raise ResultError(GONE)


def _folder(entity: ExperimentEntity) -> Path:
    try:
        folder = run_folder(ExperimentStore().artifacts(entity.id), RUN)
    except StorageError as error:
        raise ResultError(str(error)) from error
    if folder is None:
        raise ResultError("This run left no results in the artifact store. Start it again.")
    return folder


@lru_cache(maxsize=KEPT)
def _evaluation(folder: Path) -> Evaluation:
    return load_evaluation(folder)


@lru_cache(maxsize=KEPT)
def _result(folder: Path, dataset: Path) -> StoredResult:
    return load_result(folder, read_info(dataset))


@lru_cache(maxsize=KEPT)
def _validation(folder: Path) -> Predictions:
    try:
        return load_predictions(folder, "validation")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ResultError(
            "The validation predictions of this run are missing or damaged. Start the run again."
        ) from error


@lru_cache(maxsize=KEPT)
def _stored_measures(folder: Path) -> Measures | None:
    return read_measures(folder)


@lru_cache(maxsize=KEPT)
def _made_measures(experiment_id: int, folder: Path) -> Measures:
    entity = ExperimentStore().get(experiment_id)
    result = result_of(entity)
    return measure(result.test, _evaluation(folder), result.info, int(entity.config.get("seed", 0)))


@lru_cache(maxsize=KEPT)
def _dataset(folder: Path) -> Dataset:
    return Dataset(folder)
