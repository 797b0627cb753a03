"""Data sets: upload, list, describe, import, delete."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from dash_app import datasets
from dash_app.api._dataset_models import (
    Accepted,
    DatasetChange,
    DatasetDetail,
    DatasetList,
    DatasetRow,
    row_of,
)
from dash_app.api._fields import PROBLEMS, RowId, Text
from dash_app.api._problems import problem
from dash_app.api._uploads import Upload, UploadError, receive_upload
from dash_app.thumbnail import thumbnail_svg
from integrations.core.data.dataset import DatasetError
from integrations.core.data.inspection import Inspection
from integrations.core.data.options import ImportOptions
from integrations.core.data.readers.base import clean_text
from storage.entities import ConflictError, DatasetEntity, NotFoundError
from storage.settings import settings
from storage.stores.datasets import DatasetStore

router = APIRouter(prefix="/api/datasets", tags=["datasets"], responses=PROBLEMS)

UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["signal"]},
                    "options": {"type": "string", "description": "ImportOptions as JSON"},
                    "review": {
                        "type": "string",
                        "enum": ["true", "false"],
                        "description": "true waits for a person to check what was understood",
                    },
                },
            }
        }
    },
}


@router.get("")
def list_datasets(
    kind: Annotated[Text, Query(max_length=20)] | None = None, ready_only: bool = False
) -> DatasetList:
    """Give all data sets, newest first."""
    rows = [row_of(entity) for entity in DatasetStore().all(kind, ready_only=ready_only)]
    return DatasetList(items=rows, total=len(rows))


@router.post(
    "", status_code=201, response_model=Accepted, openapi_extra={"requestBody": UPLOAD_BODY}
)
async def upload_dataset(request: Request) -> Accepted | JSONResponse:
    """Take recordings (multipart, streamed to disk) and import them.

    A file's name may hold folders (``good/a.csv``). Without ``review=true`` the import starts at
    once with ``options``; ``GET /api/datasets/{id}`` tells when the set is ready.
    """
    limit = settings().upload_limit_bytes
    try:
        upload = await receive_upload(request, settings().uploads_folder, limit)
    except UploadError as error:
        return problem(error.status, str(error))
    try:
        return await run_in_threadpool(_accept, upload)
    except ValidationError as error:
        return _invalid_options(error)
    finally:
        shutil.rmtree(upload.folder, ignore_errors=True)


@router.get("/{dataset_id}")
def get_dataset(dataset_id: RowId) -> DatasetDetail:
    """Give one data set with channels, metadata fields and what was left out."""
    return _detail(DatasetStore().get(dataset_id))


@router.patch("/{dataset_id}")
def change_dataset(dataset_id: RowId, body: DatasetChange) -> DatasetRow:
    """Rename a data set or choose its suggested windows."""
    store = DatasetStore()
    entity = store.get(dataset_id)
    if body.name is not None:
        store.rename(dataset_id, body.name)
    if body.window_samples is not None or body.overlap is not None:
        window = body.window_samples or entity.window_samples or 1024
        store.set_view(dataset_id, window, entity.overlap if body.overlap is None else body.overlap)
    return row_of(store.get(dataset_id))


@router.delete("/{dataset_id}", status_code=204)
def delete_dataset(dataset_id: RowId) -> None:
    """Delete a data set with its files; refused while experiments use it."""
    datasets.delete_dataset(dataset_id)


@router.get("/{dataset_id}/inspection")
def get_inspection(dataset_id: RowId) -> Inspection:
    """Say what was understood of an upload with the options kept on it."""
    entity = DatasetStore().get(dataset_id)
    found = datasets.plan_of(dataset_id, datasets.options_of(entity))
    if found is None:
        raise ConflictError("The files have not been looked at yet, or are imported already.")
    return found


@router.post("/{dataset_id}/import", status_code=202)
def import_dataset(dataset_id: RowId, options: ImportOptions | None = None) -> Accepted:
    """Import an upload that waits for review, with other options if given."""
    entity = DatasetStore().get(dataset_id)
    if options is not None:
        if options.name:
            DatasetStore().rename(dataset_id, options.name)
        datasets.keep_options(dataset_id, options)
    job = datasets.start_job(entity.id, "import")
    return Accepted(id=entity.id, job_id=job.id, status=DatasetStore().get(entity.id).status)


@router.get("/{dataset_id}/thumbnail.svg", include_in_schema=False)
def get_thumbnail(dataset_id: RowId) -> Response:
    """Draw one recording of each of the first classes, small."""
    try:
        drawn = thumbnail_svg(datasets.open_dataset(DatasetStore().get(dataset_id)))
    except DatasetError as error:
        raise NotFoundError(str(error)) from error
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})


def _accept(upload: Upload) -> Accepted:
    options = ImportOptions.model_validate_json(upload.fields.get("options") or "{}")
    if upload.fields.get("kind"):
        options = ImportOptions.model_validate(
            {**options.model_dump(), "kind": upload.fields["kind"]}
        )
    name = clean_text(upload.fields.get("name") or options.name) or _name_of(upload.folder)
    review = upload.fields.get("review", "") in ("true", "1")
    job = datasets.accept_upload(upload.folder, name, options, review=review)
    entity = DatasetStore().get(job.dataset_id or 0)
    return Accepted(id=entity.id, job_id=job.id, status=entity.status)


def _name_of(folder: Path) -> str:
    """Name an upload after its only folder or file, else by what it is."""
    inside = sorted(folder.iterdir())
    if len(inside) == 1:
        return clean_text(inside[0].stem)
    return f"Upload of {len(inside)} files"


def _detail(entity: DatasetEntity) -> DatasetDetail:
    info = datasets.info_of(entity)
    found: dict[str, Any] = {}
    if info is not None:
        found = {
            "channels": list(info.channels),
            "unit": info.unit,
            "fields": {key: list(values) for key, values in info.field_values().items()},
            "properties": info.properties,
        }
    return DatasetDetail(**row_of(entity).model_dump(), left_out=datasets.left_out(entity), **found)


def _invalid_options(error: ValidationError) -> JSONResponse:
    errors = [
        {"field": ".".join(["options", *map(str, item["loc"])]), "detail": item["msg"]}
        for item in error.errors()
    ]
    first = errors[0]
    return problem(
        422, f"The options cannot be used. {first['field']}: {first['detail']}", errors=errors
    )
