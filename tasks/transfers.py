"""Exports and imports of experiments as jobs: how they are ordered, done, and where files lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from storage.entities import ConflictError, JobEntity, JobStatus, NotFoundError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.jobs import JobStore

EXPORT, IMPORT = "export-runs", "import-runs"
ARCHIVE = re.compile(r"^(export|import)-[A-Za-z0-9-]{1,60}\.zip$")
MOST_IDS = 10_000
Say = Callable[[float, str], None]


def order_export(ids: Sequence[int] | None, *, with_data: bool) -> JobEntity:
    """Have experiments put into an archive in the background.

    Args:
        ids: Which; None for all that have ended.
        with_data: Put their data sets in too.

    Raises:
        ConflictError: None or too many were chosen.
    """
    if ids is not None and not 0 < len(ids) <= MOST_IDS:
        raise ConflictError(f"Choose 1 to {MOST_IDS} experiments to export, or all of them.")
    payload = {"ids": None if ids is None else list(ids), "with_data": with_data}
    return _ordered(EXPORT, payload)


def order_import(name: str) -> JobEntity:
    """Have an archive that lies in the exports folder read in the background.

    Args:
        name: Its file name there.
    """
    shared_files().publish(settings().exports_folder / name)
    return _ordered(IMPORT, {"archive": name})


def exported_archive(job_id: int) -> Path:
    """Give the archive that an export made.

    Raises:
        NotFoundError: There is no such export, it is not done, or its archive was removed.
    """
    job = transfer(job_id, EXPORT)
    if job.status is not JobStatus.DONE:
        raise NotFoundError(f"Export {job_id} is not done ({job.error or job.status}).")
    path = shared_files().ensure(_place(str(job.result.get("archive", ""))))
    if not path.is_file():
        raise NotFoundError("The archive was removed, because it was old. Export again.")
    return path


def transfer(job_id: int, kind: str) -> JobEntity:
    """Give an export or import.

    Raises:
        NotFoundError: There is none with this number.
    """
    word = "export" if kind == EXPORT else "import"
    try:
        job = JobStore().get(job_id)
    except NotFoundError:
        raise NotFoundError(f"There is no {word} {job_id}.") from None
    if job.kind != kind:
        raise NotFoundError(f"There is no {word} {job_id}.")
    return job


def export_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Do an export."""
    from tasks.export_runs import export_runs

    name = f"export-{job.id}.zip"
    ids, with_data = job.payload.get("ids"), bool(job.payload.get("with_data"))
    summary = export_runs(ids, settings().exports_folder / name, say, with_data=with_data)
    return {
        "archive": name,
        "experiments": summary.experiments,
        "datasets": summary.datasets,
        "bytes": summary.bytes,
        "left_out": summary.left_out[:200],
    }


def import_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Do an import; its archive is removed when everything is in."""
    from tasks.import_runs import import_runs

    path = shared_files().ensure(_place(str(job.payload.get("archive", ""))))
    result = import_runs(path, say).as_result()
    path.unlink(missing_ok=True)
    shared_files().remove([path])
    return result


def _ordered(kind: str, payload: dict[str, Any]) -> JobEntity:
    from tasks.queue import enqueue_job

    job = JobStore().create(kind, payload)
    enqueue_job(job.id)
    return job


def _place(name: str) -> Path:
    if not ARCHIVE.match(name):
        raise NotFoundError("There is no such archive.")
    return settings().exports_folder / name
