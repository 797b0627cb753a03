"""What finished runs left, read once and kept in memory: results never change once written."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetError, DatasetInfo, read_info
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.measures import Measures, measure, read_measures
from integrations.core.evaluation.store import (
    RUN,
    ResultError,
    load_evaluation,
    load_predictions,
)
from storage.artifacts import run_folder
from storage.entities import ExperimentEntity, StorageError
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import manifest_folder

KEPT = 32


def evaluation_of(entity: ExperimentEntity) -> Evaluation:
    """Give the figures of a run.

    Raises:
        ResultError: There are none, or the files are damaged.
    """
    return _evaluation(folder_of(entity))


def predictions_of(entity: ExperimentEntity, part: str) -> Predictions:
    """Give what a run said about its "test" or "validation" part, by recording and start.

    Raises:
        ResultError: There is nothing, or the files are damaged.
    """
    return _predictions(folder_of(entity), part)


def measures_of(entity: ExperimentEntity, info: DatasetInfo) -> Measures:
    """Give the detailed measures of a run; those of older versions are measured now.

    Raises:
        ResultError: The run left no results, or the files are damaged.
    """
    folder = folder_of(entity)
    return _measures(folder, entity.dataset_fingerprint) or _measured(folder, entity, info)


def info_of(entity: ExperimentEntity) -> DatasetInfo | None:
    """Give the manifest of a run's data set; None when it is gone."""
    try:
        return _info(manifest_folder(DatasetStore().get(entity.dataset_id).folder))
    except (StorageError, DatasetError, OSError):
        return None


def folder_of(entity: ExperimentEntity) -> Path:
    """Give the folder of a run's results.

    Raises:
        ResultError: It left none, or the store of shared files is away.
    """
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
def _predictions(folder: Path, part: str) -> Predictions:
    try:
        found = load_predictions(folder, part)
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise ResultError(
            "The predictions of this run are missing or damaged. Start the run again."
        ) from error
    order = np.lexsort((found.start, found.recording))
    return Predictions(
        found.recording[order], found.start[order], found.truth[order], found.probability[order]
    )


@lru_cache(maxsize=KEPT)
def _measures(folder: Path, _fingerprint: str) -> Measures | None:
    return read_measures(folder)


_made: dict[Path, Measures] = {}


def _measured(folder: Path, entity: ExperimentEntity, info: DatasetInfo) -> Measures:
    if folder not in _made:
        while len(_made) >= KEPT:
            _made.pop(next(iter(_made)), None)
        _made[folder] = measure(
            _predictions(folder, "test"), _evaluation(folder), info,
            int(entity.config.get("seed", 0)),
        )  # fmt: skip
    return _made[folder]


@lru_cache(maxsize=8)
def _info(folder: Path) -> DatasetInfo:
    return read_info(folder)
