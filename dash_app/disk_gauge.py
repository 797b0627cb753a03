"""The gauge of a disk: how full it is, and where warning and refusal begin."""

from __future__ import annotations

from dash import html

from dash_app.components import format_bytes
from storage.settings import settings
from tasks.queue import DiskState


def disk_gauge(state: DiskState, *, small: bool = False) -> html.Div:
    """Draw how full the disk is.

    Args:
        state: Of the disk.
        small: Only the bar, for a place that says the rest in words.
    """
    marks = [
        html.Span(className="gauge-mark", style={"left": f"{percent:.1f}%"})
        for percent in (settings().disk_warning_percent, settings().disk_full_percent)
    ]
    bar = html.Div(
        [
            html.Div(
                className=f"gauge-fill gauge-{state.level}",
                style={"width": f"{state.percent:.1f}%"},
            ),
            *marks,
        ],
        className="gauge-track",
        role="meter",
        **{
            "aria-label": "Disk of the data folder",
            "aria-valuemin": 0,
            "aria-valuemax": 100,
            "aria-valuenow": round(state.percent),
            "aria-valuetext": f"{state.percent:.0f} % used",
        },
    )
    if small:
        return html.Div(bar, className="gauge gauge-small")
    words = html.Div(
        [
            html.Span(f"{state.percent:.0f} % used", className="gauge-value"),
            html.Span(
                f"{format_bytes(state.free_bytes)} of {format_bytes(state.total_bytes)} free",
                className="muted",
            ),
        ],
        className="gauge-words",
    )
    limits = html.P(
        f"Warning from {settings().disk_warning_percent:.0f} % on; from "
        f"{settings().disk_full_percent:.0f} % on no run is started.",
        className="muted small gauge-limits",
    )
    return html.Div([words, bar, limits], className="gauge")
