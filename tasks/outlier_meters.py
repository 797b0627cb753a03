"""What tells how far new windows lie from a model's training data, kept with the run's files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from integrations.core.contract import Predictor, TrainingError
from integrations.core.data.dataset import Dataset, DatasetError
from integrations.core.data.splits import split
from integrations.core.data.windows import WindowIndex
from integrations.core.outliers import MOST_REFERENCES, OutlierMeter, fit_outlier_meter
from integrations.registry import family
from storage.artifacts import artifacts, record
from storage.entities import ExperimentEntity, NotFoundError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import dataset_folder

METER = "outliers.npz"
MOST_VALIDATION = 2000


def meter_of(experiment: ExperimentEntity, predictor: Predictor) -> OutlierMeter | None:
    """Give the meter kept with a run, or make and keep it from its data set.

    Returns:
        None where the data set is gone, so that nothing can tell.

    Raises:
        OSError: The disk is full.
        SharedFilesError: The store of shared files is away.
    """
    kept = _kept(experiment)
    if kept is not None:
        return kept
    try:
        data = Dataset(dataset_folder(DatasetStore().get(experiment.dataset_id).folder))
        meter = _made(experiment, predictor, data)
    except (DatasetError, NotFoundError, TrainingError, ValueError):
        return None
    _keep(experiment.id, meter)
    return meter


def _made(experiment: ExperimentEntity, predictor: Predictor, data: Dataset) -> OutlierMeter:
    config = family(experiment.family).Config.model_validate(experiment.config)
    parts = split(data.info, config.data)
    train = predictor.features(data, _spread(parts.train, MOST_REFERENCES))
    validation = predictor.features(data, _spread(parts.validation, MOST_VALIDATION))
    return fit_outlier_meter(train, validation)


def _spread(index: WindowIndex, most: int) -> WindowIndex:
    return index.take(np.linspace(0, len(index) - 1, min(len(index), most)).astype(np.int64))


def _kept(experiment: ExperimentEntity) -> OutlierMeter | None:
    rows = ExperimentStore().artifacts(experiment.id)
    row = next((row for row in rows if row.name == METER), None)
    if row is None:
        return None
    try:
        path = artifacts().path(row.path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return OutlierMeter.from_arrays({name: content[name] for name in content.files})
    except (FileNotFoundError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _keep(experiment_id: int, meter: OutlierMeter) -> None:
    settings().runs_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="report-", dir=settings().runs_folder) as folder:
        path = Path(folder) / METER
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **meter.arrays())
        made = artifacts().put(experiment_id, 0, path, METER, "result")
    record(experiment_id, made)
