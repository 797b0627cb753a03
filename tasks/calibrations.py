"""The temperature of a finished run, kept among its files as ``calibration.json``."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zipfile import BadZipFile

from integrations.core.data.dataset import DatasetError, read_info
from integrations.core.evaluation.calibration import (
    CALIBRATION,
    Calibration,
    CalibrationError,
    read_calibration,
    write_calibration,
)
from integrations.core.evaluation.measures import calibrate
from integrations.core.evaluation.store import RUN, load_predictions
from storage.artifacts import artifacts, record, run_folder
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import manifest_folder


def stored_calibration(experiment_id: int) -> Calibration | None:
    """Give the calibration that somebody asked for; None where nobody did.

    Raises:
        ResultError: The file is damaged.
        StorageError: The store of shared files is away.
    """
    rows = ExperimentStore().artifacts(experiment_id)
    kept = next((row for row in rows if row.name == CALIBRATION), None)
    return None if kept is None else read_calibration(artifacts().path(kept.path))


def calibrate_run(experiment_id: int) -> Calibration:
    """Learn a run's temperature from its stored validation predictions and keep it.

    Raises:
        CalibrationError: There are no predictions, or too few mistakes to learn from.
        NotFoundError: There is no such experiment.
        StorageError: The store of shared files is away.
    """
    experiment = ExperimentStore().get(experiment_id)
    folder = run_folder(ExperimentStore().artifacts(experiment_id), RUN)
    if folder is None:
        raise CalibrationError(f"“{experiment.name}” has no results yet ({experiment.status}).")
    try:
        info = read_info(manifest_folder(DatasetStore().get(experiment.dataset_id).folder))
        test, validation = (load_predictions(folder, part) for part in ("test", "validation"))
    except (DatasetError, OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise CalibrationError(
            "The predictions or the data set of this run are missing or damaged, so it cannot be "
            "calibrated."
        ) from error
    seed = int(experiment.config.get("seed", 0))
    made = calibrate(test, validation, info, datetime.now(UTC), seed)
    _keep(experiment_id, made)
    return made


def _keep(experiment_id: int, made: Calibration) -> None:
    settings().runs_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="calibration-", dir=settings().runs_folder) as work:
        path = Path(work) / CALIBRATION
        write_calibration(path, made)
        stored = artifacts().put(experiment_id, 0, path, CALIBRATION, "result")
    record(experiment_id, stored)
