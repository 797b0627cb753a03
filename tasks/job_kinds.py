"""What each kind of job does; the heavy parts are imported only by the job that needs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from integrations.core.data.dataset import DatasetError, DatasetInfo
from integrations.core.data.readers.base import ReadError
from storage.entities import DatasetEntity, DatasetStatus, JobEntity, StorageError
from storage.settings import settings
from storage.stores.datasets import DatasetStore, ReadyFacts
from tasks.sentences import sentence_for

Say = Callable[[float, str], None]


class JobFailed(Exception):
    """A job cannot be done; the text is a sentence for the user."""


def run_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Do a job.

    Args:
        job: What to do.
        say: Takes the share done (0 to 1) and what is being done.

    Raises:
        JobFailed: It cannot be done.
    """
    try:
        return _KINDS[job.kind](job, say)
    except KeyError as error:
        if job.kind in _KINDS:
            raise
        raise JobFailed(f"This Signalbench knows no job “{job.kind}”. Update it.") from error
    except (StorageError, DatasetError, ReadError, OSError, MemoryError) as error:
        raise JobFailed(sentence_for(error) or str(error)) from error


def _report(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.reports import make_report

    if job.experiment_id is None:
        raise JobFailed("A report needs an experiment.")
    say(0.0, "Writing the report")
    artifact = make_report(job.experiment_id)
    return {"name": artifact.name, "path": artifact.path}


def _inspect(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.imports import ImportFailed, run_inspect

    dataset = _dataset(job)
    try:
        inspection = run_inspect(_upload_folder(dataset), _options(job), say)
    except ImportFailed as error:
        raise JobFailed(str(error)) from error
    DatasetStore().set_inspection(dataset.id, inspection.model_dump(mode="json"))
    return {}


def _import(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.imports import ImportFailed, run_import

    store, dataset = DatasetStore(), _dataset(job)
    store.set_status(dataset.id, DatasetStatus.IMPORTING)
    target = settings().datasets_folder / f"{dataset.id}-v{dataset.version}"
    # What an earlier attempt left when its worker died between the two writes.
    shutil.rmtree(target, ignore_errors=True)
    try:
        outcome = run_import(_upload_folder(dataset), _options(job), target, say)
    except ImportFailed as error:
        store.set_status(dataset.id, DatasetStatus.FAILED, str(error))
        raise JobFailed(str(error)) from error
    store.set_ready(dataset.id, ready_facts(outcome.info, target.name))
    return {"skipped": [{"name": s.name, "sentence": s.sentence} for s in outcome.skipped]}


def _builtin(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.builtin import ensure_builtin_sets

    return {"made": ensure_builtin_sets(say)}


_KINDS: dict[str, Callable[[JobEntity, Say], dict[str, Any]]] = {
    "report": _report,
    "inspect": _inspect,
    "import": _import,
    "builtin": _builtin,
}


def ready_facts(info: DatasetInfo, folder: str) -> ReadyFacts:
    """Give the columns that lists show of a stored data set."""
    from integrations.core.data.defaults import suggest_window

    rates = {recording.sampling_rate_hz for recording in info.recordings}
    size = sum(path.stat().st_size for path in (settings().datasets_folder / folder).iterdir())
    return ReadyFacts(
        fingerprint=info.fingerprint,
        folder=folder,
        n_recordings=len(info.recordings),
        n_groups=len({recording.group for recording in info.recordings}),
        n_channels=len(info.channels),
        n_samples=info.n_samples_total,
        sampling_rate_hz=rates.pop() if len(rates) == 1 else None,
        classes=list(info.classes),
        bytes=size,
        window_samples=suggest_window(info),
    )


def _dataset(job: JobEntity) -> DatasetEntity:
    if job.dataset_id is None:
        raise JobFailed("An import needs a data set.")
    return DatasetStore().get(job.dataset_id)


def _upload_folder(dataset: DatasetEntity) -> Path:
    return settings().uploads_folder / str(dataset.id)


def _options(job: JobEntity) -> Any:
    from integrations.core.data.options import ImportOptions

    try:
        return ImportOptions.model_validate(job.payload.get("options", {}))
    except ValidationError as error:
        raise JobFailed(sentence_for(error) or "The import's settings are not allowed.") from error
