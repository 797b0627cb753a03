"""The Artifacts tab: the files of a run, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, format_bytes, icon, relative_time
from dash_app.pages.experiment_results import ids, use_ids
from dash_app.pages.experiment_results.exports_section import exports_card
from storage.entities import ArtifactEntity, ExperimentEntity, JobEntity, JobStatus

REPORT = "report.pdf"
KINDS = {
    "checkpoint": ("hdd", "Checkpoint"),
    "config": ("sliders", "Configuration"),
    "calibration": ("thermometer-half", "Calibration"),
    "export": ("box-arrow-up", "Export"),
    "failures": ("bug", "Failure analysis"),
    "history": ("graph-up", "History"),
    "log": ("card-text", "Log"),
    "metrics": ("speedometer2", "Figures"),
    "model": ("box", "Model"),
    "predictions": ("table", "Predictions"),
    "report": ("file-earmark-pdf", "Report"),
    "result": ("file-earmark", "Result data"),
    "robustness": ("activity", "Robustness"),
}
ABOUT = {
    "best.pt": "weights of the best epoch",
    "last.pt": "state after the last epoch, for resuming",
    "config.yaml": "repeats this run",
    "predictions.csv": "one row per test window",
    "history.json": "every epoch or fold",
    "metrics.json": "the headline figures",
    "measures.json": "classes, areas, calibration, conditions, thresholds",
    "failures.json": "what failures share, and why each window may have failed",
    "log.txt": "what the run said",
    "outliers.npz": "what lies near the training data, for predictions",
}


def artifacts_tab(
    entity: ExperimentEntity, files: Sequence[ArtifactEntity], job: JobEntity | None
) -> html.Div:
    """Draw the tab."""
    return html.Div(
        [
            card(
                html.Div(report_section(entity, files, job), id=ids.REPORT),
                dcc.Interval(id=ids.REPORT_POLL, interval=1000, disabled=not in_progress(job)),
                title="Report",
            ),
            exports_card(entity, files),
            card(html.Div(file_table(entity, files), id=use_ids.FILES), title="Files"),
        ],
        className="stack",
    )


def in_progress(job: JobEntity | None) -> bool:
    """Tell whether a report is being made."""
    return job is not None and job.status in (JobStatus.QUEUED, JobStatus.RUNNING)


def report_section(
    entity: ExperimentEntity, files: Sequence[ArtifactEntity], job: JobEntity | None
) -> html.Div:
    """Say where the report stands, with the way on."""
    made = next((row for row in files if row.name == REPORT), None)
    busy = in_progress(job)
    parts: list[Any] = [html.P(_report_words(made, job), className="report-words")]
    if made is not None:
        parts.append(
            html.A(
                [icon("download"), f"Download the PDF ({format_bytes(made.bytes)})"],
                href=f"/api/experiments/{entity.id}/{REPORT}",
                download=REPORT,
                className="button button-filled",
            )
        )
    label = "Make it again" if made is not None else "Make the report"
    parts.append(
        dmc.Button(
            label,
            id=ids.REPORT_MAKE,
            loading=busy,
            variant="default" if made is not None else "filled",
            leftSection=icon("file-earmark-pdf"),
        )
    )
    return html.Div(parts, className="report-line")


def _report_words(made: ArtifactEntity | None, job: JobEntity | None) -> Any:
    if job is not None and job.status is JobStatus.QUEUED:
        return "Waiting for a worker to make the report."
    if job is not None and job.status is JobStatus.RUNNING:
        return "The report is being made."
    if job is not None and job.status is JobStatus.FAILED:
        return f"The report could not be made. {job.error}"
    if made is not None:
        return html.Span(["Made ", relative_time(made.created_at), "."])
    return "A PDF with methods, data, figures with intervals and the whole configuration."


def file_table(entity: ExperimentEntity, files: Sequence[ArtifactEntity]) -> Any:
    """List the files of a run, its report left out."""
    files = [row for row in files if row.name != REPORT]
    if not files:
        return html.P("This run left no files.", className="muted")
    head = html.Tr(
        [
            html.Th("File"),
            html.Th("Kind", className="wide-only"),
            html.Th("Size", className="number"),
            html.Th("SHA-256", className="wide-only"),
            html.Th(html.Span("Download", className="visually-hidden")),
        ]
    )
    rows = [_file_row(entity, row) for row in files]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain files")
    return html.Div(table, className="scroll-x")


def _file_row(entity: ExperimentEntity, row: ArtifactEntity) -> html.Tr:
    symbol, kind = KINDS.get(row.kind, ("file-earmark", row.kind))
    about = ABOUT.get(row.name)
    name = [icon(symbol), html.Span(row.name)]
    if about:
        name.append(html.Span(about, className="muted small file-about"))
    href = f"/api/experiments/{entity.id}/artifacts/{quote(row.name)}"
    link = html.A(
        icon("download"), href=href, download="", **{"aria-label": f"Download {row.name}"}
    )
    return html.Tr(
        [
            html.Td(html.Div(name, className="file-name")),
            html.Td(kind, className="wide-only"),
            html.Td(format_bytes(row.bytes), className="number"),
            html.Td(html.Code(row.sha256[:12], title=row.sha256), className="wide-only"),
            html.Td(link, className="number"),
        ]
    )
