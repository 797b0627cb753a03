"""The tab of the reports: who is named, which sections they have, and the latest summaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, icon, relative_time
from dash_app.pages.settings import reports_ids as ids
from storage.entities import JobEntity, JobStatus
from tasks.report_options import SECTION_TITLES, ReportOptions, report_options

EVERY_MS = 2_000
WORDS = {
    JobStatus.QUEUED: ("hourglass-split", "Waiting for a worker"),
    JobStatus.RUNNING: ("arrow-repeat", "Being written"),
}


def layout() -> html.Div:
    """Give the tab; the list of summaries comes by callback."""
    return html.Div(
        [
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.MADE_SEEN),
            _choice_card(report_options()),
            card(
                html.P(
                    "One PDF over several experiments: select 2 to 10 under Experiments and choose "
                    "“Summary (PDF)”. Reports of single experiments stand under Artifacts of their "
                    "results.",
                    className="muted",
                ),
                html.Div(
                    html.Div(className="skeleton-line"), id=ids.MADE, **{"aria-live": "polite"}
                ),
                title="Summary reports",
            ),
        ],
        className="stack",
    )


def _choice_card(options: ReportOptions) -> html.Section:
    form = html.Div(
        [
            html.P(
                "These hold for every report made from now on. Cover, summary, limits and "
                "reproducibility are always there.",
                className="muted",
            ),
            html.Div(
                [
                    _line(ids.AUTHOR, "Author", "On the cover and in the file.", options.author),
                    _line(ids.ORGANISATION, "Organisation", "On the cover.", options.organisation),
                ],
                className="storage-days",
            ),
            dmc.Textarea(
                id=ids.NOTE,
                label="Note on the cover",
                description="E.g. a project number, or who may read it.",
                value=options.note,
                autosize=True,
                minRows=2,
            ),
            dmc.CheckboxGroup(
                id=ids.SECTIONS,
                label="Sections",
                value=[section.value for section in options.sections],
                children=dmc.Group(
                    [
                        dmc.Checkbox(label=title, value=section.value)
                        for section, title in SECTION_TITLES.items()
                    ],
                    gap="md",
                    mt="xs",
                ),
            ),
            html.Div(
                [
                    dmc.Button("Save", id=ids.SAVE),
                    html.Span(id=ids.SAVED, className="muted small", role="status"),
                ],
                className="row",
            ),
        ],
        className="stack",
    )
    return card(form, title="What reports say")


def _line(identity: str, label: str, description: str, value: str) -> dmc.TextInput:
    return dmc.TextInput(id=identity, label=label, description=description, value=value)


def summaries(jobs: Sequence[JobEntity]) -> Any:
    """Draw the latest summary reports, newest first."""
    if not jobs:
        return html.P("None was made yet.", className="muted")
    return html.Div([_summary(job) for job in jobs], className="stack")


def _summary(job: JobEntity) -> html.Div:
    numbers = ", ".join(f"#{int(number)}" for number in job.payload.get("ids", []))
    parts: list[Any] = [html.Strong(f"Experiments {numbers}"), " ", relative_time(job.created_at)]
    if job.status is JobStatus.DONE:
        parts.append(
            dmc.Anchor(
                [icon("file-earmark-pdf"), " Download"],
                href=f"/api/reports/{int(job.id)}/report.pdf",
                refresh=True,
            )
        )
    elif job.status is JobStatus.FAILED:
        parts.append(html.Span(f"Could not be made. {job.error}", className="form-error"))
    else:
        symbol, words = WORDS[job.status]
        parts.append(html.Span([icon(symbol), f" {words}"], className="muted"))
    return html.Div(parts, className="row")
