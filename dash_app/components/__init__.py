"""Widgets used by two or more screens; they know no storage and no tasks."""

from dash_app.components.basics import (
    GRAPH_CONFIG,
    banner,
    card,
    empty_state,
    icon,
    leaky_badge,
    page_header,
    stat,
    status_chip,
    term,
)
from dash_app.components.chart import chart_card, graph_id
from dash_app.components.formats import (
    format_bytes,
    format_count,
    format_duration,
    format_duration_range,
    format_interval,
    format_number,
    format_percent,
    format_rough,
    format_score,
    relative_time,
)

__all__ = [
    "GRAPH_CONFIG",
    "banner",
    "card",
    "chart_card",
    "empty_state",
    "format_bytes",
    "format_count",
    "format_duration",
    "format_duration_range",
    "format_interval",
    "format_number",
    "format_percent",
    "format_rough",
    "format_score",
    "graph_id",
    "icon",
    "leaky_badge",
    "page_header",
    "relative_time",
    "stat",
    "status_chip",
    "term",
]
