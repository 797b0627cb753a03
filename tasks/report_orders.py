"""Summary reports: how they are ordered, where they stand, and where the files lie; light."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from storage.entities import ConflictError, JobEntity, JobStatus, NotFoundError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.report_options import ReportOptions, chosen

SUMMARY = "summary-report"
MOST_RUNS = 10
FILE = re.compile(r"^summary-[0-9]{1,12}\.pdf$")


def order_summary(ids: Sequence[int], options: ReportOptions | None = None) -> JobEntity:
    """Have one PDF made over several runs.

    Args:
        ids: 2 to MOST_RUNS experiments.
        options: Names for this report; None for the house's own choice.

    Raises:
        ConflictError: Too few or too many, or fewer than two of them have results.
    """
    from tasks.queue import enqueue_job

    wanted = list(dict.fromkeys(ids))
    if not 2 <= len(wanted) <= MOST_RUNS:
        raise ConflictError(f"Choose 2 to {MOST_RUNS} experiments for a summary report.")
    runs = ExperimentStore().several(wanted)
    if sum(run.accuracy is not None and run.status.ended for run in runs) < 2:
        raise ConflictError("A summary report needs two experiments with results or more.")
    job = JobStore().create(SUMMARY, {"ids": wanted, **chosen(options)})
    enqueue_job(job.id)
    return job


def summary_job(job_id: int) -> JobEntity:
    """Give a summary report that was ordered.

    Raises:
        NotFoundError: There is none with this number.
    """
    try:
        job = JobStore().get(job_id)
    except NotFoundError:
        raise NotFoundError(f"There is no summary report {job_id}.") from None
    if job.kind != SUMMARY:
        raise NotFoundError(f"There is no summary report {job_id}.")
    return job


def summary_file(job_id: int) -> Path:
    """Give the PDF of a summary report.

    Raises:
        NotFoundError: There is no such report, it is not done, or it was removed.
    """
    job = summary_job(job_id)
    if job.status is not JobStatus.DONE:
        raise NotFoundError(f"Summary report {job_id} is not done ({job.error or job.status}).")
    name = str(job.result.get("file", ""))
    if not FILE.match(name):
        raise NotFoundError("There is no such report.")
    path = shared_files().ensure(settings().exports_folder / name)
    if not path.is_file():
        raise NotFoundError("The report was removed, because it was old. Order it again.")
    return path
