"""A finished model to take away: order an export, ask where it stands."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._fields import PROBLEMS, RowId
from integrations.core.export.report import OnnxReport, QuantisedReport
from storage.entities import ArtifactEntity, JobStatus
from storage.stores.experiments import ExperimentStore
from tasks.export_orders import (
    Export,
    ExportState,
    export_states,
    int8_report,
    onnx_report,
    order_export,
)

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)


class ExportOrder(BaseModel):
    """What to make."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[Export, Field(description="onnx, int8, tensorboard, table or package")]


class ModelExport(BaseModel):
    """Where one export stands; ``url`` is there when it can be downloaded.

    ``cannot`` says why this model has no such form, ``error`` why the last try failed.
    """

    what: Export
    status: JobStatus | None
    name: str
    url: str | None
    bytes: int
    sha256: str
    cannot: str
    error: str
    onnx: OnnxReport | None = None
    int8: QuantisedReport | None = None


class ModelExports(BaseModel):
    """All forms of one model."""

    items: list[ModelExport]


@router.get("/{experiment_id}/exports")
def list_exports(experiment_id: RowId) -> ModelExports:
    """Say what the model can be taken away as, what was made, and what was measured of it."""
    entity = ExperimentStore().get(experiment_id)
    files = ExperimentStore().artifacts(experiment_id)
    rows = [_row(experiment_id, state, files) for state in export_states(entity, files)]
    return ModelExports(items=rows)


@router.post("/{experiment_id}/exports", status_code=202)
def make_export(experiment_id: RowId, body: ExportOrder) -> ModelExport:
    """Have one form made in the background; one that is being made is not ordered twice."""
    order_export(experiment_id, body.what)
    items = list_exports(experiment_id).items
    return next(item for item in items if item.what is body.what)


def _row(experiment_id: int, state: ExportState, files: list[ArtifactEntity]) -> ModelExport:
    file, job = state.file, state.job
    return ModelExport(
        what=state.what,
        status=None if job is None else job.status,
        name="" if file is None else file.name,
        url=None
        if file is None
        else f"/api/experiments/{experiment_id}/artifacts/{quote(file.name)}",
        bytes=0 if file is None else file.bytes,
        sha256="" if file is None else file.sha256,
        cannot=state.cannot,
        error="" if job is None else job.error,
        onnx=onnx_report(files) if state.what is Export.ONNX else None,
        int8=int8_report(files) if state.what is Export.INT8 else None,
    )
