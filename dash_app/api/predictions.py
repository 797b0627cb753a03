"""New recordings for a finished model: send them, ask what it said, download the tables."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from dash_app.api._fields import PROBLEMS, RowId
from dash_app.api._prediction_models import MOST_SAMPLES, PredictionState, SentRecordings
from dash_app.api._problems import problem
from dash_app.api._uploads import INCOMING, UploadError, receive_upload
from integrations.core.data.dataset import DatasetWriter, Recording
from integrations.core.data.readers.base import clean_text
from integrations.core.prediction.options import PredictionOptions
from storage.entities import JobEntity, JobStatus
from storage.progress import read
from storage.settings import settings
from tasks.prediction_orders import (
    RECORDINGS,
    WINDOWS,
    check_usable,
    order_prediction,
    prediction_file,
    prediction_job,
    prediction_outcome,
    predictions_folder,
)

router = APIRouter(prefix="/api", tags=["predictions"], responses=PROBLEMS)

JSON_LIMIT_BYTES = 100 << 20
NUMBERS: dict[str, Any] = {
    "type": "object",
    "required": ["recordings"],
    "properties": {
        "recordings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["channels"],
                "properties": {
                    "name": {"type": "string"},
                    "channels": {
                        "description": "A list of samples per channel, in the model's order",
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "number"}},
                    },
                    "sampling_rate_hz": {"type": "number"},
                },
            },
        },
        "options": {"type": "object", "description": "PredictionOptions, as with files"},
    },
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    "options": {"type": "string", "description": "PredictionOptions as JSON"},
                },
            }
        },
        "application/json": {"schema": NUMBERS},
    },
}


@router.post(
    "/experiments/{experiment_id}/predict",
    status_code=202,
    response_model=PredictionState,
    openapi_extra={"requestBody": BODY},
)
async def predict(experiment_id: RowId, request: Request) -> PredictionState | JSONResponse:
    """Take new recordings, as files (multipart) or as numbers (JSON), and predict them.

    Ask ``url`` of the answer how far it is. The recordings are removed when it is done, the
    results are kept as long as exports are.
    """
    await run_in_threadpool(check_usable, experiment_id)
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            given, options = await _numbers(request)
        else:
            given, options = await _files(request)
    except UploadError as error:
        return problem(error.status, str(error))
    except ValidationError as error:
        return _invalid(error)
    try:
        job = await run_in_threadpool(order_prediction, experiment_id, given, options)
    finally:
        shutil.rmtree(given, ignore_errors=True)
    return _state(job)


@router.get("/predictions/{prediction_id}")
def get_prediction(
    prediction_id: RowId,
    windows: Annotated[bool, Query(description="Give every window too.")] = True,
) -> PredictionState:
    """Say how far a prediction is, and what came out."""
    state = _state(prediction_job(prediction_id))
    if windows or state.outcome is None:
        return state
    short = [each.model_copy(update={"windows": ()}) for each in state.outcome.recordings]
    outcome = state.outcome.model_copy(update={"recordings": tuple(short)})
    return state.model_copy(update={"outcome": outcome})


@router.get("/predictions/{prediction_id}/predictions.csv", response_class=FileResponse)
def download_recordings(prediction_id: RowId) -> FileResponse:
    """Download one row per recording."""
    return _table(prediction_id, RECORDINGS)


@router.get("/predictions/{prediction_id}/windows.csv", response_class=FileResponse)
def download_windows(prediction_id: RowId) -> FileResponse:
    """Download one row per window."""
    return _table(prediction_id, WINDOWS)


def _table(prediction_id: int, name: str) -> FileResponse:
    path = prediction_file(prediction_job(prediction_id), name)
    return FileResponse(path, media_type="text/csv", filename=f"prediction-{prediction_id}-{name}")


def _state(job: JobEntity) -> PredictionState:
    live = read(f"job-{job.id}").snapshot if job.status is JobStatus.RUNNING else {}
    done = job.status is JobStatus.DONE
    return PredictionState(
        id=job.id,
        experiment_id=job.experiment_id or 0,
        status=job.status,
        url=f"/api/predictions/{job.id}",
        progress=1.0 if done else float(live.get("progress") or 0.0),
        message=str(live.get("message") or ""),
        error=job.error,
        outcome=prediction_outcome(job) if done else None,
        created_at=job.created_at,
    )


async def _files(request: Request) -> tuple[Path, PredictionOptions]:
    upload = await receive_upload(request, predictions_folder(), settings().upload_limit_bytes)
    try:
        return upload.folder, PredictionOptions.model_validate_json(
            upload.fields.get("options") or "{}"
        )
    except ValidationError:
        shutil.rmtree(upload.folder, ignore_errors=True)
        raise


async def _numbers(request: Request) -> tuple[Path, PredictionOptions]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_LIMIT_BYTES:
            raise UploadError(413, "So many numbers go as files. Send them as multipart.")
    return await run_in_threadpool(_written, bytes(body))


def _written(body: bytes) -> tuple[Path, PredictionOptions]:
    """Check recordings sent as numbers and write them as a data set."""
    sent = SentRecordings.model_validate_json(body)
    counts = {len(each.channels) for each in sent.recordings}
    lengths = [{len(channel) for channel in each.channels} for each in sent.recordings]
    if len(counts) > 1 or any(len(each) > 1 for each in lengths):
        raise UploadError(
            422, "Recordings must have the same channels, and channels the same length."
        )
    if sum(len(each.channels[0]) for each in sent.recordings) > MOST_SAMPLES:
        raise UploadError(413, f"At most {MOST_SAMPLES} samples go as numbers. Send files.")
    folder = predictions_folder() / f"{INCOMING}{uuid.uuid4().hex}"
    names = [f"channel {number + 1}" for number in range(counts.pop())]
    with DatasetWriter(folder, name="sent", channels=names) as writer:
        for number, each in enumerate(sent.recordings):
            name = clean_text(each.name) or f"recording {number + 1}"
            rate = each.sampling_rate_hz or sent.options.sampling_rate_hz
            writer.add(
                np.array(each.channels, dtype=np.float32),
                Recording(name, "all", name, 0, rate),
            )
    return folder, sent.options.model_copy(update={"channels_in_order": True})


def _invalid(error: ValidationError) -> JSONResponse:
    named = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors()[:5]
    )
    return problem(422, f"The request cannot be used. {named}")
