"""What noise and dead channels cost; measured by a job when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    banner,
    card,
    chart_card,
    format_count,
    icon,
    relative_time,
)
from dash_app.pages.experiment_results import ids
from integrations.core.figures.chart import Bars, Lines
from integrations.core.figures.measured import channel_bars, missing_bars, noise_curve
from integrations.core.robustness.sweep import MOST_WINDOWS, Robustness
from storage.entities import JobEntity, JobStatus

TITLE = "When signals get worse"
HELP = (
    "The finished model is asked about the test recordings again, with noise added or with "
    "channels standing still. It is never trained on them, and nothing is chosen by the result."
)


def robustness_section(
    found: Robustness | None, job: JobEntity | None, progress: float | None = None
) -> list[Any]:
    """Draw what was measured, or offer to measure."""
    content: list[Any] = []
    if job is not None and job.status is JobStatus.FAILED:
        content.append(banner("warning", job.error or "It could not be measured."))
    content += [_offer()] if found is None else [_said(found)]
    content.append(_button(found, job, progress))
    return [card(*content, title=TITLE, help=HELP), *(_charts(found) if found else [])]


def robustness_slot(found: Robustness | None, job: JobEntity | None, trouble: str = "") -> html.Div:
    """Give the section with the clock that follows its job."""
    section = [banner("warning", trouble)] if trouble else robustness_section(found, job)
    return html.Div(
        [
            html.Div(section, id=ids.ROBUSTNESS, className="stack"),
            dcc.Interval(id=ids.ROBUSTNESS_POLL, interval=1500, disabled=not in_progress(job)),
        ]
    )


def in_progress(job: JobEntity | None) -> bool:
    """Tell whether it is being measured."""
    return job is not None and job.status in (JobStatus.QUEUED, JobStatus.RUNNING)


def _offer() -> html.P:
    words = (
        "Measures accuracy with noise from 30 to −5 dB, white and like the recording's own, and "
        f"without each channel, on up to {format_count(MOST_WINDOWS)} test windows. It runs in the "
        "background."
    )
    return html.P(words, className="muted")


def _said(found: Robustness) -> html.P:
    some = f"{format_count(found.windows)} of {format_count(found.of_windows)} test windows"
    every = f"all {format_count(found.windows)} test windows"
    known = "" if found.reproduced else (
        " The model gave other probabilities than the run stored, so take these figures with care."
    )  # fmt: skip
    asked = every if found.windows == found.of_windows else some
    return html.P(
        [
            f"Asked about {asked}, seed {found.seed}, ",
            relative_time(found.made_at),
            f". Intervals: {found.method}.{known}",
        ],
        className="muted small",
    )


def _button(found: Robustness | None, job: JobEntity | None, progress: float | None) -> html.Div:
    busy = in_progress(job)
    label = "Measure again" if found else "Measure robustness"
    parts: list[Any] = [
        dmc.Button(
            label,
            id=ids.ROBUSTNESS_START,
            loading=busy,
            variant="default" if found else "filled",
            size="xs",
            leftSection=icon("shield-check"),
        )
    ]
    if busy:
        share = f"{progress:.0%} done" if progress else "waiting for a worker"
        running = job is not None and job.status is JobStatus.RUNNING
        words = share if not running or progress else "reading the model"
        parts.append(html.Span(words, className="muted small", role="status"))
    return html.Div(parts, className="row metrics-action")


def _charts(found: Robustness) -> Sequence[Any]:
    wanted: list[Lines | Bars | None] = [
        noise_curve(found), channel_bars(found), missing_bars(found),
    ]  # fmt: skip
    drawn = [chart_card(chart) for chart in wanted if chart is not None]
    notes = []
    if len(found.channels) == 1:
        notes = [html.P("The data have one channel, so none can be left out.", className="muted")]
    return [html.Div(drawn, className="grid-2"), *notes]
