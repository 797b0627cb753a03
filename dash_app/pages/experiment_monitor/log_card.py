"""The log on the monitor: level, search, follow, download; assets/log.js fills it."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dash_app.components import card, icon
from dash_app.pages.experiment_monitor import ids

LEVELS = (
    ("debug", "Everything"),
    ("info", "Information"),
    ("warning", "Warnings"),
    ("error", "Errors"),
)


def log_card(experiment_id: int) -> html.Section:
    """Give the card, empty."""
    box = html.Div(
        id=ids.LOG, className="log", role="log", tabIndex=0, **{"aria-label": "Log of the run"}
    )
    live = html.Div(
        dmc.Switch(id=ids.LIVE, label="Live updates", checked=True, size="xs"),
        className="monitor-switches",
    )
    return card(
        _search(),
        box,
        live,
        title="Log",
        actions=[
            html.Span(id=ids.LOG_STATE, className="muted small", role="status"),
            _level(),
            dmc.Switch(id=ids.FOLLOW, label="Follow", checked=True, size="xs"),
            html.A(
                icon("download"),
                href=f"/api/experiments/{experiment_id}/log.txt",
                download=f"experiment-{experiment_id}-log.txt",
                className="icon-button",
                title="Download the whole log",
                **{"aria-label": "Download the whole log"},
            ),
        ],
        className="log-card",
    )


def _level() -> dmc.Select:
    return dmc.Select(
        id=ids.LOG_LEVEL,
        data=[{"value": value, "label": label} for value, label in LEVELS],
        value="info",
        allowDeselect=False,
        size="xs",
        w=130,
        **{"aria-label": "Lines shown"},
    )


def _search() -> html.Div:
    field = dmc.TextInput(
        id=ids.LOG_SEARCH,
        placeholder="Search the log",
        leftSection=icon("search"),
        size="xs",
        className="log-search-field",
        **{"aria-label": "Search the log"},
    )
    count = html.Span(id=ids.LOG_COUNT, className="muted small nowrap", role="status")
    return html.Div(
        [
            field,
            _step(ids.LOG_PREVIOUS, "chevron-up", "Previous hit"),
            _step(ids.LOG_NEXT, "chevron-down", "Next hit"),
            count,
        ],
        className="log-search",
        role="search",
    )


def _step(component_id: str, symbol: str, label: str) -> html.Button:
    return html.Button(
        icon(symbol),
        id=component_id,
        className="icon-button",
        title=label,
        **{"aria-label": label},
    )
