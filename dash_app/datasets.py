"""What the screens and routes of data sets share: uploads, plans, opened sets, deletion."""

from __future__ import annotations

import logging
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from integrations.core.data.dataset import Dataset, DatasetError, DatasetInfo, read_info
from integrations.core.data.inspect import understand
from integrations.core.data.inspection import Inspection
from integrations.core.data.options import ImportOptions
from integrations.core.data.readers import ReadSettings
from integrations.core.data.scan import CACHE, FileFacts, remembered
from storage.entities import ConflictError, DatasetEntity, DatasetStatus, JobEntity, StorageError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks.dataset_files import dataset_folder, manifest_folder
from tasks.queue import enqueue_job

log = logging.getLogger(__name__)


def accept_upload(folder: Path, name: str, options: ImportOptions, *, review: bool) -> JobEntity:
    """Make a data set of a received folder and start looking at it, or importing it at once."""
    entity = DatasetStore().create(name, source="upload", kind=options.kind)
    kept = folder.rename(upload_folder(entity.id))
    try:
        shared_files().publish(kept)
    except StorageError:
        delete_dataset(entity.id)
        raise
    keep_options(entity.id, options)
    return start_job(entity.id, "inspect" if review else "import")


def start_job(dataset_id: int, kind: str) -> JobEntity:
    """Start an "inspect" or "import" job and wake a worker.

    Raises:
        NotFoundError: The data set was deleted.
        ConflictError: Its upload is gone, because it was imported already.
    """
    entity = DatasetStore().get(dataset_id)
    folder = upload_folder(dataset_id)
    if not folder.is_dir() and not shared_files().listed(folder):
        raise ConflictError(
            f"The files of “{entity.name}” were imported already. Upload them anew."
        )
    status = DatasetStatus.IMPORTING if kind == "import" else DatasetStatus.UPLOADED
    DatasetStore().set_status(dataset_id, status)
    job = JobStore().create(kind, {}, dataset_id=dataset_id)
    enqueue_job(job.id)
    return job


def keep_options(dataset_id: int, options: ImportOptions) -> None:
    """Keep the user's decisions, so that a reload loses nothing."""
    DatasetStore().set_inspection(dataset_id, {"options": options.model_dump(mode="json")})


def options_of(entity: DatasetEntity) -> ImportOptions:
    """Give the decisions kept on a data set; the defaults when there are none."""
    try:
        options = ImportOptions.model_validate(entity.inspection.get("options", {}))
    except ValidationError:
        options = ImportOptions()
    return options.model_copy(update={"name": entity.name})


def facts_of(dataset_id: int, options: ImportOptions) -> tuple[FileFacts, ...]:
    """Give what the scan found in an upload; nothing while it has not run with these settings."""
    folder = _scanned(dataset_id)
    return _facts(folder, _written(folder), options.read_settings())


def plan_of(dataset_id: int, options: ImportOptions) -> Inspection | None:
    """Understand an upload with these options; None while its files have not been looked at."""
    folder = _scanned(dataset_id)
    return _plan(folder, _written(folder), options.model_dump_json())


@lru_cache(maxsize=4)
def _facts(folder: Path, _written_ns: int, read: ReadSettings) -> tuple[FileFacts, ...]:
    return tuple(remembered(folder, read).values())


@lru_cache(maxsize=8)
def _plan(folder: Path, written_ns: int, options_json: str) -> Inspection | None:
    """Remember the newest plans: one change of the form asks for the same plan several times."""
    options = ImportOptions.model_validate_json(options_json)
    facts = _facts(folder, written_ns, options.read_settings())
    return understand(facts, options) if facts else None


def _scanned(dataset_id: int) -> Path:
    """Give an upload's folder with what the worker that looked at it wrote beside the files."""
    folder = upload_folder(dataset_id)
    # A folder stands for all of an upload's files; where they are not, the facts lie elsewhere.
    kept = folder if folder.is_dir() else settings().data / "cache" / "uploads" / folder.name
    try:
        shared_files().refresh(folder / CACHE, kept / CACHE)
    except StorageError as error:
        log.warning("The facts of an upload are not at hand: %s", error)
    return kept


def _written(folder: Path) -> int:
    try:
        return (folder / CACHE).stat().st_mtime_ns
    except OSError:
        return 0


def open_dataset(entity: DatasetEntity) -> Dataset:
    """Open a ready data set.

    Raises:
        DatasetError: It is not imported yet, or its files are gone.
    """
    if entity.status is not DatasetStatus.READY:
        raise DatasetError(f"“{entity.name}” is not imported yet.")
    return Dataset(dataset_folder(entity.folder))


def info_of(entity: DatasetEntity) -> DatasetInfo | None:
    """Give the manifest of a ready data set, None when there is none to read."""
    if entity.status is not DatasetStatus.READY:
        return None
    try:
        return read_info(manifest_folder(entity.folder))
    except DatasetError:
        return None


def delete_dataset(dataset_id: int) -> None:
    """Take a data set away with its files.

    Raises:
        NotFoundError: There is none.
        ConflictError: Experiments use it.
    """
    entity = DatasetStore().get(dataset_id)
    DatasetStore().delete(dataset_id)
    folders = [upload_folder(dataset_id), *([data_folder(entity)] if entity.folder else [])]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    shared_files().forget(*folders)


def upload_folder(dataset_id: int) -> Path:
    """Where the files of an upload lie until they are imported."""
    return settings().uploads_folder / str(dataset_id)


def data_folder(entity: DatasetEntity) -> Path:
    """Where the samples of a data set lie."""
    return settings().datasets_folder / entity.folder


def left_out(entity: DatasetEntity) -> list[dict[str, Any]]:
    """Give what the import did not take, each with its sentence."""
    return list(entity.inspection.get("skipped", []))
