"""The job that asks a finished model about noisy signals and dead channels."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from integrations.core.data.dataset import Dataset
from integrations.core.evaluation.store import RUN, load_predictions
from integrations.core.robustness.sweep import (
    ROBUSTNESS,
    Robustness,
    read_robustness,
    sweep,
    write_robustness,
)
from storage.artifacts import NewArtifact, artifacts, record, run_folder
from storage.entities import StorageError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import dataset_folder
from tasks.predictors import predictor_of

KIND = "robustness"
Say = Callable[[float, str], None]


class RobustnessError(StorageError):
    """It cannot be measured; the text says why."""


def measure_robustness(experiment_id: int, say: Say) -> NewArtifact:
    """Measure a finished model and keep what came out as its artifact "robustness.json".

    Raises:
        RobustnessError: The run has no results.
        PredictorError: Its model cannot be used.
        DatasetError: The recordings are gone.
        OSError: The disk is full.
    """
    experiment = ExperimentStore().get(experiment_id)
    folder = run_folder(ExperimentStore().artifacts(experiment_id), RUN)
    if folder is None:
        raise RobustnessError(f"“{experiment.name}” has no results yet ({experiment.status}).")
    say(0.0, "Reading the model")
    data = Dataset(dataset_folder(DatasetStore().get(experiment.dataset_id).folder))
    found = sweep(
        predictor_of(experiment),
        data,
        load_predictions(folder, "test"),
        seed=int(experiment.config.get("seed", 0)),
        made_at=datetime.now(UTC),
        say=say,
    )
    return _keep(experiment_id, found)


def stored_robustness(experiment_id: int) -> Robustness | None:
    """Give what was measured; None where nobody asked.

    Raises:
        ResultError: The file is damaged.
        StorageError: The store of shared files is away.
    """
    rows = ExperimentStore().artifacts(experiment_id)
    kept = next((row for row in rows if row.name == ROBUSTNESS), None)
    return None if kept is None else read_robustness(artifacts().path(kept.path))


def _keep(experiment_id: int, found: Robustness) -> NewArtifact:
    settings().runs_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="robustness-", dir=settings().runs_folder) as work:
        path = Path(work) / ROBUSTNESS
        write_robustness(path, found)
        made = artifacts().put(experiment_id, 0, path, ROBUSTNESS, "result")
    record(experiment_id, made)
    return made
