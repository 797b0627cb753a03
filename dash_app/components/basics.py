"""The small building blocks of every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

GRAPH_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    # Plotly 7 otherwise offers to upload the user's data to its cloud.
    "showSendToCloud": False,
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
}

STATUS_ICONS = {
    "pending": "hourglass-split",
    "running": "activity",
    "paused": "pause-circle",
    "completed": "check-circle",
    "failed": "x-octagon",
    "cancelled": "slash-circle",
    "stopped": "stop-circle",
}
ORDERED = {"pause": "pausing …", "stop": "stopping …", "cancel": "cancelling …"}
BANNER_ICONS = {
    "info": "info-circle",
    "success": "check-circle",
    "warning": "exclamation-triangle",
    "error": "x-octagon",
}


def icon(name: str, **props: Any) -> html.I:
    """Draw a Bootstrap icon, hidden from screen readers (words stand beside it)."""
    extra = props.pop("className", "")
    return html.I(className=f"bi bi-{name} {extra}".strip(), **{"aria-hidden": "true"}, **props)


def page_header(
    title: str, *, subtitle: Any = None, actions: Sequence[Any] = (), badges: Sequence[Any] = ()
) -> html.Header:
    """Give a screen's heading: title, one line below, actions at the right."""
    heading = html.Div([html.H1(title), *badges], className="page-title")
    below = [html.P(subtitle, className="page-subtitle")] if subtitle is not None else []
    return html.Header(
        [html.Div([heading, *below]), html.Div(list(actions), className="page-actions")],
        className="page-header",
    )


def card(
    *children: Any,
    title: Any = None,
    help: str | None = None,
    actions: Sequence[Any] = (),
    className: str = "",
    **props: Any,
) -> html.Section:
    """Frame a group of content; ``help`` explains the title on hover."""
    head = []
    if title is not None:
        label = html.H2(term(title, help) if help else title)
        head = [html.Div([label, html.Div(list(actions))], className="card-head")]
    return html.Section([*head, *children], className=f"card {className}".strip(), **props)


def stat(label: Any, value: Any, *, detail: Any = None, **props: Any) -> html.Div:
    """Show one figure with its label and an optional line below."""
    below = [html.Div(detail, className="stat-detail")] if detail is not None else []
    return html.Div(
        [html.Div(label, className="stat-label"), html.Div(value, className="stat-value"), *below],
        className="stat",
        **props,
    )


def status_chip(status: str, control: str = "") -> html.Span:
    """Show an experiment's status by word, icon and colour.

    Args:
        status: Word of the status.
        control: An order that a running one has yet to obey; said in its place.
    """
    word = ORDERED.get(control, status) if status == "running" else status
    return html.Span(
        [icon(STATUS_ICONS.get(status, "circle")), word], className=f"chip chip-{status}"
    )


def leaky_badge() -> dmc.Tooltip:
    """Warn that a result rests on a split with pieces of one recording on both sides."""
    return dmc.Tooltip(
        html.Span(
            [icon("exclamation-triangle"), "leaky split"], className="chip chip-warning", tabIndex=0
        ),
        label="Pieces of one recording were learnt from and tested on. The figures are too good to "
        "be believed for new recordings.",
        multiline=True,
        w=280,
        withArrow=True,
        events={"hover": True, "focus": True, "touch": True},
    )


def banner(level: str, message: Any, *, actions: Sequence[Any] = ()) -> html.Div:
    """Say something across the page; level is info, success, warning or error."""
    return html.Div(
        [icon(BANNER_ICONS[level]), html.Div(message), html.Div(list(actions))],
        className=f"banner banner-{level}",
        role="alert" if level == "error" else "status",
    )


def empty_state(
    icon_name: str, title: str, message: Any, *, actions: Sequence[Any] = ()
) -> html.Div:
    """Fill a place that has no content yet with what to do about it."""
    return html.Div(
        [icon(icon_name), html.H2(title), html.P(message), html.Div(list(actions))],
        className="empty-state",
    )


def term(label: Any, explanation: str) -> dmc.Tooltip:
    """Show a technical term that explains itself on hover and on keyboard focus."""
    return dmc.Tooltip(
        html.Span(label, className="term", tabIndex=0),
        label=explanation,
        multiline=True,
        w=280,
        withArrow=True,
        events={"hover": True, "focus": True, "touch": True},
    )
