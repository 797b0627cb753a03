"""Ordering predictions and finding what they gave; light, the web comes here through the queue."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from integrations.core.prediction.options import PredictionOptions
from integrations.core.prediction.outcome import PredictionOutcome
from storage.entities import ConflictError, JobEntity, JobStatus, NotFoundError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore

PREDICT = "predict"
UPLOAD, SAMPLES = "upload", "samples"
OUTCOME, RECORDINGS, WINDOWS = "prediction.json", "predictions.csv", "windows.csv"
HIGH_PRIORITY = 8
_KEY = re.compile("^[0-9a-f]{32}$")


def predictions_folder() -> Path:
    """Give where predictions lie, one folder each."""
    return settings().data / "predictions"


def order_prediction(experiment_id: int, given: Path, options: PredictionOptions) -> JobEntity:
    """Have new recordings predicted in the background.

    Args:
        experiment_id: Whose model.
        given: Folder with files, or with a data set (samples sent as numbers); it is taken over.
        options: What the user said and allows.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no finished model.
        SharedFilesError: The store of shared files is away.
    """
    from tasks.queue import enqueue_job

    check_usable(experiment_id)
    key = uuid.uuid4().hex
    folder = place(key)
    folder.mkdir(parents=True)
    try:
        given.rename(folder / (SAMPLES if (given / "manifest.json").exists() else UPLOAD))
        shared_files().publish(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    payload = {"key": key, "options": options.model_dump(mode="json")}
    job = JobStore().create(PREDICT, payload, experiment_id=experiment_id, priority=HIGH_PRIORITY)
    enqueue_job(job.id)
    return job


def check_usable(experiment_id: int) -> None:
    """Refuse experiments without a finished model before anything is sent.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no finished model.
    """
    entity = ExperimentStore().get(experiment_id)
    if not entity.status.ended or entity.accuracy is None or entity.purged_at:
        why = "its files were removed" if entity.purged_at else f"it is {entity.status}"
        raise ConflictError(f"“{entity.name}” has no finished model: {why}.")


def prediction_job(job_id: int) -> JobEntity:
    """Give a prediction by its number.

    Raises:
        NotFoundError: There is none.
    """
    try:
        job = JobStore().get(job_id)
    except NotFoundError:
        raise NotFoundError(f"There is no prediction {job_id}.") from None
    if job.kind != PREDICT:
        raise NotFoundError(f"There is no prediction {job_id}.")
    return job


def prediction_outcome(job: JobEntity) -> PredictionOutcome:
    """Read what a prediction gave.

    Raises:
        NotFoundError: It is not done, or its files were removed.
    """
    try:
        content = prediction_file(job, OUTCOME).read_bytes()
        return PredictionOutcome.model_validate_json(content)
    except (OSError, ValueError) as error:
        raise NotFoundError(
            "The results of this prediction were removed, because they were old. Send the "
            "recordings again."
        ) from error


def prediction_file(job: JobEntity, name: str) -> Path:
    """Give one of a prediction's files.

    Raises:
        NotFoundError: It is not done, or its files were removed.
    """
    if job.status is not JobStatus.DONE:
        raise NotFoundError(f"Prediction {job.id} is not done ({job.error or job.status}).")
    path = shared_files().ensure(place(str(job.payload.get("key", ""))) / name)
    if not path.is_file():
        raise NotFoundError(
            "The results of this prediction were removed, because they were old. Send the "
            "recordings again."
        )
    return path


def place(key: str) -> Path:
    """Give a prediction's folder.

    Raises:
        NotFoundError: The key is none of ours.
    """
    if not _KEY.match(key):
        raise NotFoundError("There is no such prediction.")
    return predictions_folder() / key
