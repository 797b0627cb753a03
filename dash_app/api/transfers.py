"""Experiments that travel: export them to a zip file, import such a file."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from dash_app.api._fields import PROBLEMS, Identifier, RowId
from dash_app.api._problems import problem
from dash_app.api._uploads import UploadError, receive_upload
from storage.entities import JobEntity, JobStatus
from storage.settings import settings
from tasks import transfers

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)

ARCHIVE_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {"files": {"type": "string", "format": "binary"}},
            }
        }
    },
}


class ExportRequest(BaseModel):
    """Which experiments to export; ``ids`` left out or null means all that have ended."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Identifier], Field(min_length=1, max_length=transfers.MOST_IDS)] | None = (
        None
    )
    with_data: bool = True


class Export(BaseModel):
    """How far an export is; ``url`` is there when the archive can be downloaded."""

    id: int
    status: JobStatus
    url: str | None
    experiments: int
    datasets: int
    bytes: int
    left_out: list[str]
    error: str
    created_at: datetime


class Import(BaseModel):
    """How far an import is; ``notes`` are sentences about what did not come in."""

    id: int
    status: JobStatus
    imported: list[int]
    skipped: int
    datasets: list[int]
    notes: list[str]
    error: str
    created_at: datetime


@router.post("/exports", status_code=202)
def order_export(body: ExportRequest) -> Export:
    """Have experiments put into an archive in the background."""
    return _export(transfers.order_export(body.ids, with_data=body.with_data))


@router.get("/exports/{export_id}")
def get_export(export_id: RowId) -> Export:
    """Say how far an export is."""
    return _export(transfers.transfer(export_id, transfers.EXPORT))


@router.get("/exports/{export_id}/archive.zip", response_class=FileResponse)
def download_export(export_id: RowId) -> FileResponse:
    """Download the archive of an export."""
    path = transfers.exported_archive(export_id)
    name = f"signalbench-experiments-{export_id}.zip"
    return FileResponse(path, media_type="application/zip", filename=name)


@router.post(
    "/imports",
    status_code=202,
    response_model=Import,
    openapi_extra={"requestBody": ARCHIVE_BODY},
)
async def import_experiments(request: Request) -> Import | JSONResponse:
    """Take an archive (multipart, streamed to disk) and import its experiments."""
    folder, limit = settings().exports_folder, settings().upload_limit_bytes
    try:
        upload = await receive_upload(request, folder, limit)
    except UploadError as error:
        return problem(error.status, str(error))
    try:
        files = [path for path in upload.folder.rglob("*") if path.is_file()]
        if len(files) != 1 or files[0].suffix.lower() != ".zip":
            return problem(422, "Send one zip file that an export of Signalbench made.")
        return await run_in_threadpool(_accept, files[0])
    finally:
        shutil.rmtree(upload.folder, ignore_errors=True)


@router.get("/imports/{import_id}")
def get_import(import_id: RowId) -> Import:
    """Say how far an import is."""
    return _import(transfers.transfer(import_id, transfers.IMPORT))


def _accept(file: Path) -> Import:
    name = f"import-{uuid.uuid4()}.zip"
    file.rename(settings().exports_folder / name)
    return _import(transfers.order_import(name))


def _export(job: JobEntity) -> Export:
    done = job.status is JobStatus.DONE
    return Export(
        id=job.id,
        status=job.status,
        url=f"/api/exports/{job.id}/archive.zip" if done else None,
        experiments=job.result.get("experiments", 0),
        datasets=job.result.get("datasets", 0),
        bytes=job.result.get("bytes", 0),
        left_out=job.result.get("left_out", []),
        error=job.error,
        created_at=job.created_at,
    )


def _import(job: JobEntity) -> Import:
    return Import(
        id=job.id,
        status=job.status,
        imported=job.result.get("imported", []),
        skipped=job.result.get("skipped", 0),
        datasets=job.result.get("datasets", []),
        notes=job.result.get("notes", []),
        error=job.error,
        created_at=job.created_at,
    )
