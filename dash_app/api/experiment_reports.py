"""The PDF report of an experiment: have it made, and download it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from dash_app.api._downloads import attachment, find_artifact
from dash_app.api._experiment_models import ReportJob
from dash_app.api._fields import PROBLEMS, RowId
from storage.entities import JobStatus, NotFoundError
from storage.stores.jobs import JobStore
from tasks import queue
from tasks.report_options import ReportOptions

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)

REPORT = "report.pdf"


@router.post("/{experiment_id}/report", status_code=202)
def order_report(experiment_id: RowId, options: ReportOptions | None = None) -> ReportJob:
    """Have the PDF made in the background; a report that is being made is not ordered twice.

    Without a body the house's own choice of sections and names holds.
    """
    job = queue.order_report(experiment_id, options)
    url = f"/api/experiments/{experiment_id}/{REPORT}"
    return ReportJob(job_id=job.id, status=job.status, url=url)


@router.get("/{experiment_id}/report.pdf", response_class=FileResponse)
def download_report(experiment_id: RowId) -> FileResponse:
    """Download the PDF report."""
    try:
        found = find_artifact(experiment_id, REPORT)
    except NotFoundError as error:
        raise _no_report(experiment_id) from error
    return attachment(found, "application/pdf")


def _no_report(experiment_id: int) -> HTTPException:
    job = JobStore().latest("report", experiment_id=experiment_id)
    if job is None:
        return HTTPException(404, "There is no report yet. Order it by POST …/report.")
    if job.status == JobStatus.FAILED:
        return HTTPException(404, f"The report could not be made: {job.error}")
    return HTTPException(
        404, "The report is being made. Ask again in a moment.", headers={"Retry-After": "2"}
    )
