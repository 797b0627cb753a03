"""What the reports tab does: keep the choices, follow the summary reports."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.exceptions import PreventUpdate
from pydantic import ValidationError

from dash_app.pages.settings import reports_ids as ids
from dash_app.pages.settings.reports_tab import summaries
from storage.stores.jobs import JobStore
from tasks.report_options import ReportOptions, Section, keep_report_options
from tasks.report_orders import SUMMARY

SHOWN = 12
NOT_ALLOWED = "That is too long: names have up to 200 characters, the note up to 2 000."


@callback(
    Output(ids.SAVED, "children"),
    Input(ids.SAVE, "n_clicks"),
    State(ids.AUTHOR, "value"),
    State(ids.ORGANISATION, "value"),
    State(ids.NOTE, "value"),
    State(ids.SECTIONS, "value"),
    prevent_initial_call=True,
)
def save(clicks: int | None, author: str, organisation: str, note: str, sections: list[str]) -> str:
    """Keep what was chosen."""
    if not clicks:
        raise PreventUpdate
    wanted = [section for section in Section if section.value in (sections or [])]
    try:
        chosen = ReportOptions(
            author=author or "", organisation=organisation or "", note=note or "",
            sections=tuple(wanted),
        )  # fmt: skip
    except ValidationError:
        return NOT_ALLOWED
    keep_report_options(chosen)
    return "Saved"


@callback(
    Output(ids.MADE, "children"),
    Output(ids.MADE_SEEN, "data"),
    Input(ids.TICK, "n_intervals"),
    State(ids.MADE_SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def show_summaries(_tick: int | None, seen: str | None) -> tuple[Any, Any]:
    """Draw the latest summary reports when one of them looks different."""
    jobs = JobStore().newest([SUMMARY], SHOWN)
    looks = repr([(job.id, job.status.value) for job in jobs])
    return (no_update, no_update) if looks == seen else (summaries(jobs), looks)
