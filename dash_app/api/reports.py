"""Reports over several experiments, and what this house chose about reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._fields import PROBLEMS, Identifier, RowId
from storage.entities import JobEntity, JobStatus
from tasks import report_orders
from tasks.report_options import ReportOptions, keep_report_options, report_options

router = APIRouter(prefix="/api", tags=["reports"], responses=PROBLEMS)


class SummaryOrder(BaseModel):
    """Which experiments to report on together, and what to choose for this report."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Identifier], Field(min_length=2, max_length=report_orders.MOST_RUNS)]
    options: ReportOptions | None = None


class Summary(BaseModel):
    """How far a summary report is; ``url`` is there when it can be downloaded."""

    id: int
    status: JobStatus
    url: str | None
    ids: list[int]
    error: str
    created_at: datetime


@router.post("/reports", status_code=202)
def order_summary(body: SummaryOrder) -> Summary:
    """Have one PDF over several experiments made in the background."""
    return _summary(report_orders.order_summary(body.ids, body.options))


@router.get("/reports/options")
def get_options() -> ReportOptions:
    """Say what this house chose about reports: sections, and who is named on the cover."""
    return report_options()


@router.put("/reports/options")
def put_options(body: ReportOptions) -> ReportOptions:
    """Choose about all reports to come; the title belongs to one report and is not kept."""
    keep_report_options(body)
    return report_options()


@router.get("/reports/{report_id}")
def get_summary(report_id: RowId) -> Summary:
    """Say how far a summary report is."""
    return _summary(report_orders.summary_job(report_id))


@router.get("/reports/{report_id}/report.pdf", response_class=FileResponse)
def download_summary(report_id: RowId) -> FileResponse:
    """Download a summary report."""
    path = report_orders.summary_file(report_id)
    name = f"signalbench-summary-{report_id}.pdf"
    return FileResponse(path, media_type="application/pdf", filename=name)


def _summary(job: JobEntity) -> Summary:
    done = job.status is JobStatus.DONE
    return Summary(
        id=job.id,
        status=job.status,
        url=f"/api/reports/{job.id}/report.pdf" if done else None,
        ids=[int(number) for number in job.payload.get("ids", [])],
        error=job.error,
        created_at=job.created_at,
    )
