"""The summary report over selected runs: ordered, watched, downloaded; all in one note."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, html, no_update

from dash_app.components import icon
from dash_app.pages.experiments import ids
from dash_app.shell import notify
from storage.entities import JobStatus, StorageError
from tasks.report_orders import order_summary, summary_job


@callback(
    Output(ids.SUMMARY, "data"),
    Output(ids.SUMMARY_TICK, "disabled"),
    Output(ids.SUMMARY_WORDS, "children"),
    Output(ids.SUMMARY_BOX, "hidden"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def order(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Have the report written."""
    if not action or action["kind"] != "summary":
        return (no_update,) * 4
    try:
        job = order_summary([int(number) for number in action["ids"]])
    except StorageError as error:
        notify("warning", str(error))
        return (no_update,) * 4
    words = f"The summary of {len(action['ids'])} runs is being written …"
    return job.id, False, words, False


@callback(
    Output(ids.SUMMARY_WORDS, "children", allow_duplicate=True),
    Output(ids.SUMMARY_TICK, "disabled", allow_duplicate=True),
    Output(ids.SUMMARY_BOX, "hidden", allow_duplicate=True),
    Input(ids.SUMMARY_TICK, "n_intervals"),
    Input(ids.SUMMARY_CLOSE, "n_clicks"),
    State(ids.SUMMARY, "data"),
    prevent_initial_call=True,
)
def watch(_ticks: int, _clicks: int, number: int | None) -> tuple[Any, ...]:
    """Offer the file when it is there, or say why there is none."""
    if number is None:
        return (no_update,) * 3
    if ctx.triggered_id == ids.SUMMARY_CLOSE:
        return no_update, True, True
    try:
        job = summary_job(int(number))
    except StorageError as error:
        return str(error), True, False
    if job.status is JobStatus.FAILED:
        return f"The summary could not be written: {job.error}", True, False
    if job.status is not JobStatus.DONE:
        return (no_update,) * 3
    link = html.A(
        [icon("file-earmark-pdf"), "Download the summary"],
        href=f"/api/reports/{job.id}/report.pdf",
        className="history-summary-link",
    )
    return link, True, False
