"""The queue screen: running, waiting, background jobs, workers."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, page_header
from dash_app.pages.queue import ids

EVERY_MS = 2_000
WAITING_HELP = (
    "Higher priorities start first, and among equals the older ones. The expected start plays the "
    "queue forward: how long the running ones still take, and what the waiting ones were forecast "
    "to take."
)
JOBS_HELP = "Reports, imports and simulations. Each worker has room for two beside its runs."
WORKERS_HELP = "Processes that train. Each gives a sign of life every few seconds."


def register() -> None:
    """Register the screen at "/queue"."""
    dash.register_page("queue", path="/queue", title="Queue · Signalbench", layout=layout)


def layout(**_query: Any) -> html.Div:
    """Give the frame; the lists come by callback."""
    start = dcc.Link("New experiment", href="/experiment/new", className="button button-filled")
    summary = html.Span("Looking …", id=ids.SUMMARY, role="status")
    return html.Div(
        [
            page_header("Queue", subtitle=summary, actions=[start]),
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.SEEN),
            dcc.Store(id=ids.ACTION),
            dcc.Store(id=ids.ASKED),
            html.Div(id=ids.TROUBLE, className="queue-trouble"),
            card(_list(ids.RUNNING), title="Running"),
            card(_list(ids.WAITING), title="Waiting", help=WAITING_HELP),
            html.Div(
                [
                    card(_list(ids.JOBS), title="Background jobs", help=JOBS_HELP),
                    card(_list(ids.WORKERS), title="Workers", help=WORKERS_HELP),
                ],
                className="queue-below",
            ),
            _confirm(),
        ],
        className="page stack queue",
    )


def _list(section: str) -> html.Div:
    return html.Div(dmc.Skeleton(height=40), id=section)


def _confirm() -> dmc.Modal:
    return dmc.Modal(
        [
            html.P(id=ids.CANCEL_WHAT),
            html.Div(
                [
                    dmc.Button("Leave it", id=ids.CANCEL_DISMISS, variant="default"),
                    dmc.Button("Cancel the run", id=ids.CANCEL_CONFIRM, color="red"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.CANCEL,
        title="Cancel this run?",
    )
