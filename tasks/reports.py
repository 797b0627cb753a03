"""Makes the PDF report of a finished run and keeps it with the run's files."""

from __future__ import annotations

import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from storage.artifacts import NewArtifact, artifacts, record
from storage.settings import settings
from tasks.pdf.document import build_pdf
from tasks.report_content import ReportError, load_content
from tasks.report_options import ReportOptions, report_options

__all__ = ["REPORT", "ReportError", "load_content", "make_report"]

log = logging.getLogger("signalbench.reports")
REPORT = "report.pdf"


def make_report(experiment_id: int, options: ReportOptions | None = None) -> NewArtifact:
    """Write a finished run's PDF and keep it as its artifact "report.pdf".

    Args:
        experiment_id: The run.
        options: Sections and names; None for the house's own choice.

    Raises:
        ReportError: The run has no results, or they are damaged.
        NotFoundError: There is no such experiment.
        DatasetError: The data set's manifest is gone.
        OSError: The disk is full.
    """
    content = load_content(experiment_id, datetime.now(UTC), options or report_options())
    with tempfile.TemporaryDirectory(prefix="report-", dir=_work_folder()) as folder:
        path = Path(folder) / REPORT
        try:
            build_pdf(content, path)
        except OSError:
            raise
        except Exception as error:  # the report writer: one of the four borders
            log.exception("The report of experiment %s failed", experiment_id)
            raise ReportError(
                "The report could not be laid out. The worker's log has the details; the results "
                "page shows the same figures."
            ) from error
        made = artifacts().put(experiment_id, 0, path, REPORT, "report")
    record(experiment_id, made)
    return made


def _work_folder() -> Path:
    folder = settings().runs_folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder
