"""The background jobs of data sets: look at an upload, import it, make the built-in ones."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from integrations.core.data.builtin import BuiltinSet, builtin_sets, make
from integrations.core.data.dataset import SAMPLES, DatasetError, DatasetInfo
from integrations.core.data.options import ImportOptions
from integrations.core.data.scan import CACHE
from storage.entities import DatasetEntity, DatasetStatus, JobEntity, StorageError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore, ReadyFacts
from tasks.dataset_files import publish_dataset
from tasks.imports import ImportFailed, run_import, run_inspect

log = logging.getLogger(__name__)
BUILTIN_MARK, BUILTIN_LOCK = "built-in.json", "built-in.lock"
TYPICAL_WINDOW = 2048
Report = Callable[[float, str], None]


def inspect_dataset(job: JobEntity, report: Report) -> dict[str, Any]:
    """Scan the upload of the job's data set; the page reads the facts that are remembered there.

    Raises:
        ImportFailed: The upload could not be looked at; the sentence is on the data set too.
        NotFoundError: The data set was deleted meanwhile.
    """
    dataset = _dataset_of(job)
    options = options_of(dataset)
    try:
        folder = shared_files().ensure(upload_folder(dataset.id))
        inspection = run_inspect(folder, options, report)
        shared_files().publish(folder / CACHE)
    except (ImportFailed, DatasetError, StorageError) as error:
        DatasetStore().set_status(dataset.id, DatasetStatus.FAILED, str(error))
        raise ImportFailed(str(error)) from error
    return {"recordings": len(inspection.recordings), "ready": inspection.ready}


def import_dataset(job: JobEntity, report: Report) -> dict[str, Any]:
    """Import the upload of the job's data set with the options kept on it.

    Raises:
        ImportFailed: Nothing could be imported; the upload stays for another try.
        NotFoundError: The data set was deleted meanwhile.
    """
    dataset = _dataset_of(job)
    store = DatasetStore()
    store.set_status(dataset.id, DatasetStatus.IMPORTING)
    options = options_of(dataset)
    target = settings().datasets_folder / str(dataset.id)
    try:
        shutil.rmtree(target, ignore_errors=True)
        upload = shared_files().ensure(upload_folder(dataset.id))
        outcome = run_import(upload, options, target, report)
        publish_dataset(target)
    except (ImportFailed, DatasetError, StorageError, OSError) as error:
        sentence = _sentence(error)
        store.set_status(dataset.id, DatasetStatus.FAILED, sentence)
        raise ImportFailed(sentence) from error
    skipped = [{"name": s.name, "sentence": s.sentence} for s in outcome.skipped]
    store.set_inspection(
        dataset.id, {"options": options.model_dump(mode="json"), "skipped": skipped[:1000]}
    )
    store.set_ready(dataset.id, ready_facts(outcome.info, target, str(dataset.id)))
    shutil.rmtree(upload, ignore_errors=True)
    shared_files().forget(upload)
    return {"recordings": len(outcome.info.recordings), "skipped": len(skipped)}


def ensure_builtin_sets() -> list[DatasetEntity]:
    """Make the built-in sets that were never made here; one the user deleted stays deleted.

    Waits for another process that is at it, so that neither takes the other's files away.

    Returns:
        The data sets made by this call.
    """
    folder = settings().datasets_folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / BUILTIN_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _make_missing(folder)


def _make_missing(folder: Path) -> list[DatasetEntity]:
    mark = folder / BUILTIN_MARK
    shared_files().refresh(mark)
    half_made = {d.builtin_key for d in DatasetStore().all() if d.status is not DatasetStatus.READY}
    done = _read_mark(mark) - half_made
    made = []
    for builtin in reversed(builtin_sets()):
        if builtin.key not in done and (entity := _make_builtin(builtin, folder)):
            made.append(entity)
        done.add(builtin.key)
    _write_mark(mark, done)
    return made


def upload_folder(dataset_id: int) -> Path:
    """Where the files of an upload lie."""
    return settings().uploads_folder / str(dataset_id)


def options_of(dataset: DatasetEntity) -> ImportOptions:
    """Give the import options kept on a data set, with its name.

    Raises:
        ImportFailed: They are not valid any more.
    """
    try:
        options = ImportOptions.model_validate(dataset.inspection.get("options", {}))
    except ValidationError as error:
        raise ImportFailed("The import options are not valid. Open the upload again.") from error
    return options.model_copy(update={"name": dataset.name})


def ready_facts(info: DatasetInfo, folder: Path, relative: str) -> ReadyFacts:
    """Give what the lists show of an imported data set."""
    rates = {recording.sampling_rate_hz for recording in info.recordings}
    shortest = min(recording.n_samples for recording in info.recordings)
    return ReadyFacts(
        fingerprint=info.fingerprint,
        folder=relative,
        n_recordings=len(info.recordings),
        n_groups=len({recording.group for recording in info.recordings}),
        n_channels=len(info.channels),
        n_samples=info.n_samples_total,
        sampling_rate_hz=rates.pop() if len(rates) == 1 else None,
        classes=list(info.classes),
        bytes=(folder / SAMPLES).stat().st_size,
        window_samples=shortest if shortest < 2 * TYPICAL_WINDOW else TYPICAL_WINDOW,
    )


def _dataset_of(job: JobEntity) -> DatasetEntity:
    if job.dataset_id is None:
        raise ImportFailed("The job names no data set.")
    return DatasetStore().get(job.dataset_id)


def _make_builtin(builtin: BuiltinSet, folder: Path) -> DatasetEntity | None:
    store = DatasetStore()
    known = store.by_builtin_key(builtin.key)
    if known is not None and known.status is DatasetStatus.READY:
        return None
    scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=folder))
    try:
        info = make(builtin.key, scratch)
        target = folder / f"builtin-{builtin.key}"
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)
        publish_dataset(target)
        entity = known or store.create(
            builtin.name,
            source="built-in",
            summary=builtin.summary,
            builtin_key=builtin.key,
            status=DatasetStatus.IMPORTING,
        )
        store.set_ready(entity.id, ready_facts(info, target, target.name))
    except IntegrityError:
        log.info("Another process made a built-in data set", extra={"key": builtin.key})
        return None
    except (DatasetError, OSError):
        log.exception("A built-in data set could not be made", extra={"key": builtin.key})
        return None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return store.get(entity.id)


def _read_mark(mark: Path) -> set[str]:
    try:
        return set(json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return set()


def _write_mark(mark: Path, keys: set[str]) -> None:
    temporary = mark.with_name(f".{mark.name}.{os.getpid()}")
    temporary.write_text(json.dumps(sorted(keys)), encoding="utf-8")
    temporary.replace(mark)
    shared_files().publish(mark)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        log.exception("An import failed on the file system")
        return "The files could not be written. Check the free space and rights of the data folder."
    return str(error)
