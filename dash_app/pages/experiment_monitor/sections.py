"""The parts of the monitor screen as components, drawn from what ``view`` decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    banner,
    format_bytes,
    icon,
    relative_time,
    term,
)
from dash_app.pages.experiment_monitor.view import Answer, MetricCard, Notice
from storage.entities import EventEntity

OUTLOOK_ICONS = {
    "good": "graph-up-arrow",
    "calm": "hourglass",
    "done": "flag",
    "warning": "exclamation-triangle",
}
EVENT_ICONS = {
    "info": "dot",
    "success": "check-circle",
    "warning": "exclamation-triangle",
    "error": "x-octagon",
}
SYSTEM_HELP = {
    "CPU": "Of all processor cores of the machine that trains.",
    "Memory": "Used by this run; the bar shows the whole machine.",
    "Disk": "How full the disk with the data folder is.",
    "GPU": "How busy the graphics processor is.",
}


def answer_section(answer: Answer) -> list[Any]:
    """Draw how far the run is, how long it takes still and whether it learns."""
    percent = answer.fraction * 100
    # 99.7 % is not yet done.
    whole = math.floor(percent)
    bar = html.Div(
        html.Div(
            className=f"progress-fill fill-{answer.status}", style={"width": f"{percent:.1f}%"}
        ),
        className="progress-track",
        role="progressbar",
        **{
            "aria-label": "Progress of the run",
            "aria-valuemin": "0",
            "aria-valuemax": "100",
            "aria-valuenow": f"{whole}",
        },
    )
    tail = " · ".join(part for part in (answer.remaining, answer.times) if part)
    return [
        html.Div(
            [
                html.Span(answer.headline, className="answer-headline"),
                html.Span(tail, className="muted"),
                html.Span(className="grow"),
                html.Span(f"{whole} %", className="answer-percent"),
            ],
            className="answer-line",
        ),
        bar,
        _outlook(answer),
    ]


def notice_section(notice: Notice | None, results_href: str) -> Any:
    """Draw the banner, or nothing."""
    if notice is None:
        return None
    way = (
        [dcc.Link("See the results", href=results_href, className="banner-link")]
        if notice.way == "results"
        else []
    )
    return banner(notice.level, notice.text, actions=way)


def metrics_section(cards: Sequence[MetricCard]) -> list[Any]:
    """Draw the metric cards; grey shapes of the same size before the first epoch."""
    if not cards:
        return [html.Div(className="card metric skeleton") for _ in range(4)]
    return [_metric(card) for card in cards]


def system_section(system: Mapping[str, Any]) -> Any:
    """Draw what the run takes of its machine."""
    if not system:
        return html.P("Shown while the run is training.", className="muted")
    memory = system.get("memory_bytes")
    gauges = [
        _gauge("CPU", system.get("cpu_percent")),
        _gauge("Memory", system.get("memory_percent"), memory),
        _gauge("Disk", system.get("disk_percent")),
        _gauge("GPU", system.get("gpu_percent"), system.get("gpu_memory_bytes")),
    ]
    return html.Div([gauge for gauge in gauges if gauge is not None], className="gauges")


def events_section(events: Sequence[EventEntity]) -> Any:
    """Draw the newest events."""
    if not events:
        return html.P("Nothing has happened yet.", className="muted")
    return html.Ol([_event(event) for event in events], className="events")


def _outlook(answer: Answer) -> html.P:
    symbol = OUTLOOK_ICONS.get(answer.outlook_level, "dot")
    return html.P(
        [icon(symbol), answer.outlook] if answer.outlook else "\u00a0",
        className=f"outlook outlook-{answer.outlook_level or 'none'}",
    )


def _metric(card: MetricCard) -> html.Div:
    return html.Div(
        [
            html.Div(card.name, className="stat-label"),
            html.Div([html.Span(card.value), _arrow(card)], className="stat-value"),
            html.Div(card.detail, className="stat-detail"),
        ],
        className="card metric",
    )


def _arrow(card: MetricCard) -> html.Span:
    if not card.direction:
        return html.Span(className="arrow")
    judged = "better" if card.better else "worse"
    return html.Span(
        [
            icon(f"arrow-{card.direction}-short"),
            html.Span(f"{judged} than the epoch before", className="visually-hidden"),
        ],
        className=f"arrow arrow-{judged}",
        title=f"{judged} than the epoch before",
    )


def _gauge(name: str, percent: float | None, size: float | None = None) -> html.Div | None:
    if percent is None and size is None:
        return None
    shown = [] if size is None else [format_bytes(size)]
    shown += [] if percent is None else [f"{percent:.0f} %"]
    width = min(100.0, max(0.0, percent or 0.0))
    fill = "gauge-fill gauge-high" if width >= 90 else "gauge-fill"
    return html.Div(
        [
            html.Div(
                [term(name, SYSTEM_HELP[name]), html.Span(" · ".join(shown))],
                className="gauge-line",
            ),
            html.Div(
                html.Div(className=fill, style={"width": f"{width:.0f}%"}),
                className="gauge-track",
            ),
        ],
        className="gauge",
    )


def _event(event: EventEntity) -> html.Li:
    return html.Li(
        [
            icon(EVENT_ICONS.get(event.level, "dot")),
            html.Span(event.message, className="event-text"),
            html.Span(relative_time(event.created_at), className="muted small nowrap"),
        ],
        className=f"event event-{event.level}",
    )


def confirm_modal(
    modal_id: str, title: str, text: str, dismiss: tuple[str, str], confirm: tuple[str, str]
) -> dmc.Modal:
    """Ask before an order that ends a run; ``dismiss`` and ``confirm`` are (id, label)."""
    return dmc.Modal(
        [
            html.P(text),
            html.Div(
                [
                    dmc.Button(dismiss[1], id=dismiss[0], variant="default"),
                    dmc.Button(confirm[1], id=confirm[0], color="red"),
                ],
                className="modal-actions",
            ),
        ],
        id=modal_id,
        title=title,
        centered=True,
    )
